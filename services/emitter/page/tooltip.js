// SPDX-License-Identifier: Apache-2.0

import { clone, role, set_text } from "./dom.js";
import { number, span } from "./format.js";

const rows_max = 8;

/// The values under the chart's cursor, greatest first as the lines lie. For pointers only: the
/// table has the same values for everybody.
export class Tooltip {
  constructor(parent) {
    this.parent = parent;
    this.element = clone("tooltip");
    this.title = role(this.element, "title");
    this.rows = role(this.element, "rows");
    parent.append(this.element);
  }

  render(plot, devices) {
    const { idx, left, top } = plot.cursor;
    const start_ms = idx == null ? NaN : plot.data[0][idx] * 1000;
    const points = devices
      .filter((_, at) => plot.series[at + 1].show)
      .flatMap((device) => device.closed.filter((result) => result.start_ms === start_ms))
      .sort((a, b) => b.mean - a.mean);
    this.element.hidden = points.length === 0 || left < 0;
    if (this.element.hidden) return;

    const { end_ms } = points[0];
    const more = points.length - rows_max;
    set_text(this.title, span(start_ms, end_ms));
    this.rows.replaceChildren(...points.slice(0, rows_max).map((point) => row_of(point, devices)));
    set_text(role(this.element, "more"), more > 0 ? `and ${more} more` : "");
    this.#place(plot, left, top);
  }

  #place(plot, left, top) {
    const { offsetLeft, offsetTop, clientWidth } = plot.over;
    const is_right_half = left > clientWidth / 2;
    const x = offsetLeft + (is_right_half ? left - this.element.offsetWidth - 14 : left + 14);
    this.element.style.transform = `translate(${Math.max(0, x)}px, ${offsetTop + top / 4}px)`;
  }
}

function row_of({ name, mean }, devices) {
  const row = clone("tooltip-row");
  row.dataset.colour = devices.find((device) => device.name === name).colour;
  set_text(role(row, "name"), name);
  set_text(role(row, "mean"), number(mean));
  return row;
}
