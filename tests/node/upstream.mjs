// SPDX-License-Identifier: Apache-2.0
// A real socket.io server that prints what clients send it, one JSON line per event, and nothing of
// what it would take to keep it: {"nsp":"/live","event":"window","arguments":[…]}.
//   node upstream.mjs --listen 127.0.0.1:0 [--nsp /live]… [--token T] [--ack] [--max 1000000]
//                     [--cert FILE --key FILE]
// With --ack it acknowledges events; with --token it lets only those in who have it. An event "relay"
// is sent on to everybody as "relayed".
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { parseArgs } from "node:util";
import { Server } from "socket.io";

const { values: options } = parseArgs({
  options: {
    listen: { type: "string" },
    nsp: { type: "string", multiple: true, default: ["/"] },
    token: { type: "string" },
    ack: { type: "boolean", default: false },
    max: { type: "string", default: "1000000" },
    cert: { type: "string" },
    key: { type: "string" },
  },
});
const [host, port] = options.listen.split(":");
const http = options.cert
  ? createTlsServer({ cert: readFileSync(options.cert), key: readFileSync(options.key) })
  : createServer();
const server = new Server(http, {
  serveClient: false, maxHttpBufferSize: Number(options.max), pingInterval: 500, pingTimeout: 1000,
});

for (const name of options.nsp) {
  const nsp = server.of(name);
  nsp.use((socket, next) => {
    const good = !options.token || socket.handshake.auth.token === options.token;
    next(good ? undefined : new Error("Members only"));
  });
  nsp.on("connection", (socket) => {
    console.log(JSON.stringify({ connected: name }));
    socket.onAny((event, ...args) => {
      const asked = typeof args.at(-1) === "function" ? args.pop() : undefined;
      console.log(JSON.stringify({ nsp: name, event, arguments: args }));
      if (event === "relay") nsp.emit("relayed", ...args);
      if (options.ack) asked?.("taken");
    });
    socket.on("leave", () => socket.disconnect());
  });
}

http.listen(Number(port), host, () => console.log(`listening on ${http.address().port}`));
process.on("SIGTERM", () => process.exit(0));
