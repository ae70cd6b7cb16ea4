// SPDX-License-Identifier: Apache-2.0
//
// Goal: a drag over the chart zooms to what was meant. Method: the page's zoom module alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { zoom_of } from "../../services/emitter/page/zoom.js";

test("a drag in either direction is the same range", () => {
  assert.deepEqual(zoom_of(10, 40, [0, 100]), [10, 40]);
  assert.deepEqual(zoom_of(40, 10, [0, 100]), [10, 40]);
});

test("it ends where what is shown does", () => {
  assert.deepEqual(zoom_of(-5, 140, [0, 100]), [0, 100]);
});

test("less than a second is no zoom", () => {
  assert.equal(zoom_of(10, 10.9, [0, 100]), null);
  assert.equal(zoom_of(110, 140, [0, 100]), null);
  assert.equal(zoom_of(NaN, 10, [0, 100]), null);
});
