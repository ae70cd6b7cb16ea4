// SPDX-License-Identifier: Apache-2.0
//
// Goal: what the live page knows is right after any sequence of events: repeated, out of order,
// revised, broken or endless. Method: the page's state module alone, fed with events as the emitter
// sends them; no browser, no clock, no socket.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  LiveState,
  card_of,
  colour_count,
  dash_count,
  line_of,
  style_for,
} from "../../services/emitter/page/state.js";

const base_ms = Date.parse("2024-10-07T13:02:45.000Z");
const window_ms = 15_000;

/// The two arguments of a `window` or `partial` event for the `nth` window of `name`.
function result(name, nth, average, { revision = 0, count = 45, ...meta } = {}) {
  const start_ms = base_ms + nth * window_ms;
  const iso = (ms) => new Date(ms).toISOString();
  return [
    {
      device_name: name,
      window: { start: iso(start_ms), end: iso(start_ms + window_ms) },
      average,
    },
    {
      topic: "kafka-spark-integration-output",
      partition: 1,
      offset: nth,
      timestamp_ms: start_ms + 2 * window_ms,
      key: name,
      headers: { "weir-count": String(count), "weir-revision": String(revision) },
      ...meta,
    },
  ];
}

const means = (state, name) => state.devices.get(name).closed.map((window) => window.mean);

test("a window makes its device appear with its mean, count and identity", () => {
  const state = new LiveState();
  assert.equal(state.apply("window", result("device1", 0, 863.852), base_ms), true);
  const [row] = state.last_windows(10);
  assert.equal(row.name, "device1");
  assert.equal(row.mean, 863.852);
  assert.equal(row.count, 45);
  assert.equal(row.incomplete, "");
  assert.equal(row.position, "kafka-spark-integration-output/1/0");
  assert.equal(row.received_ms, base_ms + 2 * window_ms);
});

test("a snapshot that repeats known records adds only what was missed", () => {
  const state = new LiveState();
  const history = [0, 1, 2].map((nth) => result("device1", nth, nth));
  state.apply("snapshot", [{ window: history.slice(0, 2), partial: [] }], base_ms);
  const before = state.windows_revision;
  assert.equal(state.apply("snapshot", [{ window: history, partial: [] }], base_ms), true);
  assert.deepEqual(means(state, "device1"), [0, 1, 2]);
  assert.equal(state.windows_revision, before + 1);
  assert.equal(state.apply("snapshot", [{ window: history, partial: [] }], base_ms), false);
});

test("windows arriving in any order are kept in the order of their time", () => {
  const state = new LiveState();
  for (const nth of [2, 0, 3, 1]) state.apply("window", result("device1", nth, nth), base_ms);
  assert.deepEqual(means(state, "device1"), [0, 1, 2, 3]);
});

test("a revision replaces the window it revises and an older one does not come back", () => {
  const state = new LiveState();
  state.apply("window", result("device1", 0, 1), base_ms);
  state.apply("window", result("device1", 0, 2, { revision: 1, offset: 9 }), base_ms);
  assert.equal(state.apply("window", result("device1", 0, 1), base_ms), false);
  assert.deepEqual(means(state, "device1"), [2]);
});

test("the newest open window is the running one until its result closes it", () => {
  const state = new LiveState();
  state.apply("partial", result("device1", 0, 10), base_ms);
  state.apply("partial", result("device1", 1, 20, { count: 3 }), base_ms);
  state.apply("partial", result("device1", 0, 11, { offset: 7 }), base_ms);
  const device = state.devices.get("device1");
  assert.equal(card_of(device, base_ms).open.mean, 20);
  assert.deepEqual(
    device.open.map((open) => open.mean),
    [11, 20],
  );

  state.apply("window", result("device1", 0, 11.5), base_ms);
  assert.deepEqual(
    device.open.map((open) => open.mean),
    [20],
  );
  state.apply("window", result("device1", 1, 21), base_ms);
  assert.equal(card_of(device, base_ms).open, null);
  assert.equal(card_of(device, base_ms).last.mean, 21);
  assert.equal(state.apply("partial", result("device1", 1, 20), base_ms), false);
});

test("a window's progress follows the cluster's clock, not the reader's", () => {
  const state = new LiveState();
  const reader_ms = base_ms - 3_600_000; // this machine is an hour behind
  const timestamp_ms = base_ms + 6_000;
  state.apply("partial", result("device1", 0, 10, { timestamp_ms }), reader_ms);
  const device = state.devices.get("device1");
  const passed_s = (now_ms) => card_of(device, state.cluster_time(now_ms)).passed_s;
  assert.equal(passed_s(reader_ms), 6);
  assert.equal(passed_s(reader_ms + 4_000), 10);
  assert.equal(passed_s(reader_ms + 60_000), 15);
  assert.equal(card_of(device, 0).length_s, 15);
});

test("a clock that is set right while there is no connection is believed after it", () => {
  const state = new LiveState();
  const timestamp_ms = base_ms + 6_000;
  state.apply("partial", result("device1", 0, 10, { timestamp_ms }), base_ms - 3_600_000);
  state.connected(base_ms);
  state.apply("partial", result("device1", 0, 11, { timestamp_ms, offset: 7 }), timestamp_ms);
  assert.equal(state.cluster_time(timestamp_ms), timestamp_ms);
});

test("a line breaks where windows are missing or are no number", () => {
  const state = new LiveState();
  state.apply("window", result("device1", 0, 1), base_ms);
  state.apply("window", result("device1", 1, "NaN"), base_ms);
  state.apply("window", result("device1", 4, 5), base_ms);
  const [seconds, values] = line_of(state.devices.get("device1"));
  assert.deepEqual(values, [1, null, null, 5]);
  assert.deepEqual(
    seconds.map((second) => second - base_ms / 1000),
    [0, 15, 30, 60],
  );
});

test("the table has the newest windows first and counts names as people do", () => {
  const state = new LiveState();
  for (const name of ["device10", "device2"]) {
    for (const nth of [0, 1]) state.apply("window", result(name, nth, nth), base_ms);
  }
  const rows = state.last_windows(3).map((row) => `${row.name} ${row.mean}`);
  assert.deepEqual(rows, ["device2 1", "device10 1", "device2 0"]);
  assert.deepEqual(
    state.by_name().map((device) => device.name),
    ["device2", "device10"],
  );
});

test("nothing grows without end: windows, open windows, rejected records, names", () => {
  const state = new LiveState({ windows: 4, open_windows: 2, rejected: 2, name_length: 8 });
  for (let nth = 0; nth < 50; ++nth) {
    state.apply("window", result("steady", nth, nth), base_ms);
    state.apply("partial", result("opener", nth, nth), base_ms);
    const meta = { topic: "t", partition: 0, offset: nth, timestamp_ms: nth, headers: {} };
    state.apply("late", [null, meta], base_ms);
  }
  assert.deepEqual(means(state, "steady"), [46, 47, 48, 49]);
  assert.equal(state.devices.get("opener").open.length, 2);
  assert.deepEqual(
    state.rejected.map((record) => record.position),
    ["t/0/49", "t/0/48"],
  );
  state.apply("window", result("x".repeat(1000), 99, 1), base_ms);
  assert.ok(state.devices.has("x".repeat(8)));
});

test("a full page turns newcomers away until a device has fallen silent", () => {
  const state = new LiveState({ devices: 2, silent_ms: 3 * window_ms });
  state.apply("window", result("first", 0, 1), base_ms);
  state.apply("window", result("second", 1, 1), base_ms);
  assert.equal(state.apply("window", result("third", 2, 1), base_ms), false);
  assert.equal(state.has_more_devices, true);
  state.apply("window", result("third", 3, 1), base_ms);
  assert.deepEqual([...state.devices.keys()], ["second", "third"]);
});

test("a window older than all that is kept does not push a newer one out", () => {
  const state = new LiveState({ windows: 2 });
  for (const nth of [5, 6, 1]) state.apply("window", result("device1", nth, nth), base_ms);
  assert.deepEqual(means(state, "device1"), [5, 6]);
});

test("what is no record is ignored and counted", () => {
  const state = new LiveState();
  const [value, meta] = result("device1", 0, 1);
  const broken = [
    [],
    [null, null],
    ["text", meta],
    [value],
    [{ ...value, device_name: 7 }, meta],
    [{ ...value, device_name: "" }, meta],
    [{ ...value, window: null }, meta],
    [{ ...value, window: { start: "yesterday", end: value.window.end } }, meta],
    [{ ...value, window: { start: value.window.end, end: value.window.start } }, meta],
  ];
  for (const args of broken) {
    assert.equal(state.apply("window", args, base_ms), false);
    assert.equal(state.apply("partial", args, base_ms), false);
  }
  for (const event of ["snapshot", "totals", "late", "dead"]) {
    assert.equal(state.apply(event, ["text"], base_ms), false);
  }
  assert.equal(state.apply("snapshot", [{ window: [null, 3, []], partial: {} }], base_ms), false);
  assert.equal(state.apply("unheard-of", [], base_ms), false);
  assert.equal(state.ignored, 2 * broken.length + 4 + 3);
  assert.equal(state.devices.size, 0);
});

test("a device may have any name, also one that objects already have", () => {
  const state = new LiveState();
  for (const name of ["__proto__", "constructor", "<b>"]) {
    state.apply("window", result(name, 0, 1), base_ms);
  }
  assert.deepEqual([...state.devices.keys()], ["__proto__", "constructor", "<b>"]);
});

test("totals are the emitter's, and rejected records carry their reason", () => {
  const state = new LiveState();
  state.apply("totals", [{ window: 5, partial: 9, late: 2, dead: 1, other: 3 }], base_ms);
  assert.deepEqual(state.totals, { window: 5, partial: 9, late: 2, dead: 1 });
  const meta = (offset, headers) => ({ topic: "t", partition: 0, offset, key: "device1", headers });
  state.apply("late", [null, meta(1, { "weir-late-by-ms": "4321" })], base_ms);
  state.apply("dead", [null, meta(2, { "weir-error": "payload is not a number" })], base_ms);
  assert.equal(state.apply("dead", [null, meta(2, {})], base_ms), false);
  assert.deepEqual(
    state.rejected.map(({ kind, reason }) => [kind, reason]),
    [
      ["dead", "payload is not a number"],
      ["late", "4.3 s too late for its window"],
    ],
  );
});

test("every device gets a style of its own while there are any, and numbers decide which", () => {
  assert.equal(style_for("device1", new Set()), 0);
  assert.equal(style_for("device2", new Set()), 1);
  assert.equal(style_for("kitchen", new Set()), style_for("kitchen", new Set()));
  const taken = new Set();
  for (let nth = 0; nth < colour_count * dash_count; ++nth) {
    const style = style_for(`room-${String.fromCodePoint(97 + nth)}`, taken);
    if (nth < colour_count) assert.ok(style < colour_count, "undashed colours come first");
    assert.ok(!taken.has(style));
    taken.add(style);
  }
  const more = style_for("one more", taken);
  assert.ok(more >= 0 && more < colour_count * dash_count);
});

test("a copy stays as it is while the state goes on", () => {
  const state = new LiveState({ devices: 2, silent_ms: 0 });
  state.apply("window", result("device1", 0, 1), base_ms);
  state.apply("partial", result("device1", 1, 2), base_ms);
  state.apply("totals", [{ late: 1 }], base_ms);
  const copy = state.copy();
  const cluster_ms = copy.cluster_time(base_ms);
  state.apply("window", result("device1", 0, 9, { revision: 1 }), base_ms);
  state.apply("window", result("device1", 1, 3), base_ms);
  state.apply("window", result("device2", 5, 4), base_ms);
  state.apply("late", [{}, result("device1", 2, 0)[1]], base_ms);
  state.apply("totals", [{ late: 2 }], base_ms);

  assert.deepEqual(means(copy, "device1"), [1]);
  assert.equal(copy.devices.get("device1").open.length, 1);
  assert.deepEqual([...copy.devices.keys()], ["device1"]);
  assert.deepEqual(copy.rejected, []);
  assert.equal(copy.totals.late, 1);
  assert.equal(copy.cluster_time(base_ms), cluster_ms);
  assert.deepEqual(means(state, "device1"), [9, 3]);
});
