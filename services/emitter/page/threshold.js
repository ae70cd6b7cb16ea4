// SPDX-License-Identifier: Apache-2.0

/// The alert threshold as text and against values. Pure.

/// The number that `text` is, or null for none.
export function read_threshold(text) {
  if (typeof text !== "string" || text.trim() === "") return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/// Whether the last closed mean of `device` is above `threshold`; never without one of the two.
export function is_above(device, threshold) {
  const last = device.closed.at(-1);
  return threshold !== null && last !== undefined && last.mean > threshold;
}
