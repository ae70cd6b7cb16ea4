// SPDX-License-Identifier: Apache-2.0

const shortest_zoom_s = 1; // windows are seldom closer; less is a slip of the hand

/// The range [from, to] in seconds that a drag from `a` to `b` asks for within what is shown, or
/// null if that is too little to be meant. Pure.
export function zoom_of(a, b, [shown_from, shown_to]) {
  const from = Math.max(Math.min(a, b), shown_from);
  const to = Math.min(Math.max(a, b), shown_to);
  return to - from >= shortest_zoom_s ? [from, to] : null;
}
