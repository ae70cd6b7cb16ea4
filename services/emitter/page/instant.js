// SPDX-License-Identifier: Apache-2.0

/// Milliseconds since the epoch of a time as records have it, NaN if it is none: an ISO 8601 text,
/// where no zone means UTC, or a number since 1970, whose magnitude tells its unit. Pure.
export function instant(time) {
  if (typeof time === "number") return since_1970(time);
  if (typeof time !== "string") return NaN;
  if (/^\d+(\.\d+)?$/.test(time)) return since_1970(Number(time));
  const is_zoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(time);
  return Date.parse(time.replace(" ", "T") + (is_zoned ? "" : "Z"));
}

/// The aggregator draws the same lines: seconds below 1e11, milliseconds below 1e14, and so on.
function since_1970(number) {
  if (!(number >= 0)) return NaN;
  if (number < 1e11) return Math.floor(number * 1e3);
  if (number < 1e14) return Math.floor(number);
  return Math.floor(number < 1e17 ? number / 1e3 : number / 1e6);
}
