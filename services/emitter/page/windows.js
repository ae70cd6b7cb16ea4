// SPDX-License-Identifier: Apache-2.0

import { arrange, clone, role, set_text, set_time } from "./dom.js";
import { date, number, time } from "./format.js";

const rows_max = 50;
const day_ms = 86_400_000;

/// The table of the last closed windows; a row belongs to one device and window, so a revision
/// changes the row it revises.
export class Windows {
  #rows = new Map(); // identity -> element

  constructor(root) {
    this.section = role(root, "windows-section");
    this.body = role(root, "windows");
  }

  render(state, now_ms) {
    const windows = state.last_windows(rows_max);
    const rows = new Map();
    for (const window of windows) {
      const identity = JSON.stringify([window.name, window.start_ms, window.end_ms]);
      const row = this.#rows.get(identity) ?? clone("window");
      fill(row, window, now_ms);
      rows.set(identity, row);
    }
    this.#rows = rows;
    arrange(this.body, [...rows.values()]);
    this.section.hidden = state.devices.size === 0;
    role(this.section, "windows-empty").hidden = windows.length > 0;
  }
}

function fill(row, window, now_ms) {
  row.dataset.device = window.name;
  row.dataset.colour = window.colour;
  row.dataset.position = window.position;
  const name = role(row, "name");
  set_text(name, window.name);
  name.title = window.name;
  const is_old = Math.abs(now_ms - window.start_ms) > day_ms;
  const prefix = is_old ? `${date(window.start_ms)}, ` : "";
  set_time(role(row, "start"), window.start_ms, prefix + time(window.start_ms));
  set_time(role(row, "end"), window.end_ms, time(window.end_ms));
  set_text(role(row, "mean"), number(window.mean));
  const count = role(row, "count");
  const at_least = window.incomplete ? "≥ " : "";
  set_text(count, window.count === null ? "–" : `${at_least}${window.count}`);
  count.title = window.incomplete;
  set_time(role(row, "received"), window.received_ms, time(window.received_ms));
}
