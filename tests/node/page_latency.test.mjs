// SPDX-License-Identifier: Apache-2.0
//
// Goal: the times that the page names are those that passed, whatever its own clock says.
// Method: the page's clock, latency and state modules alone, on a timeline with two clocks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../services/emitter/page/clock.js";
import { Latency, samples_max } from "../../services/emitter/page/latency.js";
import { LiveState } from "../../services/emitter/page/state.js";

const base_ms = Date.parse("2024-10-07T13:02:45.000Z");

test("the quickest answer says most about the server's clock, and how wrong it may be", () => {
  const clock = new Clock();
  assert.ok(Number.isNaN(clock.server_time(base_ms)));
  clock.answered(base_ms, base_ms + 5_000 + 390, base_ms + 400); // slow to come back
  assert.deepEqual([clock.ahead_ms, clock.error_ms], [5_190, 201]);
  clock.answered(base_ms + 500, base_ms + 5_000 + 502, base_ms + 504);
  assert.deepEqual([clock.ahead_ms, clock.error_ms], [5_000, 3]);
  clock.answered(base_ms + 600, base_ms + 5_000 + 750, base_ms + 800);
  assert.deepEqual([clock.ahead_ms, clock.error_ms], [5_000, 3]);
  assert.equal(clock.server_time(base_ms), base_ms + 5_000);
});

test("an old answer is forgotten for newer ones, for clocks drift", () => {
  const clock = new Clock();
  clock.answered(0, 1_000, 0);
  for (let at = 1; at <= 8; ++at) clock.answered(at * 1e4, at * 1e4 + 1_010, at * 1e4 + 20);
  assert.deepEqual([clock.ahead_ms, clock.error_ms], [1_000, 11]);
});

test("a clock that is set is believed at once", () => {
  const clock = new Clock();
  clock.answered(0, 0, 2);
  clock.answered(10_000, 70_000, 10_200);
  assert.deepEqual([clock.ahead_ms, clock.error_ms], [59_900, 101]);
});

test("what is no answer changes nothing", () => {
  const clock = new Clock();
  for (const server_ms of [undefined, null, "now", NaN]) clock.answered(0, server_ms, 2);
  clock.answered(10, 5, 8); // the clock was set back in between
  assert.ok(Number.isNaN(clock.ahead_ms));
});

test("percentiles are of the latest samples, by nearest rank", () => {
  const latency = new Latency();
  assert.deepEqual(latency.summary("a"), { p50: NaN, p99: NaN, count: 0 });
  for (let ms = 100; ms >= 1; --ms) latency.add("a", ms);
  assert.deepEqual(latency.summary("a"), { p50: 50, p99: 99, count: 100 });
  latency.add("a", NaN);
  assert.equal(latency.summary("a").count, 100);
  const before = latency.copy();
  for (let n = 0; n < samples_max; ++n) latency.add("a", 7);
  assert.deepEqual(latency.summary("a"), { p50: 7, p99: 7, count: samples_max });
  assert.equal(before.summary("a").p50, 50);
});

/// A page whose clock is an hour behind the server's, connected at base_ms of the server's.
function late_page() {
  const behind_ms = 3_600_000;
  const state = new LiveState();
  state.connected(base_ms - behind_ms);
  return { state, here: (server_ms) => server_ms - behind_ms };
}

const reading = (offset, measured_ms, arrived_ms, headers = {}) => [
  { timestamp: new Date(measured_ms).toISOString(), device_name: "device1", data: 1 },
  { topic: "in", partition: 0, offset, timestamp_ms: arrived_ms, key: "device1", headers },
];

function result(nth, received_ms, revision = 0) {
  const iso = (n) => new Date(base_ms + n * 15_000).toISOString();
  const headers = { "weir-revision": String(revision) };
  return [
    { device_name: "device1", window: { start: iso(nth), end: iso(nth + 1) }, average: 1 },
    { topic: "out", partition: 0, offset: nth, timestamp_ms: received_ms, key: "device1", headers },
  ];
}

const p50 = ({ latency }, stage) => latency.summary(stage).p50;

test("each stage of a reading's way is told, with the page's wrong clock taken out", () => {
  const { state, here } = late_page();
  state.clock.answered(here(base_ms), base_ms + 1, here(base_ms + 2));
  const arrived_ms = base_ms + 1_000;
  const now_ms = here(arrived_ms + 12);
  state.apply("reading", reading(0, arrived_ms - 200, arrived_ms), now_ms);
  assert.equal(p50(state, "reading-kafka"), 200);
  assert.equal(p50(state, "reading-here"), 12);
  assert.equal(p50(state, "reading-total"), 212);
  state.apply("reading", reading(0, arrived_ms - 200, arrived_ms), now_ms + 60_000);
  assert.equal(state.latency.summary("reading-here").count, 1, "which came again");
});

test("nothing is said of the way to the page while its clock cannot be judged", () => {
  const { state, here } = late_page();
  state.apply("reading", reading(0, base_ms + 800, base_ms + 1_000), here(base_ms + 1_012));
  assert.equal(p50(state, "reading-kafka"), 200);
  assert.equal(state.latency.summary("reading-here").count, 0);
});

test("a record that Kafka had before the page came has waited for the page", () => {
  const { state, here } = late_page();
  state.clock.answered(here(base_ms), base_ms + 1, here(base_ms + 2));
  const now_ms = here(base_ms + 50);
  state.apply("snapshot", [{ window: [result(-3, base_ms - 15_000)], partial: [] }], now_ms);
  state.apply("reading", reading(0, base_ms - 5_000, base_ms - 4_990), now_ms);
  assert.equal(p50(state, "result-kafka"), 15_000);
  assert.equal(p50(state, "reading-kafka"), 10);
  for (const stage of ["reading-here", "reading-total", "result-here", "result-total"]) {
    assert.equal(state.latency.summary(stage).count, 0, stage);
  }
});

test("a mean's way begins at the end of its window; a revision's does not", () => {
  const { state, here } = late_page();
  state.clock.answered(here(base_ms), base_ms + 1, here(base_ms + 2));
  state.apply("window", result(0, base_ms + 30_100), here(base_ms + 30_140));
  assert.equal(p50(state, "result-kafka"), 15_100);
  assert.equal(p50(state, "result-here"), 40);
  assert.equal(p50(state, "result-total"), 15_140);
  state.apply("window", result(0, base_ms + 90_000, 1), here(base_ms + 90_040));
  assert.equal(state.latency.summary("result-kafka").count, 1);
});

test("a time that the bridge stamped is none of measurement", () => {
  const { state, here } = late_page();
  state.clock.answered(here(base_ms), base_ms + 1, here(base_ms + 2));
  const headers = { "weir-event-time-source": "arrival" };
  state.apply("reading", reading(0, base_ms + 10, base_ms + 10, headers), here(base_ms + 20));
  assert.equal(state.latency.summary("reading-kafka").count, 0);
  assert.equal(state.latency.summary("reading-total").count, 0);
  assert.equal(p50(state, "reading-here"), 10);
});

test("a paused page does not see later samples", () => {
  const { state, here } = late_page();
  state.apply("window", result(0, base_ms + 30_100), here(base_ms + 30_140));
  const frozen = state.copy();
  state.apply("window", result(1, base_ms + 45_100), here(base_ms + 45_140));
  assert.equal(frozen.latency.summary("result-kafka").count, 1);
  assert.equal(state.latency.summary("result-kafka").count, 2);
});
