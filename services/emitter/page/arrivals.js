// SPDX-License-Identifier: Apache-2.0

import uPlot from "./vendor/uplot.js";
import { role, set_text } from "./dom.js";
import { Dots } from "./dots.js";
import { counted, duration, time_ticks } from "./format.js";
import { delay_range, delay_ticks_ms, stretched } from "./scale.js";
import { read_theme } from "./theme.js";

const shortest_span_s = 120; // as in the chart above
const disordered_size = 2.5; // in cells: colour is not all that tells them apart

/// The chart of the readings by their arrival in Kafka, each as high as it came late: what a window
/// had to wait for. Those out of order, measured before one that had come already, stand out.
export class Arrivals {
  #plot = null;
  #dots = new Dots();
  #devices = []; // whose readings are shown
  #drawn = ""; // what the axes showed, to draw them only when that changes
  #drawn_revision = 0; // of the readings
  #x_range = [0, 1];
  #y_range = [0, 1];

  constructor(root) {
    this.section = role(root, "arrivals-section");
    this.element = role(root, "arrivals");
    this.disordered = role(root, "disordered");
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#rebuild());
  }

  render(devices, hidden, span_s, readings_revision) {
    this.section.hidden = readings_revision === 0;
    if (this.section.hidden) return;
    this.#devices = devices.filter(({ name, readings }) => readings.count > 0 && !hidden.has(name));
    if (!this.#plot) this.#rebuild();
    const names = this.#devices.map(({ name }) => name).join("\n");
    const range = this.#range(span_s);
    const drawing = [range, names].join("|");
    const is_same = drawing === this.#drawn;
    if (is_same && readings_revision === this.#drawn_revision) return;
    this.#drawn = drawing;
    this.#drawn_revision = readings_revision;
    this.#describe();
    if (is_same) return void this.#draw_dots();
    this.#x_range = range;
    this.#y_range = delay_range(this.#devices, range);
    this.#plot.setData(this.#data());
  }

  /// Up to the last reading, in whole seconds; once a second is enough for the axes.
  #range(span_s) {
    const all = this.#devices.map(({ readings }) => readings);
    const last_ms = Math.max(0, ...all.map((readings) => readings.last_arrived_ms));
    const first_ms = Math.min(last_ms, ...all.map((readings) => readings.first_arrived_ms));
    const [first, end] = [Math.floor(first_ms / 1000), Math.ceil(last_ms / 1000)];
    return [Math.max(end - span_s, Math.min(first, end - shortest_span_s)), end];
  }

  #rebuild() {
    this.#plot?.destroy();
    this.#drawn = "";
    this.theme = read_theme();
    const { axis } = this.theme;
    const options = {
      ...this.#size(),
      padding: [14, 28, 4, 4],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { range: () => this.#x_range },
        y: { range: () => this.#y_range },
      },
      axes: [
        {
          ...axis,
          space: 70,
          size: 30,
          values: (_, splits, __, ___, step_s) => time_ticks(splits, step_s),
        },
        {
          ...axis,
          size: 62,
          splits: () => this.#ticks_ms().map(stretched),
          values: () => this.#ticks_ms().map(duration),
        },
      ],
      series: [{}, {}],
      hooks: { draw: [() => this.#draw_dots()] },
    };
    this.#plot = new uPlot(options, this.#data(), this.element);
    this.#dots.attach(this.#plot, "above");
  }

  /// uPlot draws the axes only.
  #data = () => [this.#x_range, [null, null]];

  #size() {
    return { width: this.element.clientWidth, height: this.element.clientHeight };
  }

  #ticks_ms() {
    const [low, high] = this.#y_range;
    return delay_ticks_ms.filter((ms) => stretched(ms) >= low && stretched(ms) <= high);
  }

  #draw_dots() {
    const [from, to] = this.#x_range;
    const [low, high] = this.#y_range;
    const groups = (disordered) =>
      this.#devices.map(({ colour, readings: { length, columns } }) => ({
        length,
        x: (i) =>
          columns.disordered[i] === disordered
            ? (columns.arrived_ms[i] / 1000 - from) / (to - from)
            : NaN,
        y: (i) =>
          (high - stretched(columns.arrived_ms[i] - columns.measured_ms[i])) / (high - low),
        colour: disordered ? this.theme.alert : this.theme.palette[colour],
        size: disordered ? disordered_size : undefined,
      }));
    this.element.dataset.dots = this.#dots.draw(this.#plot, [...groups(1), ...groups(0)]);
  }

  #describe() {
    const sum = (of) => this.#devices.reduce((total, { readings }) => total + of(readings), 0);
    const count = sum((readings) => readings.count);
    const disordered = sum((readings) => readings.disordered);
    set_text(this.disordered, String(disordered));
    set_text(role(this.section, "readings"), String(count));
    this.element.ariaLabel =
      `Dot chart of the delay of ${counted(count, "reading")} of ` +
      `${counted(this.#devices.length, "device")} by arrival; ${disordered} came out of order.`;
  }
}
