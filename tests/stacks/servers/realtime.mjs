/**
 * One of the servers of the back end "realtime": `node realtime.mjs <Redis's socket> [<port>]`; prints its port.
 *
 * Rooms go over Redis to the other servers. What workers publish goes to this server's own sockets only, because
 * each server hears it.
 */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import jwt from "jsonwebtoken";
import { createClient } from "redis";
import { Server } from "socket.io";

const [path, port = "0"] = process.argv.slice(2);
const secret = "the secret of the tests";
const searchesPerMinute = 3;

const connect = () => createClient({ socket: { path } }).connect();
const [redis, pub, sub, workers] = await Promise.all([connect(), connect(), connect(), connect()]);
const http = createServer();
const io = new Server(http, {
  cors: { origin: true, credentials: true },
  adapter: createAdapter(pub, sub),
});

const envelope = (fields) => ({ id: randomUUID(), v: 1, ts: new Date().toISOString(), ...fields });
const roomOf = (userId) => `user:${userId}`;

io.use((socket, next) => {
  try {
    socket.data.userId = jwt.verify(socket.handshake.auth.token, secret).sub;
    next();
  } catch (error) {
    const code = error.name === "TokenExpiredError" ? "expired" : "unauthorized";
    next(Object.assign(new Error(code), { data: { code } }));
  }
});

io.on("connection", async (socket) => {
  const { userId } = socket.data;
  serve(socket, userId);
  await socket.join(roomOf(userId));
  socket.emit("connected", envelope({ socketId: socket.id, userId }));
  tellPresence(socket, userId, "online");
  socket.on("disconnect", () => tellPresence(socket, userId, "offline"));
});

const tellPresence = (socket, userId, status) =>
  socket.broadcast.emit("user:presence:v1", envelope({ userId, status }));

function serve(socket, userId) {
  socket.on("search:start:v1", async (payload, answer) => {
    const field = ["query", "jobId"].find((name) => typeof payload?.[name] !== "string");
    if (field) return answer({ error: "invalid_payload", field });
    if (await isOverLimit(userId)) return answer({ error: "rate_limited", retryAfterMs: 60_000 });
    // A worker takes it from there.
    await redis.rPush("searches", JSON.stringify({ ...payload, userId }));
    return answer({ jobId: payload.jobId });
  });
  socket.on("task:cancel:v1", async ({ taskId }, answer) => {
    answer({ cancelled: (await redis.sRem("tasks", taskId)) === 1 });
  });
  socket.on("tab:update:v1", ({ tabId, state }) => {
    socket.to(roomOf(userId)).emit("tab:update:v1", envelope({ userId, tabId, state }));
  });
}

/** Who has searched within a minute is counted by all servers. */
async function isOverLimit(userId) {
  const key = `rate:${userId}`;
  const count = await redis.incr(key);
  if (count === 1) await redis.expire(key, 60);
  return count > searchesPerMinute;
}

await workers.subscribe("realtime:events", (text) => {
  const { event, userId, payload } = JSON.parse(text);
  io.local.to(roomOf(userId)).emit(event, envelope({ userId, ...payload }));
});
http.listen(Number(port), "127.0.0.1", () => console.log(`listening on ${http.address().port}`));
