// SPDX-License-Identifier: Apache-2.0
//
// Goal: a search finds the devices that are meant. Method: the page's filter module alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { filter_by_name } from "../../services/emitter/page/filter.js";

const devices = ["Device1", "device2", "hall north", "north-yard", "a.*b"].map((name) => ({ name }));
const found = (text) => filter_by_name(devices, text).map(({ name }) => name);

test("a blank search finds all", () => {
  assert.equal(filter_by_name(devices, ""), devices);
  assert.equal(filter_by_name(devices, " \t"), devices);
});

test("case does not matter, and the order of the devices stays", () => {
  assert.deepEqual(found("DEVICE"), ["Device1", "device2"]);
});

test("every word must be in the name, in any order", () => {
  assert.deepEqual(found("north hall"), ["hall north"]);
  assert.deepEqual(found(" north "), ["hall north", "north-yard"]);
});

test("characters stand for themselves", () => {
  assert.deepEqual(found(".*"), ["a.*b"]);
  assert.deepEqual(found("("), []);
});
