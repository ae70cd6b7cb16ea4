// SPDX-License-Identifier: Apache-2.0

import uPlot from "./vendor/uplot.js";
import { role } from "./dom.js";
import { Dots } from "./dots.js";
import { counted, minute, time_ticks } from "./format.js";
import { is_near, spread_of } from "./scale.js";
import { colour_count, line_of } from "./state.js";
import { read_theme } from "./theme.js";
import { Tooltip } from "./tooltip.js";
import { zoom_by_key, zoom_of } from "./zoom.js";

const dashes = [[], [9, 4], [12, 4, 3, 4]]; // see style_for(); dots are for open windows
const roomy_lines_max = 12; // beyond it lines are thin and without points
const faded = 0.15; // what the other lines keep while one is pointed at
const dot_alpha = 0.5; // readings are behind their mean
const shortest_span_s = 120; // so that the first two points do not fill the whole width

/// The line chart of the closed windows, one line per device, continued by a dotted one with a ring
/// for every window that is still open; behind them each reading is a dot, at the time when it was
/// measured. A window stands at its start; time runs with the data, not with this machine's clock,
/// so that a replay of old data looks as it did.
export class Chart {
  span_s = 15 * 60;
  #plot = null;
  #devices = [];
  #drawn = ""; // what the last drawing showed, to skip drawings that would change nothing
  #pointed_at = null; // the name of the device under the pointer or with the focus
  #highlighted = null; // the same if its line is shown: it stands out
  #open = []; // lines of the open windows: {name, colour, anchor: [x, y] | null, rings: [[x, y]]}
  #x_range = [0, 1];
  #threshold = null; // where the alert line is, if there is one
  #whole = [0, 1]; // the range without zoom
  #zoom = null; // the range that was dragged over or typed, which then stands still
  #dots = new Dots();
  #dotted = []; // the devices whose readings are shown
  #dotted_revision = 0; // of the readings that are drawn
  #spread = null; // between which values they are

  /// `on_change()` is called when the zoom changed, or whether readings are shown; `on_key(range)`
  /// after the first if a key did it, with null for no zoom.
  constructor(root, { on_change, on_key }) {
    this.on_change = on_change;
    this.on_key = on_key;
    this.section = role(root, "chart-section");
    this.element = role(root, "chart");
    this.tooltip = new Tooltip(this.element);
    this.range = role(root, "range");
    this.zoom_reset = role(root, "zoom-reset");
    this.readings_choice = role(root, "readings-choice");
    this.shows_readings = role(root, "shows-readings");
    this.shows_readings.addEventListener("change", () => this.on_change());
    this.element.addEventListener("dblclick", () => this.reset_zoom());
    this.element.addEventListener("keydown", (event) => this.#zoom_by_key(event));
    this.zoom_reset.addEventListener("click", () => {
      this.reset_zoom();
      this.range.focus(); // for the button is gone
    });
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#rebuild());
  }

  /// The revisions are those of the state.
  render(devices, hidden, threshold, { windows_revision, readings_revision }) {
    this.section.hidden = devices.length === 0;
    if (devices.length === 0) return;
    const is_same_set =
      devices.length === this.#devices.length &&
      devices.every((device, at) => device === this.#devices[at]);
    this.#devices = devices;
    if (!is_same_set || !this.#plot) this.#rebuild();

    const shown = devices.filter((device) => !hidden.has(device.name));
    this.#open = shown.filter((device) => device.open.length > 0).map(open_line_of);
    const open = JSON.stringify(this.#open);
    this.readings_choice.hidden = readings_revision === 0;
    this.#dotted = this.shows_readings.checked ? shown.filter(has_readings) : [];
    this.#whole = this.#range_of(shown);
    const range = this.#zoom ?? this.#whole;
    const view = [range, threshold, [...hidden].join("\n"), this.#dotted.length];
    const drawing = [windows_revision, ...view, open].join("|");
    const has_new_dots = readings_revision !== this.#dotted_revision;
    this.#dotted_revision = readings_revision;
    if (drawing === this.#drawn) {
      if (has_new_dots) this.#draw_dots();
      return;
    }
    this.#drawn = drawing;
    this.#threshold = threshold;
    this.#x_range = range;
    this.#spread = spread_of(this.#dotted, range);
    devices.forEach(({ name }, at) => {
      const show = !hidden.has(name);
      if (this.#plot.series[at + 1].show !== show) this.#plot.setSeries(at + 1, { show });
    });
    this.#highlight();
    this.#plot.setData(this.#data());
    this.#describe(shown);
  }

  /// Lets one device's line stand out while it is shown; null ends that.
  highlight(name) {
    this.#pointed_at = name;
    this.#highlight();
  }

  /// From and to of the time axis, in seconds.
  get shown_range() {
    return this.#x_range;
  }

  reset_zoom() {
    this.#set_zoom(null);
  }

  #set_zoom(range) {
    this.#zoom = range;
    this.zoom_reset.hidden = range === null;
    this.on_change();
  }

  /// uPlot's selection is ours to apply, for the range of the time axis is.
  #zoom_to_selection(plot) {
    const { left, width } = plot.select;
    if (width === 0) return;
    const [a, b] = [left, left + width].map((x) => plot.posToVal(x, "x"));
    const range = zoom_of(a, b, this.#x_range);
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (range) this.#set_zoom(range);
  }

  #zoom_by_key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const range = zoom_by_key(event.key, this.#x_range, this.#whole);
    if (range === undefined) return;
    event.preventDefault();
    if (range === this.#zoom) return; // there is none, and none was asked for
    this.#set_zoom(range);
    this.on_key(range);
  }

  #highlight() {
    const at = this.#devices.findIndex(({ name }) => name === this.#pointed_at);
    const is_shown = this.#plot?.series[at + 1].show && at >= 0;
    this.#highlighted = is_shown ? this.#pointed_at : null;
    this.#plot?.setSeries(is_shown ? at + 1 : null, { focus: true });
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
      cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 8 } },
      focus: { alpha: faded },
      scales: {
        x: { range: () => this.#x_range },
        y: { range: (_, low, high) => this.#y_range(low, high) },
      },
      axes: [
        {
          ...axis,
          space: 70,
          size: 30,
          values: (_, splits, __, ___, step_s) => time_ticks(splits, step_s),
        },
        { ...axis, size: (_, labels) => 14 + 7 * Math.max(0, ...(labels ?? []).map(length)) },
      ],
      series: [{}, ...this.#devices.map((device) => this.#series(device))],
      hooks: {
        draw: [() => this.#draw_dots(), () => this.#draw_open(), () => this.#draw_threshold()],
        setSelect: [(plot) => this.#zoom_to_selection(plot)],
        setCursor: [(plot) => this.tooltip.render(plot, this.#devices)],
      },
    };
    this.#plot = new uPlot(options, this.#data(), this.element);
    this.#dots.attach(this.#plot, "under");
  }

  #series({ name, style, colour }) {
    const stroke = this.theme.palette[colour];
    const dash = dashes[Math.floor(style / colour_count)];
    const is_roomy = this.#is_roomy();
    const points = is_roomy ? { size: 6, fill: stroke } : { show: false };
    return { label: name, stroke, dash, width: is_roomy ? 2 : 1, points };
  }

  #is_roomy = () => this.#devices.length <= roomy_lines_max;

  #size() {
    return { width: this.element.clientWidth, height: this.element.clientHeight };
  }

  /// All lines over one time axis; the open windows are on it so that there is room for them.
  #data() {
    const times = new Set(this.#open.flatMap(({ rings }) => rings.map(([x]) => x)));
    const open_times = [...times].sort((a, b) => a - b);
    return uPlot.join([...this.#devices.map(line_of), [open_times]]);
  }

  /// Where there are readings, the last window is on it to its end. Before the first window,
  /// readings are all there is.
  #range_of(shown) {
    const windows = shown
      .flatMap(({ closed, open }) => [closed[0], closed.at(-1), open[0], open.at(-1)])
      .filter(Boolean);
    if (windows.length === 0) {
      const newest_ms = Math.max(0, ...this.#dotted.map(({ readings }) => readings.newest_ms));
      const end = Math.max(shortest_span_s, Math.ceil(newest_ms / 1000));
      return [end - shortest_span_s, end];
    }
    const starts = windows.map(({ start_ms }) => start_ms / 1000);
    const last = Math.max(...starts);
    const first = Math.max(last - this.span_s, Math.min(...starts));
    const from = Math.min(first, last - shortest_span_s);
    const ends = this.#dotted.length > 0 ? windows.map(({ end_ms }) => end_ms / 1000) : [];
    return [from, Math.max(last + 0.03 * (last - from), ...ends)]; // room for the last rings
  }

  #y_range(low, high) {
    const [from, to] = this.#x_range;
    const rings = this.#open.flatMap((line) => line.rings);
    const visible = rings.filter(([x]) => x >= from && x <= to).map(([, y]) => y);
    const values = [low, high, ...visible, ...(this.#spread ?? [])].filter((y) => y !== null);
    const alert = this.#threshold;
    if (values.length === 0 && alert === null) return [0, 1];
    const ends = [Math.min(...values), Math.max(...values)];
    if (alert !== null && (values.length === 0 || is_near(alert, ...ends))) values.push(alert);
    return uPlot.rangeNum(Math.min(...values), Math.max(...values), 0.15, true);
  }

  /// Where the alert line is: "inside", or beyond the upper or lower end of the axis; "" for none.
  #alert_place() {
    const { min, max } = this.#plot.scales.y;
    if (this.#threshold === null) return "";
    if (this.#threshold > max) return "above";
    return this.#threshold < min ? "below" : "inside";
  }

  #draw_dots() {
    const [from, to] = this.#x_range;
    const { min, max } = this.#plot.scales.y;
    const groups = this.#dotted.map(({ name, colour, readings }) => {
      const { measured_ms, value } = readings.columns;
      return {
        length: readings.length,
        x: (i) => (measured_ms[i] / 1000 - from) / (to - from),
        y: (i) => (max - value[i]) / (max - min),
        colour: this.theme.palette[colour],
        alpha: [null, name].includes(this.#highlighted) ? dot_alpha : dot_alpha * faded,
      };
    });
    this.element.dataset.dots = this.#dots.draw(this.#plot, groups);
  }

  #draw_open() {
    const { ctx, bbox } = this.#plot;
    const pixel = devicePixelRatio;
    const radius = (this.#is_roomy() ? 3.5 : 2.5) * pixel;
    const place = ([x, y]) => [
      this.#plot.valToPos(x, "x", true),
      this.#plot.valToPos(y, "y", true),
    ];
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.lineWidth = 1.5 * pixel;
    ctx.fillStyle = this.theme.background;
    for (const { name, colour, anchor, rings } of this.#open) {
      ctx.globalAlpha = [null, name].includes(this.#highlighted) ? 1 : faded;
      ctx.strokeStyle = this.theme.palette[colour];
      ctx.setLineDash([2 * pixel, 3 * pixel]);
      ctx.beginPath();
      for (const point of anchor ? [anchor, ...rings] : rings) ctx.lineTo(...place(point));
      ctx.stroke();
      ctx.setLineDash([]);
      for (const ring of rings) {
        ctx.beginPath();
        ctx.arc(...place(ring), radius, 0, 2 * Math.PI);
        ctx.fill();
        ctx.stroke();
      }
    }
    ctx.restore();
  }

  /// A dashed line right across, which says its value so that it is no device's. One that is so far
  /// away that the lines would lie flat is named at the edge with an arrow.
  #draw_threshold() {
    const place = this.#alert_place();
    this.element.dataset.thresholdPlace = place;
    if (place === "") return;
    const { ctx, bbox } = this.#plot;
    const pixel = devicePixelRatio;
    const { min, max } = this.#plot.scales.y;
    const seen = Math.min(Math.max(this.#threshold, min), max);
    const y = this.#plot.valToPos(seen, "y", true);
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = this.theme.alert;
    ctx.font = `${12 * pixel}px ${this.theme.font}`;
    ctx.textAlign = "left";
    ctx.textBaseline = place === "above" ? "top" : "bottom";
    const arrow = { above: "↑ ", below: "↓ ", inside: "" }[place];
    const gap = place === "above" ? 2 * pixel : -2 * pixel;
    ctx.fillText(`${arrow}alert above ${this.#threshold}`, bbox.left + 4 * pixel, y + gap);
    if (place === "inside") {
      ctx.lineWidth = 1.5 * pixel;
      ctx.setLineDash([6 * pixel, 4 * pixel]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  }

  #describe(shown) {
    const lines = shown.filter((device) => device.closed.length > 0);
    const [from, to] = this.#x_range.map((seconds) => minute(seconds * 1000));
    const alert = this.#threshold === null ? "" : `, with an alert above ${this.#threshold}`;
    this.element.dataset.threshold = this.#threshold ?? "";
    this.element.ariaLabel =
      `Line chart of the window means of ${counted(lines.length, "device")} ` +
      `from ${from} to ${to}${alert}. The table below has the values.`;
    this.element.toggleAttribute("data-zoomed", this.#zoom !== null);
    this.element.dataset.lines = lines.length;
    this.element.dataset.points = lines.reduce((sum, device) => sum + device.closed.length, 0);
    this.element.dataset.rings = this.#open.reduce((sum, { rings }) => sum + rings.length, 0);
  }
}

/// Where a device's line goes on from its last closed window, unless windows are missing between.
function open_line_of({ name, colour, closed, open }) {
  const point = ({ start_ms, mean }) => [start_ms / 1000, mean];
  const last = closed.at(-1);
  const goes_on = last && last.end_ms >= open[0].start_ms && !Number.isNaN(last.mean);
  const rings = open.filter((result) => !Number.isNaN(result.mean)).map(point);
  return { name, colour, anchor: goes_on ? point(last) : null, rings };
}

const has_readings = ({ readings }) => readings.length > 0;

const length = (label) => label.length;
