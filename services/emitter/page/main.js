// SPDX-License-Identifier: Apache-2.0

/// Wires the socket to the state and the state to the views. Events only change the state; the
/// views are drawn once per animation frame at most, and for a quarter of the time at most, so a
/// burst of a thousand records costs one drawing.

import { Alert } from "./alert.js";
import { Arrivals } from "./arrivals.js";
import { Chart } from "./chart.js";
import { connect } from "./connection.js";
import { csv_of } from "./csv.js";
import { Devices } from "./devices.js";
import { Export } from "./export.js";
import { Pause } from "./pause.js";
import { Rejected } from "./rejected.js";
import { Search } from "./search.js";
import { Stages } from "./stages.js";
import { LiveState } from "./state.js";
import { Windows } from "./windows.js";
import { role, set_text, set_time } from "./dom.js";
import { counted, span, time, zone } from "./format.js";

const resting = 3; // times as long as a drawing took, so that events and keys get their turn

const page = document.body;
const state = new LiveState();
const chart = new Chart(page, {
  on_change: () => draw_soon(),
  on_key: (range) => say(range ? `Shown: ${span(...range.map((s) => s * 1000))}` : "All is shown"),
});
const arrivals = new Arrivals(page);
const alert = new Alert(page, { on_change: () => draw_soon() });
const windows = new Windows(page);
const rejected = new Rejected(page);
const stages = new Stages(page);
const devices = new Devices(page, {
  on_change: () => draw_soon(),
  on_focus: (name) => chart.highlight(name),
});
const search = new Search(page, {
  on_change: () => draw_soon(),
  on_settled: () => say(devices.summary),
});
const pause = new Pause(page, state, {
  on_change: (missed) => {
    say(missed === null ? "Paused" : `Resumed, ${counted(missed, "event")} came meanwhile`);
    draw_soon();
  },
});
new Export(page, () => {
  const all = pause.shown.state.by_name();
  const shown = all.filter(({ name }) => !devices.hidden.has(name));
  return csv_of(shown, chart.shown_range);
});

let is_drawing_due = false;
let rested_ms = 0; // when the next drawing may be

function draw_soon() {
  if (is_drawing_due) return;
  is_drawing_due = true;
  const rest_ms = rested_ms - performance.now();
  if (rest_ms > 0) setTimeout(requestAnimationFrame, rest_ms, draw);
  else requestAnimationFrame(draw);
}

function draw() {
  const began_ms = performance.now();
  is_drawing_due = false;
  draw_all();
  rested_ms = performance.now() + resting * (performance.now() - began_ms);
}

function draw_all() {
  const { state, now_ms } = pause.shown;
  pause.render();
  const all = state.by_name();
  const cluster_ms = state.cluster_time(now_ms);
  const { threshold } = alert;
  announce(devices.render(all, search.text, threshold, cluster_ms, state.has_more_devices));
  chart.render(all, devices.hidden, threshold, state);
  arrivals.render(all, devices.hidden, chart.span_s, state.readings_revision);
  windows.render(state, now_ms);
  rejected.render(state);
  stages.render(state, now_ms);
  role(page, "empty").hidden = all.length > 0;
  set_text(role(page, "zone"), zone(now_ms));
  role(page, "updated-text").hidden = !state.updated_ms;
  if (state.updated_ms) {
    set_time(role(page, "updated"), state.updated_ms, time(state.updated_ms));
  }
}

/// Says that devices appeared to those who do not see it; values would be too many words.
function announce(names) {
  if (names.length === 0) return;
  const text = names.length > 3 ? counted(names.length, "device") : names.join(", ");
  say(`New: ${text}`);
}

const say = (text) => set_text(role(page, "announcement"), text);

function show_connection({ state, transport }) {
  const words = {
    connecting: "Connecting",
    connected: "Live",
    reconnecting: "Reconnecting",
    offline: "No network",
  };
  const how = { websocket: " over WebSocket", polling: " over long-polling" }[transport] ?? "";
  const connection = role(page, "connection");
  connection.dataset.state = state;
  connection.dataset.transport = transport;
  set_text(role(page, "connection-text"), words[state] + how);
  page.toggleAttribute("data-stale", state !== "connected");
}

connect({
  on_connect: () => state.connected(Date.now()),
  on_event: (name, args) => {
    if (!state.apply(name, args, Date.now())) return;
    pause.count_event();
    draw_soon();
  },
  on_state: show_connection,
  on_time: (...times) => state.clock.answered(...times),
});
role(page, "range").addEventListener("change", ({ target }) => {
  chart.span_s = Number(target.value) * 60;
  chart.reset_zoom(); // and so draws
});
setInterval(draw_soon, 1000); // the windows' progress moves without events
draw_soon();
