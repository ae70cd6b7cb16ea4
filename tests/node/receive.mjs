// SPDX-License-Identifier: Apache-2.0
// Prints what a real socket.io-client receives, one JSON line per event, until it is killed.
//   node receive.mjs --url http://127.0.0.1:5000/ --event emit [--client 3.0.4] [--transport websocket]
//     [--auth '{"keys":["device1"]}' | --auth FILE, which is read at each connection]
// Lines: {"state":"connect","transport":"polling","recovered":false}, {"state":"disconnect","reason":"…"},
//        {"event":"emit","arguments":[…]}.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    url: { type: "string" },
    event: { type: "string", multiple: true, default: ["emit"] },
    client: { type: "string", default: "4.8.4" },
    transport: { type: "string", multiple: true, default: ["polling", "websocket"] },
    auth: { type: "string", default: "{}" },
  },
});

const module = options.client === "4.8.4" ? "socket.io-client" : `socket.io-client-${options.client}`;
const { io } = await import(module);
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const socket = io(options.url, {
  transports: options.transport,
  reconnectionDelayMax: 1000,
  auth: (say) => say(JSON.parse(options.auth.startsWith("{") ? options.auth : readFileSync(options.auth))),
});
socket.on("connect", () => {
  print({
    state: "connect",
    transport: socket.io.engine.transport.name,
    recovered: socket.recovered,
  });
  socket.io.engine.on("upgrade", (transport) => print({ state: "upgrade", transport: transport.name }));
});
socket.on("disconnect", (reason) => print({ state: "disconnect", reason }));
socket.on("connect_error", (error) => print({ state: "connect_error", reason: error.message }));
for (const event of options.event) {
  socket.on(event, (...args) => print({ event, arguments: args }));
}
