// SPDX-License-Identifier: Apache-2.0

/// Which values an axis has room for. Pure.

/// Whether an axis that shows [low, high] may grow as far as `value`: what is there keeps a third
/// of it.
export function is_near(value, low, high) {
  const span = high - low || Math.abs(high) / 2 || 1;
  return value >= low - 2 * span && value <= high + 2 * span;
}

const looked_at_max = 4_000; // of the values of one range
const outliers = 0.01; // the part of them at either end that does not count

/// Between which values the readings of these devices are that were measured in [from, to], in
/// seconds, but for a few; null if there are none.
export function spread_of(devices, [from, to]) {
  const all = devices.reduce((sum, { readings }) => sum + readings.length, 0);
  const step = Math.max(1, Math.ceil(all / looked_at_max));
  const values = [];
  for (const { readings } of devices) {
    const { measured_ms, value } = readings.columns;
    for (let i = 0; i < readings.length; i += step) {
      const is_shown = measured_ms[i] >= from * 1000 && measured_ms[i] <= to * 1000;
      if (is_shown && !Number.isNaN(value[i])) values.push(value[i]);
    }
  }
  if (values.length === 0) return null;
  values.sort((a, b) => a - b);
  const skipped = Math.floor(values.length * outliers);
  return [values[skipped], values[values.length - 1 - skipped]];
}

/// Delays from milliseconds to days on one axis, before and after zero: even below some 10 ms,
/// logarithmic beyond.
export const stretched = (delay_ms) => Math.asinh(delay_ms / 10);

const ticks_ms = [10, 100, 1e3, 10e3, 60e3, 600e3, 3600e3, 86_400e3, 30 * 86_400e3, 365 * 86_400e3];
export const delay_ticks_ms = [...ticks_ms.map((ms) => -ms).reverse(), 0, ...ticks_ms];

const least_delay_ms = 1_000; // so that milliseconds do not fill the height

/// From where to where the stretched delays of the readings are that arrived in [from, to], in
/// seconds; zero is within.
export function delay_range(devices, [from, to]) {
  let least_ms = 0;
  let most_ms = least_delay_ms;
  for (const { readings } of devices) {
    const { measured_ms, arrived_ms } = readings.columns;
    for (let i = 0; i < readings.length; ++i) {
      if (arrived_ms[i] < from * 1000 || arrived_ms[i] > to * 1000) continue;
      const delay_ms = arrived_ms[i] - measured_ms[i];
      least_ms = Math.min(least_ms, delay_ms);
      most_ms = Math.max(most_ms, delay_ms);
    }
  }
  const [low, high] = [stretched(least_ms), stretched(most_ms)];
  const padding = 0.06 * (high - low);
  return [low - padding, high + padding];
}
