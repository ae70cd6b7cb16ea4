// SPDX-License-Identifier: Apache-2.0

import { role } from "./dom.js";
import { read_threshold } from "./threshold.js";

const key = "weir-threshold";

/// The input of the alert threshold; this browser remembers it where it may.
export class Alert {
  threshold = null; // the number, or null for none

  /// `on_change()` is called when the threshold changed.
  constructor(root, { on_change }) {
    const input = role(root, "threshold");
    this.threshold = read_threshold(remembered());
    input.value = this.threshold ?? "";
    input.addEventListener("input", () => {
      this.threshold = read_threshold(input.value);
      remember(this.threshold);
      on_change();
    });
  }
}

// A browser that keeps nothing for pages throws at the mention of its storage.
function remembered() {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(threshold) {
  try {
    if (threshold === null) localStorage.removeItem(key);
    else localStorage.setItem(key, String(threshold));
  } catch {
    // It holds until the page is closed.
  }
}
