// SPDX-License-Identifier: Apache-2.0
//
// Goal: the devices whose last closed mean is above the threshold are marked, and no others.
// Method: the page's threshold module alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { is_above, read_threshold } from "../../services/emitter/page/threshold.js";

const device = (...means) => ({ closed: means.map((mean) => ({ mean })) });

test("a threshold is a finite number or none", () => {
  assert.equal(read_threshold("900.5"), 900.5);
  assert.equal(read_threshold("0"), 0);
  assert.equal(read_threshold("-1e3"), -1000);
  for (const text of ["", "  ", "x", "NaN", "Infinity", null]) {
    assert.equal(read_threshold(text), null);
  }
});

test("only the last closed mean counts, and it must be above", () => {
  assert.equal(is_above(device(1, 10), 9), true);
  assert.equal(is_above(device(10, 9), 9), false);
  assert.equal(is_above(device(-1), -2), true);
});

test("nothing is above without a threshold, a window or a number", () => {
  assert.equal(is_above(device(10), null), false);
  assert.equal(is_above(device(), 0), false);
  assert.equal(is_above(device(NaN), 0), false);
});
