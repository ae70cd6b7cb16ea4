// SPDX-License-Identifier: Apache-2.0
// Does with socket.io-client what socketio-fixture answers to, and prints what came of it.
//   node exercise.mjs URL PACKAGE TRANSPORTS
import { createRequire } from "node:module";

const [url, name, transports] = process.argv.slice(2);
const { io } = createRequire(`${process.env.NODE_PATH}/`)(name);

const give_up = setTimeout(() => {
  console.error("no end after 30 s", seen);
  process.exit(1);
}, 30_000);
const once = (socket, event) => new Promise((resolve) => socket.once(event, (...args) => resolve(args)));
const plain = (value) => (Buffer.isBuffer(value) ? value.toString("base64") : value);

const seen = {};
const options = { transports: transports.split(","), reconnection: false };
const socket = io(`${url}/custom`, { ...options, auth: { token: "123" } });
const auth = once(socket, "auth");
await once(socket, "connect");
if (transports.includes(",") && socket.io.engine.transport.name === "polling")
  await once(socket.io.engine, "upgrade");
seen.transport = socket.io.engine.transport.name;
[seen.auth] = await auth;

const back = once(socket, "message-back");
socket.emit("message", 1, "2", { 3: [true] }, Buffer.from([1, 2, 3]));
seen.back = (await back).map(plain);

seen.ack = await new Promise((resolve) =>
  socket.emit("message-with-ack", "x", Buffer.from([1, 2, 3]), (...args) => resolve(args.map(plain))),
);

socket.once("question", (word, answer) => answer(word, 7));
const answered = once(socket, "answered");
socket.emit("ask", "yes");
seen.answered = await answered;

const broadcasted = once(socket, "broadcasted");
socket.emit("broadcast", { n: 1 });
seen.broadcasted = await broadcasted;

const unknown = io(`${url}/unknown`, { ...options, forceNew: true });
seen.refused = (await once(unknown, "connect_error"))[0].message;
unknown.disconnect();

const left = once(socket, "disconnect");
socket.emit("leave");
[seen.left] = await left;

const other = io(url, { ...options, forceNew: true });
await once(other, "connect");
const closed = once(other, "disconnect");
other.emit("close");
[seen.closed] = await closed;

clearTimeout(give_up);
console.log(JSON.stringify(seen));
process.exit(0);
