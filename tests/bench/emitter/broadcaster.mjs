// SPDX-License-Identifier: Apache-2.0
// What tests/tools/socketio-broadcaster is, built from the reference implementation.
import { createServer } from "node:http";
import { createRequire } from "node:module";

// The packages of the tests are in tests/node.
const { Server } = createRequire(new URL("../../node/", import.meta.url))("socket.io");

const http = createServer();
const server = new Server(http, { serveClient: false });
server.on("connection", (socket) => {
  socket.on("more", (count, size) => {
    const event = { data: "x".repeat(size - 11) };
    for (; count > 0; --count) server.emit("result", event);
  });
});
http.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`listening on ${http.address().port}`);
});
