// SPDX-License-Identifier: Apache-2.0
//
// Goal: the CSV says what the chart shows, to any reader of RFC 4180, and no name in it does harm in
// a spreadsheet. Method: the page's CSV module alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { csv_of } from "../../services/emitter/page/csv.js";

const header = "device,start,end,mean,count\r\n";
const start_ms = Date.parse("2024-10-07T13:02:45Z");
const all = [0, Infinity];

function device(name, ...windows) {
  const closed = windows.map(({ nth = 0, mean = 1.5, count = 45 }) => {
    const from_ms = start_ms + nth * 15_000;
    return { start_ms: from_ms, end_ms: from_ms + 15_000, mean, count };
  });
  return { name, closed };
}

const named = (name) => csv_of([device(name, {})], all).slice(header.length).split(",2024")[0];

test("without windows there is the header", () => {
  assert.equal(csv_of([], all), header);
  assert.equal(csv_of([device("device1")], all), header);
});

test("a window is a line, its times in UTC; what is not known is empty", () => {
  const csv = csv_of([device("device1", { mean: 863.852 }, { nth: 1, mean: NaN, count: null })], all);
  assert.equal(
    csv,
    header +
      "device1,2024-10-07T13:02:45.000Z,2024-10-07T13:03:00.000Z,863.852,45\r\n" +
      "device1,2024-10-07T13:03:00.000Z,2024-10-07T13:03:15.000Z,,\r\n",
  );
});

test("only windows that start in the range are there, its ends included", () => {
  const devices = [device("device1", { nth: 0 }, { nth: 1 }, { nth: 2 }, { nth: 3 })];
  const from = start_ms / 1000 + 15;
  assert.equal(csv_of(devices, [from, from + 15]).split("\r\n").length, 2 + 2);
});

test("commas, quotes and line ends are quoted", () => {
  assert.equal(named("a,b"), '"a,b"');
  assert.equal(named('a"b'), '"a""b"');
  assert.equal(named("a\nb"), '"a\nb"');
  assert.equal(named("a b"), "a b");
});

test("no name is a formula; numbers stay numbers", () => {
  for (const sign of "=+-@\t") assert.equal(named(`${sign}1`), `'${sign}1`);
  assert.equal(named('=A1,"x"'), '"\'=A1,""x"""');
  assert.match(csv_of([device("device1", { mean: -2 })], all), /,-2,45\r\n$/);
});
