// SPDX-License-Identifier: Apache-2.0

import { io } from "./vendor/socket.io.js";

const questions_at_first = 4;
const ask_every_ms = 10_000;
const answer_max_ms = 5_000;

/// Keeps the page connected to the `/live` namespace for as long as it is open.
///
/// `on_connect()` is called for each new connection, before any event on it; `on_event(name, args)`
/// gets every event, `on_state({state, transport})` every change: connecting (never connected yet),
/// connected, reconnecting, or offline (this machine has no network).
/// `on_time(asked_ms, server_ms, got_ms)` gets the server's clock, asked for and answered at these
/// times of this machine's: a few times at once after connecting, and then now and again.
/// WebSocket comes first, long-polling takes over where a proxy forbids it.
export function connect({ on_connect, on_event, on_state, on_time }) {
  const socket = io("/live", {
    path: new URL("socket.io/", document.baseURI).pathname,
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5000,
  });
  let was_connected = false;
  let timer = 0;

  const tell = () => {
    if (socket.connected) {
      on_state({ state: "connected", transport: socket.io.engine.transport.name });
    } else if (!navigator.onLine) {
      on_state({ state: "offline", transport: "" });
    } else {
      on_state({ state: was_connected ? "reconnecting" : "connecting", transport: "" });
    }
  };

  const ask_for_time = (more) => {
    const asked_ms = Date.now();
    socket.timeout(answer_max_ms).emit("time", (error, server_ms) => {
      if (!error) on_time(asked_ms, server_ms, Date.now());
      if (!error && more > 0) return ask_for_time(more - 1);
      clearTimeout(timer);
      if (socket.connected) timer = setTimeout(ask_for_time, ask_every_ms, 0);
    });
  };

  socket.onAny((name, ...args) => on_event(name, args));
  socket.on("connect", () => {
    was_connected = true;
    clearTimeout(timer);
    on_connect();
    ask_for_time(questions_at_first);
    socket.io.engine.on("upgrade", tell);
    tell();
  });
  socket.on("disconnect", (reason) => {
    clearTimeout(timer);
    // The client retries by itself unless the server said goodbye, as it does on its own shutdown.
    if (reason === "io server disconnect") setTimeout(() => socket.connect(), 500);
    tell();
  });
  // A refusal by the namespace ends the retries, a failed transport does not.
  socket.on("connect_error", () => {
    if (!socket.active) setTimeout(() => socket.connect(), 5000);
    tell();
  });
  addEventListener("online", () => {
    if (!socket.connected) socket.disconnect().connect();
    tell();
  });
  addEventListener("offline", tell);
  tell();
}
