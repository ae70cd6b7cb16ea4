// SPDX-License-Identifier: Apache-2.0

/// What the page knows, folded from the events of the emitter's `/live` namespace.
///
/// Problem: events come in bursts, again after a reconnect (each snapshot repeats history) and from
/// devices nobody announced, while the page may stay open for weeks. So every record has an
/// identity, a repeated one changes nothing, and everything kept has a limit.
///
/// Pure: no DOM, no socket and no clock of its own; `now_ms` is a parameter everywhere.
/// Limits: see `default_limits`. What does not look like a record is counted in `ignored`.

import { Clock } from "./clock.js";
import { instant } from "./instant.js";
import { Latency } from "./latency.js";
import { Readings, read_reading } from "./readings.js";

export const default_limits = {
  devices: 200, // beyond it a newcomer is only taken in when another has fallen silent
  silent_ms: 300_000, // so long without a record, and a device makes room for a newcomer
  windows: 241, // per device: an hour of 15 s windows and its edge
  open_windows: 4, // per device: window + grace keep two or three open at once
  rejected: 8, // late and dead records that are shown with their reason
  name_length: 120, // characters of a device name; names come from outside
};

/// Line styles that can be told apart: so many colours, each in so many dashes.
export const colour_count = 12;
export const dash_count = 3;

/// The style of the device `name`, as colour + dash * colour_count. `device7` prefers the 7th,
/// other names a colour of their own, the same after every reload; if that is `taken`, the next
/// free colour.
export function style_for(name, taken) {
  const digits = /(\d{1,9})$/.exec(name);
  let hash = 0;
  for (const character of name) hash = (Math.imul(hash, 31) + character.codePointAt(0)) >>> 0;
  const style_count = colour_count * dash_count;
  const wanted = digits ? (Number(digits[1]) + style_count - 1) % style_count : hash % colour_count;
  for (let step = 0; step < style_count; ++step) {
    const colour = (wanted + step) % colour_count;
    const dash = (Math.floor(wanted / colour_count) + Math.floor(step / colour_count)) % dash_count;
    const style = colour + dash * colour_count;
    if (!taken.has(style)) return style;
  }
  return wanted;
}

const is_object = (thing) => typeof thing === "object" && thing !== null;

/// A result record as the page uses it, or null if it is none. `mean` is NaN where the value is no
/// finite number (the aggregator writes "NaN" as text).
function read_result(value, meta, limits) {
  if (!is_object(value) || !is_object(meta)) return null;
  const { device_name: name, average } = value;
  if (typeof name !== "string" || name === "") return null;
  const start_ms = instant(value.window?.start);
  const end_ms = instant(value.window?.end);
  if (!(end_ms > start_ms)) return null;
  const headers = is_object(meta.headers) ? meta.headers : {};
  const count = Number.parseInt(headers["weir-count"], 10);
  return {
    name: name.slice(0, limits.name_length),
    start_ms,
    end_ms,
    mean: Number.isFinite(average) ? average : NaN,
    count: Number.isSafeInteger(count) ? count : null,
    incomplete: String(headers["weir-incomplete"] ?? "").slice(0, 300), // why, if it is
    revision: Number.parseInt(headers["weir-revision"], 10) || 0,
    received_ms: Number(meta.timestamp_ms) || 0,
    offset: Number(meta.offset) || 0,
    position: position_of(meta),
  };
}

const position_of = (meta) => `${meta.topic}/${meta.partition}/${meta.offset}`;

/// Positive if `next` replaces `held`, a result for the same device and window.
const newer_by = (next, held) =>
  next.revision - held.revision || next.received_ms - held.received_ms || next.offset - held.offset;

/// Puts `result` into `list`, ordered by window, one per window, at most `limit` (the oldest go).
/// Returns whether the list changed.
function put_window(list, result, limit) {
  let at = list.length;
  while (at > 0 && is_before(result, list[at - 1])) --at;
  const held = list[at - 1];
  if (held && held.start_ms === result.start_ms && held.end_ms === result.end_ms) {
    if (newer_by(result, held) <= 0) return false;
    list[at - 1] = result;
    return true;
  }
  if (at === 0 && list.length >= limit) return false;
  list.splice(at, 0, result);
  if (list.length > limit) list.shift();
  return true;
}

const is_before = (a, b) => (a.start_ms - b.start_ms || a.end_ms - b.end_ms) < 0;

const by_name = new Intl.Collator("en", { numeric: true }).compare;

export class LiveState {
  devices = new Map(); // name -> device, see #device()
  totals = { window: 0, partial: 0, late: 0, dead: 0 };
  rejected = []; // newest first: {kind, position, received_ms, key, reason}
  ignored = 0;
  has_more_devices = false; // some were turned away for want of room
  updated_ms = NaN; // the newest Kafka timestamp seen
  windows_revision = 0; // changes when closed windows do, so that views know when to redraw
  readings_revision = 0; // the same for readings; 0 while none has come
  clock = new Clock(); // the server's
  latency = new Latency();
  #connected_ms = NaN; // when that was, on this machine's clock
  #clock_ahead_ms = NaN; // how far the cluster's clock is ahead of this one

  constructor(limits = {}) {
    this.limits = { ...default_limits, ...limits };
  }

  /// A connection was made: this machine may have slept, and its clock have been set meanwhile.
  connected(now_ms) {
    this.#clock_ahead_ms = NaN;
    this.#connected_ms = now_ms;
    this.clock = new Clock();
  }

  /// The same as it is now, untouched by later events. Results are never changed, only replaced, so
  /// the copies of the lists may share them.
  copy() {
    const copy = Object.assign(new LiveState(this.limits), this);
    copy.devices = new Map();
    for (const [name, device] of this.devices) {
      copy.devices.set(name, {
        ...device,
        closed: [...device.closed],
        open: [...device.open],
        readings: device.readings.copy(),
      });
    }
    copy.totals = { ...this.totals };
    copy.rejected = [...this.rejected];
    copy.clock = this.clock.copy();
    copy.latency = this.latency.copy();
    copy.#clock_ahead_ms = this.#clock_ahead_ms;
    return copy;
  }

  /// Folds one event in; `args` are its arguments as they came. Returns whether anything changed.
  apply(event, args, now_ms) {
    switch (event) {
      case "snapshot":
        return this.#snapshot(args[0], now_ms);
      case "window":
      case "partial":
        return this.#result(event, args[0], args[1], now_ms);
      case "reading":
        return this.#reading(args[0], args[1], now_ms);
      case "late":
      case "dead":
        return this.#reject(event, args[1]);
      case "totals":
        return this.#count(args[0]);
      default:
        return false;
    }
  }

  /// Devices in the order people count: device2 before device10.
  by_name() {
    return [...this.devices.values()].sort((a, b) => by_name(a.name, b.name));
  }

  /// The last `limit` closed windows of all devices, newest window first.
  last_windows(limit) {
    const tails = [...this.devices.values()].flatMap((device) =>
      device.closed.slice(-limit).map((result) => ({ ...result, colour: device.colour })),
    );
    tails.sort((a, b) => b.end_ms - a.end_ms || b.start_ms - a.start_ms || by_name(a.name, b.name));
    return tails.slice(0, limit);
  }

  /// The time on the cluster's clock, as far as the records tell; this machine's may be wrong.
  cluster_time(now_ms) {
    return now_ms + (this.#clock_ahead_ms || 0);
  }

  #snapshot(history, now_ms) {
    if (!is_object(history)) return this.#ignore();
    let changed = false;
    for (const event of ["window", "partial"]) {
      for (const pair of Array.isArray(history[event]) ? history[event] : []) {
        changed = this.#result(event, pair?.[0], pair?.[1], now_ms) || changed;
      }
    }
    return changed;
  }

  #result(event, value, meta, now_ms) {
    const result = read_result(value, meta, this.limits);
    if (!result) return this.#ignore();
    const device = this.#device(result.name, result.received_ms);
    if (!device) return false;
    const changed = event === "window" ? this.#close(device, result) : this.#open(device, result);
    this.#note_time(device, result.received_ms, now_ms);
    if (changed && event === "window" && result.revision === 0) {
      this.#note_way("result", result.end_ms, result.received_ms, now_ms);
    }
    return changed;
  }

  #reading(value, meta, now_ms) {
    const reading = read_reading(value, meta, this.limits.name_length);
    if (!reading) return this.#ignore();
    const device = this.#device(reading.name, reading.arrived_ms);
    if (!device?.readings.add(reading, now_ms)) return false;
    ++this.readings_revision;
    this.#note_time(device, reading.arrived_ms, now_ms);
    const begun_ms = reading.is_stamped ? NaN : reading.measured_ms;
    this.#note_way("reading", begun_ms, reading.arrived_ms, now_ms);
    return true;
  }

  /// How long a record took to Kafka and from there to here. What Kafka had before this page was
  /// connected has waited for the page, which says nothing about the way.
  #note_way(kind, begun_ms, received_ms, now_ms) {
    this.latency.add(`${kind}-kafka`, received_ms - begun_ms);
    if (!(received_ms >= this.clock.server_time(this.#connected_ms))) return;
    const here_ms = this.clock.server_time(now_ms);
    this.latency.add(`${kind}-here`, here_ms - received_ms);
    this.latency.add(`${kind}-total`, here_ms - begun_ms);
  }

  #note_time(device, received_ms, now_ms) {
    device.seen_ms = Math.max(device.seen_ms, received_ms);
    this.updated_ms = Math.max(this.updated_ms || 0, received_ms);
    // A record can be delayed but never early, so the largest difference is the nearest to the
    // truth.
    const ahead_ms = received_ms - now_ms;
    if (!(this.#clock_ahead_ms >= ahead_ms)) this.#clock_ahead_ms = ahead_ms;
  }

  #close(device, result) {
    device.open = device.open.filter((open) => open.start_ms > result.start_ms);
    const changed = put_window(device.closed, result, this.limits.windows);
    if (changed) ++this.windows_revision;
    return changed;
  }

  #open(device, result) {
    const last = device.closed.at(-1);
    if (last && result.start_ms <= last.start_ms) return false;
    return put_window(device.open, result, this.limits.open_windows);
  }

  #device(name, seen_ms) {
    const known = this.devices.get(name);
    if (known) return known;
    if (this.devices.size >= this.limits.devices && !this.#make_room(seen_ms)) {
      this.has_more_devices = true;
      return null;
    }
    const taken = new Set([...this.devices.values()].map((device) => device.style));
    const style = style_for(name, taken);
    const device = {
      name,
      style,
      colour: style % colour_count,
      closed: [], // windows' results, oldest first
      open: [],
      readings: new Readings(),
      seen_ms,
    };
    this.devices.set(name, device);
    return device;
  }

  #make_room(now_ms) {
    const silent = [...this.devices.values()].reduce((a, b) => (b.seen_ms < a.seen_ms ? b : a));
    if (now_ms - silent.seen_ms < this.limits.silent_ms) return false;
    ++this.windows_revision;
    return this.devices.delete(silent.name);
  }

  #reject(kind, meta) {
    if (!is_object(meta)) return this.#ignore();
    const position = position_of(meta);
    if (this.rejected.some((held) => held.position === position)) return false;
    const headers = is_object(meta.headers) ? meta.headers : {};
    const late_ms = Number.parseInt(headers["weir-late-by-ms"], 10);
    const reason = kind === "dead" ? headers["weir-error"] : late_by(late_ms);
    this.rejected.unshift({
      kind,
      position,
      received_ms: Number(meta.timestamp_ms) || 0,
      key: String(meta.key ?? "").slice(0, this.limits.name_length),
      reason: String(reason ?? "no reason given").slice(0, 300),
    });
    this.rejected.length = Math.min(this.rejected.length, this.limits.rejected);
    return true;
  }

  #count(totals) {
    if (!is_object(totals)) return this.#ignore();
    for (const kind of Object.keys(this.totals)) {
      if (Number.isSafeInteger(totals[kind])) this.totals[kind] = totals[kind];
    }
    return true;
  }

  #ignore() {
    ++this.ignored;
    return false;
  }
}

const late_by = (late_ms) =>
  Number.isFinite(late_ms) ? `${(late_ms / 1000).toFixed(1)} s too late for its window` : null;

/// What a device's card says: the newest open window with how much of it has passed on the
/// cluster's clock, and the last closed one. `open` is null while nothing is being gathered.
export function card_of(device, cluster_ms) {
  const open = device.open.at(-1) ?? null;
  const last = device.closed.at(-1) ?? null;
  if (!open) return { open, last, length_s: 0, passed_s: 0 };
  const length_s = (open.end_ms - open.start_ms) / 1000;
  const passed_s = Math.min(Math.max((cluster_ms - open.start_ms) / 1000, 0), length_s);
  return { open, last, length_s, passed_s };
}

/// A device's line as [seconds of the window starts, means]. A null stands where windows are
/// missing, so that the line breaks there instead of inventing values.
export function line_of(device) {
  const seconds = [];
  const means = [];
  let end_ms = Infinity;
  for (const { start_ms, end_ms: next_end_ms, mean } of device.closed) {
    if (start_ms > end_ms) {
      seconds.push(end_ms / 1000);
      means.push(null);
    }
    seconds.push(start_ms / 1000);
    means.push(Number.isNaN(mean) ? null : mean);
    end_ms = next_end_ms;
  }
  return [seconds, means];
}
