// SPDX-License-Identifier: Apache-2.0

/// What part of the time the chart shows: ranges [from, to] in seconds. Pure.

const shortest_zoom_s = 1; // windows are seldom closer; less is a slip of the hand
const factor = 2; // of one step in or out
const stride = 0.25; // of one step aside, as a part of what is shown

/// The range that a drag from `a` to `b` asks for within what is shown, or
/// null if that is too little to be meant.
export function zoom_of(a, b, [shown_from, shown_to]) {
  const from = Math.max(Math.min(a, b), shown_from);
  const to = Math.min(Math.max(a, b), shown_to);
  return to - from >= shortest_zoom_s ? [from, to] : null;
}

/// The range that a key asks for where [from, to] of `whole` is shown; null for the whole, and
/// undefined if the key is none of zooming.
export function zoom_by_key(key, [from, to], whole) {
  const middle = (from + to) / 2;
  const half = (to - from) / 2;
  switch (key) {
    case "+":
    case "=": // the same key without Shift
      return within(middle - half / factor, middle + half / factor, whole);
    case "-":
      return within(middle - half * factor, middle + half * factor, whole);
    case "ArrowLeft":
      return within(from - 2 * half * stride, to - 2 * half * stride, whole);
    case "ArrowRight":
      return within(from + 2 * half * stride, to + 2 * half * stride, whole);
    case "0":
    case "Escape":
      return null;
    default:
      return undefined;
  }
}

/// The range, moved into `whole` and at least as long as it may be; null if that is all of it.
function within(from, to, [first, last]) {
  const length = Math.max(to - from, shortest_zoom_s);
  if (length >= last - first) return null;
  const start = Math.min(Math.max((from + to - length) / 2, first), last - length);
  return [start, start + length];
}
