// SPDX-License-Identifier: Apache-2.0

import { clone, role, set_text } from "./dom.js";
import { duration } from "./format.js";

const every_ms = 1_000; // numbers that change faster cannot be read

const groups = {
  "A reading": {
    "reading-kafka": "measured → in Kafka",
    "reading-here": "in Kafka → this page",
    "reading-total": "measured → this page",
  },
  "A mean": {
    "result-kafka": "end of its window → in Kafka, grace included",
    "result-here": "in Kafka → this page",
    "result-total": "end of its window → this page",
  },
};

/// The table of how long readings and means took, stage by stage, and what is known of the clocks
/// that this was measured with.
export class Stages {
  #groups = []; // {element, rows}
  #shown = null; // the state that was shown last
  #shown_ms = 0; // and when

  constructor(root) {
    this.section = role(root, "stages-section");
    this.clock = role(root, "clock");
    for (const [title, stages] of Object.entries(groups)) {
      const element = clone("stage-group");
      role(element, "title").textContent = title;
      const rows = Object.entries(stages).map(row_of);
      element.append(...rows);
      role(root, "stages").append(element);
      this.#groups.push({ element, rows });
    }
  }

  render(state, now_ms) {
    if (state === this.#shown && Math.abs(now_ms - this.#shown_ms) < every_ms) return;
    this.#shown = state;
    this.#shown_ms = now_ms;
    for (const { element, rows } of this.#groups) {
      const counts = rows.map((row) => fill(row, state.latency.summary(row.dataset.stage)));
      element.hidden = counts.every((count) => count === 0);
    }
    this.section.hidden = this.#groups.every(({ element }) => element.hidden);
    const { ahead_ms, error_ms } = state.clock;
    this.clock.dataset.aheadMs = Number.isNaN(ahead_ms) ? "" : Math.round(ahead_ms);
    set_text(this.clock, clock_text(ahead_ms, error_ms));
  }
}

function row_of([stage, way]) {
  const row = clone("stage");
  row.dataset.stage = stage;
  role(row, "way").textContent = way;
  return row;
}

function fill(row, { p50, p99, count }) {
  row.dataset.p50 = count > 0 ? Math.round(p50) : "";
  row.dataset.p99 = count > 0 ? Math.round(p99) : "";
  set_text(role(row, "p50"), duration(p50));
  set_text(role(row, "p99"), duration(p99));
  set_text(role(row, "samples"), String(count));
  return count;
}

function clock_text(ahead_ms, error_ms) {
  if (Number.isNaN(ahead_ms)) {
    return "The server has not told its time, so nothing is said of the way from Kafka to here.";
  }
  const within = `within ${duration(Math.ceil(error_ms))}`;
  if (Math.abs(ahead_ms) <= error_ms) return `The clocks here and at the server agree ${within}.`;
  const differs = `${duration(Math.abs(ahead_ms))} ${ahead_ms > 0 ? "behind" : "ahead of"}`;
  return `The clock here is ${differs} the server's, known ${within}; that is taken out.`;
}
