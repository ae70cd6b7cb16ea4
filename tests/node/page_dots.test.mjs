// SPDX-License-Identifier: Apache-2.0
//
// Goal: what is drawn of readings is where they are, costs no more than the picture has room for,
// and is not flattened by a few of them. Method: the pure parts of the page's drawing, alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Grid } from "../../services/emitter/page/dots.js";
import { duration } from "../../services/emitter/page/format.js";
import {
  delay_range,
  delay_ticks_ms,
  is_near,
  spread_of,
  stretched,
} from "../../services/emitter/page/scale.js";

function fill(grid, points) {
  const cells = [];
  const at = (axis) => (i) => points[i][axis];
  const paint = (column, row) => cells.push([column, row]);
  assert.equal(grid.fill(points.length, at(0), at(1), paint), cells.length);
  return cells;
}

/// Devices with readings as [measured_ms, arrived_ms, value].
const device = (...rows) => ({
  readings: {
    length: rows.length,
    columns: {
      measured_ms: rows.map(([ms]) => ms),
      arrived_ms: rows.map(([, ms]) => ms),
      value: rows.map(([, , value]) => value),
    },
  },
});

test("a point is in its cell; beside the picture it is not, above and below at its edge", () => {
  const points = [[0, 0], [0.5, 0.5], [0.999, 0.999], [-0.01, 0], [1, 0], [0.25, -7], [0.3, 9]];
  const cells = fill(new Grid(10, 4), points);
  assert.deepEqual(cells, [[0, 0], [5, 2], [9, 3], [2, 0], [3, 3]]);
});

test("what has no value or no place is not drawn", () => {
  assert.deepEqual(fill(new Grid(10, 4), [[0.5, NaN], [NaN, 0.5]]), []);
});

test("a million points are no more dots than there are cells", () => {
  const grid = new Grid(50, 20);
  let painted = 0;
  const x = (i) => (i % 1_000) / 1_000;
  const y = (i) => Math.floor(i / 1_000) / 1_000;
  assert.equal(grid.fill(1_000_000, x, y, () => ++painted), 50 * 20);
  assert.equal(painted, 50 * 20);
  assert.deepEqual(fill(grid, [[0.5, 0.5]]), [], "the first has the cell");
});

test("a few readings far off do not decide about the axis", () => {
  const rows = Array.from({ length: 1_000 }, (_, i) => [i, i, i % 100]);
  rows[500] = [500, 500, 1e9];
  rows[501] = [501, 501, -1e9];
  rows[502] = [502, 502, NaN];
  const [low, high] = spread_of([device(...rows)], [0, 1]);
  assert.ok(low >= 0 && low < 2 && high > 97 && high < 100, `${low} ${high}`);
  assert.deepEqual(spread_of([device([0, 0, 5]), device([0, 0, 7])], [0, 1]), [5, 7]);
  assert.equal(spread_of([device(...rows)], [2, 3]), null);
  assert.equal(spread_of([], [0, 1]), null);
});

test("an axis grows for what is near, and not for what would flatten the rest", () => {
  assert.ok(is_near(450, 400, 420) && is_near(440, 400, 420) && is_near(360, 400, 420));
  assert.ok(!is_near(5_000, 400, 420) && !is_near(461, 400, 420) && !is_near(0, 400, 420));
  assert.ok(is_near(2, 1, 1) && !is_near(3, 1, 1), "around a single value");
  assert.ok(is_near(2, 0, 0) && is_near(-2, 0, 0) && !is_near(3, 0, 0));
});

test("delays from a device ahead of time to one of last year have their place on the axis", () => {
  const year_ms = 365 * 86_400_000;
  const [low, high] = delay_range([device([1_000, 900, 1], [900 - year_ms, 900, 1])], [0, 1]);
  assert.ok(low < stretched(-100) && high > stretched(year_ms));
  const apart = (stretched(100) - stretched(10)) / (high - low);
  assert.ok(apart > 0.05, "milliseconds can still be told apart");
  assert.ok(delay_ticks_ms.every((ms, i) => i === 0 || ms > delay_ticks_ms[i - 1]));
  // What is not shown does not count; a second is always there.
  const [, usual] = delay_range([device([0, 2, 1], [0, 5_000, 1])], [0, 1]);
  assert.ok(usual > stretched(1_000) && usual < stretched(2_000));
});

test("durations are short and have their unit", () => {
  const cases = { 0: "0 ms", 7: "7 ms", 999.6: "1 s", 1_250: "1.25 s", 45_670: "45.7 s" };
  Object.assign(cases, { 240_000: "4 min", 3_600_000: "1 h", 172_800_000: "2 d" });
  for (const [ms, text] of Object.entries(cases)) assert.equal(duration(Number(ms)), text);
  assert.equal(duration(-3), "−3 ms");
  assert.equal(duration(-0.2), "0 ms");
  assert.equal(duration(NaN), "–");
});
