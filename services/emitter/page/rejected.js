// SPDX-License-Identifier: Apache-2.0

import { clone, role, set_text, set_time } from "./dom.js";
import { time } from "./format.js";

/// The records that no window took: how many, and why the latest ones were refused.
export class Rejected {
  #shown = null; // the newest record that is in the list

  constructor(root) {
    this.root = root;
    this.list = role(root, "rejected");
  }

  render({ totals, rejected }) {
    set_text(role(this.root, "late"), String(totals.late));
    set_text(role(this.root, "dead"), String(totals.dead));
    if (rejected[0] === this.#shown) return;
    this.#shown = rejected[0];
    role(this.root, "rejected-details").hidden = rejected.length === 0;
    this.list.replaceChildren(...rejected.map(item_of));
  }
}

function item_of({ kind, received_ms, key, reason, position }) {
  const item = clone("rejected");
  item.dataset.position = position;
  set_time(role(item, "received"), received_ms, time(received_ms));
  set_text(role(item, "kind"), kind);
  set_text(role(item, "key"), key);
  set_text(role(item, "reason"), reason);
  return item;
}
