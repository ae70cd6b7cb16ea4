// SPDX-License-Identifier: Apache-2.0
// What tests/tools/socketio-fixture is, built from the reference implementation: the same options,
// the same handlers. Prints the port it listens on.
//   node reference.mjs --listen 127.0.0.1:0
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Server as Engine } from "engine.io";
import { Server } from "socket.io";

const { values } = parseArgs({ options: { listen: { type: "string" } } });
const [host, port] = values.listen.split(":");
const ACK_TIMEOUT_MS = 500;
const options = {
  pingInterval: 300,
  pingTimeout: 200,
  upgradeTimeout: 400,
  maxHttpBufferSize: 1_000_000,
  cors: { origin: "*" },
};

const http = createServer((_, response) => response.writeHead(404).end("not found\n"));

const engine = new Engine(options);
engine.on("connection", (session) => session.on("message", (data) => session.send(data)));
engine.attach(http, { path: "/engine.io/", destroyUpgrade: false });

const server = new Server(http, {
  ...options, connectTimeout: 1000, destroyUpgrade: false, serveClient: false,
});

function addHandlers(nsp) {
  nsp.on("connection", (socket) => {
    socket.emit("auth", socket.handshake.auth);
    socket.on("message", (...args) => socket.emit("message-back", ...args));
    socket.on("message-with-ack", (...args) => args.pop()(...args));
    socket.on("ask", (...args) => {
      socket.timeout(ACK_TIMEOUT_MS).emit("question", ...args, (error, ...answer) => {
        socket.emit("answered", ...(error ? [null] : answer));
      });
    });
    socket.on("broadcast", (...args) => nsp.emit("broadcasted", ...args));
    socket.on("volatile", (...args) => nsp.volatile.emit("volatiled", ...args));
    socket.on("join", (room, answer) => {
      socket.join(room);
      answer?.(true);
    });
    socket.on("quit", (room, answer) => {
      socket.leave(room);
      answer?.(true);
    });
    socket.on("to", (room, ...args) => nsp.to(room).emit("told", ...args));
    socket.on("except", (room, ...args) => nsp.except(room).emit("told", ...args));
    socket.on("volatile-to", (room, ...args) => nsp.to(room).volatile.emit("told", ...args));
    socket.on("leave", () => socket.disconnect());
    socket.on("close", () => socket.disconnect(true));
  });
}
addHandlers(server.of("/"));
addHandlers(server.of("/custom"));
const refusal = Object.assign(new Error("Members only"), { data: { code: 7 } });
server.of("/members").use((_, next) => next(refusal));

http.listen(Number(port), host, () => console.log(`listening on ${http.address().port}`));
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
