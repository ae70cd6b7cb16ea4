// SPDX-License-Identifier: Apache-2.0

import { io } from "./vendor/socket.io.js";

/// Keeps the page connected to the `/live` namespace for as long as it is open.
///
/// `on_event(name, args)` gets every event, `on_state({state, transport})` every change: connecting
/// (never connected yet), connected, reconnecting, or offline (this machine has no network).
/// WebSocket comes first, long-polling takes over where a proxy forbids it.
export function connect(on_event, on_state) {
  const socket = io("/live", {
    path: new URL("socket.io/", document.baseURI).pathname,
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5000,
  });
  let was_connected = false;

  const tell = () => {
    if (socket.connected) {
      on_state({ state: "connected", transport: socket.io.engine.transport.name });
    } else if (!navigator.onLine) {
      on_state({ state: "offline", transport: "" });
    } else {
      on_state({ state: was_connected ? "reconnecting" : "connecting", transport: "" });
    }
  };

  socket.onAny((name, ...args) => on_event(name, args));
  socket.on("connect", () => {
    was_connected = true;
    socket.io.engine.on("upgrade", tell);
    tell();
  });
  socket.on("disconnect", (reason) => {
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
