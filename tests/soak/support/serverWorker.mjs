/** The server's process: applies actions, and tells its parent of each, in the order in which it does. */
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "socket.io";
import { createServerHelper, memoryStore } from "sockeye-client/server";
import { now } from "./clock.mjs";

const tell = (what) => process.send({ ...what, at: now() });
let delayMs = 0;

const http = createServer();
const io = new Server(http, { cors: { origin: "*" }, ...JSON.parse(process.argv[2]) });
const store = memoryStore({ maxKeys: 10_000_000 });
const attached = createServerHelper({ store }).attach(io);

io.on("connection", (socket) => {
  const { tab, isIgnored } = socket.handshake.auth;
  tell({ type: "connected", tab, id: socket.id });
  socket.on("disconnect", (reason) => tell({ type: "disconnected", tab, id: socket.id, reason }));
  socket.on("echo", (value, done) => done(value));
  if (isIgnored) socket.onevent = () => {}; // what it sends comes to nobody
  attached.handle(socket, "save", async ({ key }, { tab: source, number, enqueuedAt }) => {
    tell({ type: "applied", key, via: tab, tab: source, number, enqueuedAt });
    if (delayMs > 0) await sleep(Math.random() * delayMs);
    return number;
  });
  tellPongs(socket.conn, tab);
});

/** How long each answer to a ping of the heartbeat took. */
function tellPongs(connection, tab) {
  let sentAt;
  connection.on("packetCreate", ({ type }) => {
    if (type === "ping") sentAt = performance.now();
  });
  connection.on("packet", ({ type }) => {
    if (type === "pong") tell({ type: "pong", tab, ms: performance.now() - sentAt });
  });
}

process.on("message", (message) => {
  if (message.poke) io.emit("poke");
  else delayMs = message.delayMs;
});
http.listen(0, "127.0.0.1", () => process.send({ port: http.address().port }));
