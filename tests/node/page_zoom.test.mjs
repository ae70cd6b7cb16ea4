// SPDX-License-Identifier: Apache-2.0
//
// Goal: a drag over the chart, or a key, zooms to what was meant. Method: the page's zoom module
// alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { zoom_by_key, zoom_of } from "../../services/emitter/page/zoom.js";

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

test("plus and minus are each other's opposite, around the middle", () => {
  const whole = [0, 1_000];
  const near = zoom_by_key("+", whole, whole);
  assert.deepEqual(near, [250, 750]);
  assert.deepEqual(zoom_by_key("=", near, whole), [375, 625]);
  assert.deepEqual(zoom_by_key("-", [375, 625], whole), near);
  assert.equal(zoom_by_key("-", near, whole), null);
  assert.deepEqual(zoom_by_key("-", [0, 200], whole), [0, 400], "moved into what there is");
});

test("arrows move by a quarter, and stop at the ends", () => {
  const whole = [0, 1_000];
  assert.deepEqual(zoom_by_key("ArrowRight", [100, 300], whole), [150, 350]);
  assert.deepEqual(zoom_by_key("ArrowLeft", [20, 220], whole), [0, 200]);
  assert.deepEqual(zoom_by_key("ArrowRight", [790, 990], whole), [800, 1_000]);
  assert.equal(zoom_by_key("ArrowLeft", whole, whole), null, "all is shown");
});

test("a zoom is never shorter than a second, nor lost when time has moved on", () => {
  assert.deepEqual(zoom_by_key("+", [10, 11], [0, 100]), [10, 11]);
  assert.deepEqual(zoom_by_key("ArrowRight", [10, 30], [500, 600]), [500, 520]);
});

test("zero and Escape end it, other keys are not ours", () => {
  assert.equal(zoom_by_key("0", [10, 20], [0, 100]), null);
  assert.equal(zoom_by_key("Escape", [10, 20], [0, 100]), null);
  for (const key of ["a", "/", "Tab", "ArrowUp", "Enter"]) {
    assert.equal(zoom_by_key(key, [10, 20], [0, 100]), undefined);
  }
});
