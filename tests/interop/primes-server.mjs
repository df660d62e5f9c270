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

/** What `GET /api/subscribe` tells. */
const events = {
  clientToServer: types.flatMap((type) => [`subscribe:${type}`, `unsubscribe:${type}`]),
  serverToClient: [
    ...["welcome", "subscription:confirmed", "error", "job:status_changed"],
    ...Object.values(triggers).map(([event]) => event),
  ],
};

/**
 * Listens on `port`, by default on a free one. `io` is the socket.io server, to be added to. A job is `work`, which
 * gets its id and resolves with its exit code.
 */
export async function startPrimes({ port = 0, options = {}, work = () => 0 } = {}) {
  const app = express();
  const server = createServer(app);
  const io = new Server(server, { cors: { origin: "*" }, ...options });
  io.on("connection", serveClient);
  serveRest(app, io);
  serveJobs(app, io, work);
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
  app.get("/api/subscribe", (_, response) => {
    response.json({ path: io.path(), namespace: "/", rooms: types, events });
  });
  app.get("/api/subscribe/stats", (_, response) => {
    const { adapter, sockets } = io.of("/");
    const count = (type) => [type, adapter.rooms.get(type)?.size ?? 0];
    const subscriptions = Object.fromEntries(types.map(count));
    response.json({ connectedClients: sockets.size, subscriptions });
  });
  app.post("/api/subscribe/test", ({ body: { eventType, data } }, response) => {
    const trigger = triggers[eventType];
    if (!trigger) return response.status(400).json({ error: "unknown eventType" });
    tell(io, trigger, data);
    return response.json({ event: trigger[0] });
  });
}

/** An event of a job comes with another one about its status. */
function tell(io, [event, room], data) {
  const timestamp = now();
  io.to(room).emit(event, { ...data, timestamp });
  const [, status] = /^job:(.*)/.exec(event) ?? [];
  if (status) io.to(room).emit("job:status_changed", { jobId: data?.jobId, status, timestamp });
}

function serveJobs(app, io, work) {
  let jobs = 0;
  const run = async (jobId) => {
    tell(io, triggers.job_started, { jobId, pid: process.pid });
    const exitCode = await work(jobId);
    if (exitCode === 0) tell(io, triggers.job_completed, { jobId, exitCode });
    else tell(io, triggers.job_failed, { jobId, exitCode, error: `it ended with ${exitCode}` });
  };
  app.post("/api/job/next", (_, response) => {
    jobs += 1;
    response.json({ jobId: `job-${jobs}`, timestamp: now() });
    void run(`job-${jobs}`);
  });
}

const now = () => new Date().toISOString();
