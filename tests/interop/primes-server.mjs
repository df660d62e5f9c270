/** The back end of the contract "primes" as its team runs it: Express and socket.io. */
import { once } from "node:events";
import { createServer } from "node:http";
import express from "express";
import { Server } from "socket.io";

const types = ["batches", "jobs", "solutions"];
const host = "127.0.0.1";

/** What `POST /api/subscribe/test` triggers: the event and the room that gets it. */
const triggers = {
  batch_added: ["batch:added", "batches"],
  batch_updated: ["batch:updated", "batches"],
  job_started: ["job:started", "jobs"],
  job_completed: ["job:completed", "jobs"],
  job_failed: ["job:failed", "jobs"],
  solution_found: ["solution:found", "solutions"],
};

/** Listens on `port`, by default on a free one. `io` is the socket.io server, to be added to. */
export async function startPrimes({ port = 0, options = {} } = {}) {
  const app = express();
  const server = createServer(app);
  const io = new Server(server, { cors: { origin: "*" }, ...options });
  io.on("connection", serveClient);
  serveRest(app, io);
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  const stop = () => stopServer(io, server);
  return { io, stop, port: address.port, url: `http://${host}:${address.port}` };
}

/** Browsers keep connections in store, on which no request has come: they would be waited for. */
async function stopServer(io, server) {
  const closed = new Promise((resolve) => void io.close(resolve));
  await new Promise(setImmediate);
  server.closeAllConnections();
  await closed;
}

function serveClient(socket) {
  const message = "Connected to the primes server";
  socket.emit("welcome", { message, clientId: socket.id, timestamp: now() });
  for (const type of types) {
    const confirm = (subscribed) =>
      socket.emit("subscription:confirmed", { type, subscribed, timestamp: now() });
    socket.on(`subscribe:${type}`, () => {
      void socket.join(type);
      confirm(true);
    });
    socket.on(`unsubscribe:${type}`, () => {
      void socket.leave(type);
      confirm(false);
    });
  }
  socket.onAny((event) => {
    const [, type] = /^subscribe:(.*)/.exec(event) ?? [];
    if (type && !types.includes(type)) {
      socket.emit("error", { message: `there is nothing called ${type}`, code: "unknown_type" });
    }
  });
}

function serveRest(app, io) {
  app.use(express.json());
  app.get("/api/subscribe/stats", (_, response) => {
    const { adapter, sockets } = io.of("/");
    const count = (type) => [type, adapter.rooms.get(type)?.size ?? 0];
    const subscriptions = Object.fromEntries(types.map(count));
    response.json({ connectedClients: sockets.size, subscriptions });
  });
  app.post("/api/subscribe/test", ({ body: { eventType, data } }, response) => {
    const trigger = triggers[eventType];
    if (!trigger) return response.status(400).json({ error: "unknown eventType" });
    const [event, room] = trigger;
    io.to(room).emit(event, { ...data, timestamp: now() });
    return response.json({ event });
  });
}

const now = () => new Date().toISOString();
