// SPDX-License-Identifier: Apache-2.0
//
// Goal: of any stream of readings the page counts each once and those out of order, and keeps no
// more than it may. Method: the page's readings module alone; time is a parameter.

import assert from "node:assert/strict";
import { test } from "node:test";
import { instant } from "../../services/emitter/page/instant.js";
import { Readings, read_reading } from "../../services/emitter/page/readings.js";
import { LiveState } from "../../services/emitter/page/state.js";

const base_ms = Date.parse("2024-10-07T13:02:45.000Z");

/// The arguments of a `reading` event, `delay_ms` from measurement to Kafka.
function event(name, offset, arrived_ms, delay_ms = 5, { data = 863.85, ...meta } = {}) {
  const timestamp = new Date(arrived_ms - delay_ms).toISOString().replace("T", " ").slice(0, -1);
  return [
    { timestamp, device_name: name, data },
    { topic: "in", partition: 1, offset, timestamp_ms: arrived_ms, key: name, headers: {}, ...meta },
  ];
}

const add = (readings, now_ms, ...args) => readings.add(read_reading(...event(...args), 120), now_ms);

test("a reading is its device, its two times and its value", () => {
  const [value, meta] = event("device1", 7, base_ms, 1_250);
  assert.deepEqual(read_reading(value, meta, 120), {
    name: "device1",
    measured_ms: base_ms - 1_250,
    arrived_ms: base_ms,
    value: 863.85,
    is_stamped: false,
    partition: 1,
    offset: 7,
  });
  const headers = { "weir-event-time-source": "arrival" };
  assert.equal(read_reading(value, { ...meta, headers }, 120).is_stamped, true);
  assert.equal(read_reading({ ...value, data: null }, meta, 120).value, NaN);
  assert.equal(read_reading(value, meta, 3).name, "dev");
});

test("what is no reading is none", () => {
  const [value, meta] = event("device1", 7, base_ms);
  const broken = [
    [null, meta],
    ["8x", meta],
    [{}, meta],
    [{ ...value, device_name: "" }, meta],
    [{ ...value, device_name: 7 }, meta],
    [{ ...value, timestamp: "yesterday" }, meta],
    [{ ...value, data: "7" }, meta],
    [{ ...value, data: [] }, meta],
    [value, undefined],
    [value, { ...meta, timestamp_ms: "soon" }],
  ];
  for (const [value, meta] of broken) assert.equal(read_reading(value, meta, 120), null);
});

test("times are texts or numbers of any unit, as the aggregator reads them", () => {
  const base_s = base_ms / 1000;
  const same = ["2024-10-07 13:02:45", "2024-10-07T13:02:45.000Z", "2024-10-07T15:02:45+02:00"];
  const numbers = [base_s, base_ms, base_ms * 1e3, base_ms * 1e6, String(base_s)];
  for (const time of [...same, ...numbers]) assert.equal(instant(time), base_ms, time);
  assert.equal(instant(base_s + 0.25), base_ms + 250);
  for (const time of ["soon", "", null, undefined, -1, NaN, {}]) {
    assert.ok(Number.isNaN(instant(time)), String(time));
  }
});

test("a reading measured before one that is there already is out of order", () => {
  const readings = new Readings();
  const delays_ms = [5, 5, 2_000, 5, 5, 700, 5];
  delays_ms.forEach((delay_ms, at) => add(readings, base_ms, "d", at, base_ms + at * 330, delay_ms));
  assert.equal(readings.count, 7);
  assert.equal(readings.disordered, 2);
  const marked = [...readings.columns.disordered.slice(0, readings.length)];
  assert.deepEqual(marked, [0, 0, 1, 0, 0, 1, 0]);
  assert.equal(readings.newest_ms, base_ms + 6 * 330 - 5);
});

test("the same moment twice is no disorder", () => {
  const readings = new Readings();
  add(readings, base_ms, "d", 0, base_ms, 5);
  add(readings, base_ms, "d", 1, base_ms + 1, 6);
  assert.equal(readings.disordered, 0);
});

test("a reading that comes again after a reconnect counts once", () => {
  const readings = new Readings();
  assert.equal(add(readings, base_ms, "d", 8, base_ms), true);
  assert.equal(add(readings, base_ms, "d", 8, base_ms), false);
  assert.equal(add(readings, base_ms, "d", 7, base_ms - 330), false);
  assert.equal(readings.count, 1);
  assert.equal(readings.disordered, 0);
  // A topic that was made anew begins at 0.
  assert.equal(add(readings, base_ms, "d", 0, base_ms + 330), true);
});

test("a device that sends too much is counted in full and kept in part, evenly", () => {
  const limits = { rows: 1_000, per_s: 4, burst: 10 };
  const readings = new Readings(limits);
  for (let ms = 0; ms < 20_000; ++ms) add(readings, base_ms + ms, "d", ms, base_ms + ms);
  assert.equal(readings.count, 20_000);
  assert.ok(readings.kept >= 4 * 19 && readings.kept <= 4 * 20 + limits.burst, `${readings.kept}`);
  const seconds = [...readings.columns.arrived_ms.slice(limits.burst + 4, readings.length)];
  for (let i = 1; i < seconds.length; ++i) assert.ok(seconds[i] - seconds[i - 1] >= 249);
});

test("a clock that is set back stops nothing", () => {
  const readings = new Readings({ rows: 100, per_s: 1, burst: 2 });
  for (let at = 0; at < 4; ++at) add(readings, base_ms, "d", at, base_ms + at);
  assert.equal(readings.kept, 2);
  add(readings, base_ms - 3_600_000, "d", 4, base_ms + 4);
  assert.equal(readings.kept, 3);
});

test("the oldest rows go, and a copy stays as it was", () => {
  const limits = { rows: 300, per_s: 3, burst: 1_000 };
  const readings = new Readings(limits);
  for (let at = 0; at < 500; ++at) add(readings, base_ms, "d", at, base_ms + at, at);
  assert.equal(readings.length, 300);
  assert.equal(readings.columns.value.length, 300);
  const kept = [...readings.columns.arrived_ms].map((ms) => ms - base_ms).sort((a, b) => a - b);
  assert.deepEqual([kept[0], kept.at(-1)], [200, 499]);
  assert.equal(readings.first_arrived_ms, base_ms + 200);

  const copy = readings.copy();
  add(readings, base_ms, "d", 500, base_ms + 500);
  assert.equal(copy.count, 500);
  assert.equal(Math.max(...copy.columns.arrived_ms), base_ms + 499);
});

test("a reading makes its device appear, and a paused page does not see later ones", () => {
  const state = new LiveState({ devices: 2 });
  assert.equal(state.apply("reading", event("device1", 0, base_ms), base_ms), true);
  assert.equal(state.apply("reading", event("device1", 0, base_ms), base_ms), false);
  assert.equal(state.apply("reading", [{}, {}], base_ms), false);
  assert.equal(state.ignored, 1);
  assert.equal(state.readings_revision, 1);
  assert.equal(state.updated_ms, base_ms);
  const [device] = state.by_name();
  assert.equal(device.readings.count, 1);
  const frozen = state.copy();
  state.apply("reading", event("device1", 1, base_ms + 330), base_ms);
  assert.equal(frozen.by_name()[0].readings.count, 1);
  assert.equal(device.readings.count, 2);

  // Names are foreign, and there is room for so many.
  state.apply("reading", event("device2", 0, base_ms), base_ms);
  assert.equal(state.apply("reading", event("device3", 0, base_ms), base_ms), false);
  assert.equal(state.devices.size, 2);
});
