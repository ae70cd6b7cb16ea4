// SPDX-License-Identifier: Apache-2.0

import { role } from "./dom.js";

const settled_ms = 600; // after the last key, so that a screen reader is not interrupted by each

/// The search box over the device cards: `/` goes there from anywhere but a field, Escape clears.
export class Search {
  #timer = 0;

  /// `on_change()` is called at every change of the text, `on_settled()` when it has rested.
  constructor(root, { on_change, on_settled }) {
    this.input = role(root, "search");
    this.on_change = on_change;
    this.on_settled = on_settled;
    this.input.addEventListener("input", () => this.#changed());
    this.input.addEventListener("keydown", (event) => this.#clear(event));
    addEventListener("keydown", (event) => this.#reach(event));
  }

  get text() {
    return this.input.value;
  }

  #changed() {
    this.on_change();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.on_settled, settled_ms);
  }

  #clear(event) {
    if (event.key !== "Escape" || event.isComposing || this.text === "") return;
    event.preventDefault();
    this.input.value = "";
    this.#changed();
  }

  #reach(event) {
    if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey) return;
    const is_typing = event.target.closest?.("input:not([type=checkbox]), select, textarea");
    if (is_typing || !this.input.checkVisibility()) return;
    event.preventDefault();
    this.input.focus();
    this.input.select();
  }
}
