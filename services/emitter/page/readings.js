// SPDX-License-Identifier: Apache-2.0

import { instant } from "./instant.js";

export const reading_limits = {
  rows: 10_800, // kept per device: an hour of three a second
  per_s: 3, // of a device that sends more, so many are kept on average, evenly spread,
  burst: 600, // but so many of those that come at once, after an outage
};

const rows_at_first = 256;

/// A `reading` event as the page uses it, or null if it is none. `value` is NaN where there is
/// none; `is_stamped` if the bridge made its time, since the device said none.
export function read_reading(value, meta, name_length) {
  if (typeof value?.device_name !== "string" || value.device_name === "") return null;
  const { device_name: name, timestamp, data } = value;
  const measured_ms = instant(timestamp);
  const arrived_ms = meta?.timestamp_ms;
  if (!Number.isFinite(measured_ms) || !Number.isFinite(arrived_ms)) return null;
  if (data != null && !Number.isFinite(data)) return null;
  return {
    name: name.slice(0, name_length),
    measured_ms,
    arrived_ms,
    value: data ?? NaN,
    is_stamped: meta.headers?.["weir-event-time-source"] === "arrival",
    partition: meta.partition,
    offset: meta.offset,
  };
}

/// The raw readings of one device, in the order in which Kafka got them: how many came, how many of
/// them out of order, and the latest as columns of numbers to draw from.
///
/// Problem: a device may send thousands a second, and the page stays open for weeks. So what is
/// counted is exact, and what is kept is bounded: the oldest go, and of many a sample stays.
///
/// Pure.
export class Readings {
  count = 0; // that came, each once
  disordered = 0; // of them, those measured before one that had come already
  kept = 0; // of them, those that went into the columns, the ones gone since included
  newest_ms = -Infinity; // the latest time of measurement so far
  last_arrived_ms = NaN; // of the reading that came last
  columns = columns_of(rows_at_first); // rows in no order; the first `length` are used
  #last = null; // position of the last reading
  #allowance; // how many more may be kept just now
  #allowed_ms = NaN; // when that was worked out

  constructor(limits = reading_limits) {
    this.limits = limits;
    this.#allowance = limits.burst;
  }

  get length() {
    return Math.min(this.kept, this.limits.rows);
  }

  /// Of the oldest one kept.
  get first_arrived_ms() {
    const oldest = this.kept > this.limits.rows ? this.kept % this.limits.rows : 0;
    return this.length > 0 ? this.columns.arrived_ms[oldest] : NaN;
  }

  /// Takes a reading of read_reading(); returns whether it is new: the last one comes again after
  /// a reconnect.
  add(reading, now_ms) {
    if (this.#is_known(reading)) return false;
    const { measured_ms, arrived_ms, partition, offset } = reading;
    this.#last = { partition, offset, arrived_ms };
    this.last_arrived_ms = arrived_ms;
    const is_disordered = measured_ms < this.newest_ms;
    this.newest_ms = Math.max(this.newest_ms, measured_ms);
    ++this.count;
    if (is_disordered) ++this.disordered;
    if (this.#may_keep(now_ms)) this.#keep(reading, is_disordered);
    return true;
  }

  copy() {
    const copy = Object.assign(new Readings(this.limits), this);
    copy.columns = copy_of(this.columns, this.columns.value.length);
    return copy; // which only shows: what decides about further readings stays behind
  }

  /// Offsets begin anew in a topic that was made anew; time tells.
  #is_known({ partition, offset, arrived_ms }) {
    const last = this.#last;
    if (last === null || partition !== last.partition) return false;
    return offset <= last.offset && arrived_ms <= last.arrived_ms;
  }

  /// A clock that was set back counts as one that went on.
  #may_keep(now_ms) {
    const passed_s = Math.abs(now_ms - this.#allowed_ms) / 1000 || 0;
    this.#allowed_ms = now_ms;
    this.#allowance = Math.min(this.#allowance + passed_s * this.limits.per_s, this.limits.burst);
    if (this.#allowance < 1) return false;
    --this.#allowance;
    return true;
  }

  #keep({ measured_ms, arrived_ms, value }, is_disordered) {
    const size = this.columns.value.length;
    if (this.kept === size && size < this.limits.rows) {
      this.columns = copy_of(this.columns, Math.min(2 * size, this.limits.rows));
    }
    const row = this.kept++ % this.limits.rows;
    this.columns.measured_ms[row] = measured_ms;
    this.columns.arrived_ms[row] = arrived_ms;
    this.columns.value[row] = value;
    this.columns.disordered[row] = is_disordered;
  }
}

function columns_of(size) {
  return {
    measured_ms: new Float64Array(size),
    arrived_ms: new Float64Array(size),
    value: new Float32Array(size),
    disordered: new Uint8Array(size),
  };
}

function copy_of(columns, size) {
  const copy = columns_of(size);
  for (const name of Object.keys(copy)) copy[name].set(columns[name]);
  return copy;
}
