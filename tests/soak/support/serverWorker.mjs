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
  socket.on("join", async (room, done) => {
    await attached.join(socket, room);
    tellHeld();
    done();
  });
  socket.on("leave", (room) => {
    void socket.leave(room);
    tellHeld();
  });
  if (isIgnored) socket.onevent = () => {}; // what it sends comes to nobody
  attached.handle(socket, "save", async ({ key }, { tab: source, number, enqueuedAt }) => {
    tell({ type: "applied", key, via: tab, tab: source, number, enqueuedAt });
    if (delayMs > 0) await sleep(Math.random() * delayMs);
    return number;
  });
  tellPongs(socket.conn, tab);
});

/** How many connections there are, and which rooms somebody is in. */
function tellHeld() {
  const { rooms, sids } = io.of("/").adapter;
  const held = [...rooms.keys()].filter((room) => !sids.has(room));
  tell({ type: "held", connections: io.engine.clientsCount, rooms: held.sort() });
}

let news;
let lastNews = 0;

/** Says the next number to the room "news" again and again; 0 ends that, and the last number is told. */
function sayNews(everyMs) {
  if (everyMs === 0) {
    clearInterval(news);
    tell({ type: "lastNews", number: lastNews });
    return;
  }
  news = setInterval(() => {
    lastNews += 1;
    void attached.to("news").emit("news", lastNews);
  }, everyMs);
}

io.engine.on("connection", (connection) => {
  tellHeld();
  connection.on("close", tellHeld);
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
  else if (message.newsEveryMs !== undefined) sayNews(message.newsEveryMs);
  else delayMs = message.delayMs;
});
http.listen(0, "127.0.0.1", () => process.send({ port: http.address().port }));
