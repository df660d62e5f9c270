/** Connection state recovery, with the adapter in memory and with Redis streams. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { createAdapter } from "@socket.io/redis-streams-adapter";
import { createClient as createRedisClient } from "redis";
import { Server } from "socket.io";
import { waitFor } from "../browser/support/wait.mjs";
import { endInReverse, startRedis } from "./processes.mjs";
import { forEachSubject } from "./subjects.mjs";

const limit = { timeout: 20_000 };

/** A server that recovers; `port` is that of the one before it. */
async function startServer(t, { adapter, port = 0 } = {}) {
  const server = createServer();
  const io = new Server(server, {
    connectionStateRecovery: { maxDisconnectionDuration: 60_000 },
    ...(adapter && { adapter }),
  });
  io.on("connection", (socket) => {
    socket.on("echo", (value, answer) => answer(value));
    socket.on("volatile please", (answer) => {
      socket.volatile.emit("typing", "alice");
      answer();
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const stop = () => new Promise((resolve) => void io.close(resolve));
  t.after(stop);
  return {
    io,
    stop,
    port: server.address().port,
    url: `http://127.0.0.1:${server.address().port}`,
  };
}

/** Ends all connections as a network would; resolves when the server has noticed. */
async function cut({ io }) {
  const sockets = [...io.of("/").sockets.values()];
  const ended = sockets.map((socket) => once(socket, "disconnect"));
  for (const socket of sockets) socket.conn.close();
  await Promise.all(ended);
}

/** Resolves with what makes an adapter for a server, one for each. */
async function startStreams(t) {
  const path = await startRedis(t);
  const redis = createRedisClient({ socket: { path } });
  await redis.connect();
  t.after(async () => {
    await waitFor("the adapters to leave", async () => (await redis.clientList()).length === 1);
    redis.destroy();
  });
  return () => createAdapter(redis, { blockTimeInMs: 50 });
}

const adapters = {
  "the adapter in memory": () => () => undefined,
  "Redis streams": startStreams,
};

/** The official client takes a volatile event's own string for an offset, and is not recovered. */
const isOfficial = (name) => name === "socket.io-client";

forEachSubject((name, start) => {
  for (const [title, startAdapters] of Object.entries(adapters)) {
    test(`${name} gets what it missed once and in order, with ${title}`, limit, async (test) => {
      const t = endInReverse(test);
      const adapterOf = await startAdapters(t);
      const server = await startServer(t, { adapter: adapterOf() });
      const subject = start(t, server.url, { transports: ["websocket"] });
      const news = subject.heard("news");
      const typing = subject.heard("typing");
      await subject.connected();
      assert.equal(subject.recovered, false);
      const { id } = subject;
      server.io.emit("news", 0, "text");
      await waitFor("the first event", () => news.length === 1);
      if (!isOfficial(name)) await subject.request("volatile please");

      const away = subject.away();
      await cut(server);
      for (const number of [1, 2, 3]) server.io.emit("news", number, "text");
      await away;
      await subject.connected();
      assert.equal(subject.id, id, "the same id");
      assert.equal(subject.recovered, true);
      server.io.emit("news", 4, "text");
      await waitFor("all events", () => news.length >= 5);
      await subject.request("echo", "and nothing after them");
      const heard = news.map((args) => (isOfficial(name) ? args.slice(0, 2) : args));
      assert.deepEqual(
        heard,
        [0, 1, 2, 3, 4].map((number) => [number, "text"]),
      );
      assert.deepEqual(typing, isOfficial(name) ? [] : [["alice"]]);
    });
  }

  test(`${name} is recovered by another server, with Redis streams`, limit, async (test) => {
    const t = endInReverse(test);
    const adapterOf = await startStreams(t);
    const first = await startServer(t, { adapter: adapterOf() });
    const second = await startServer(t, { adapter: adapterOf() });
    const subject = start(t, first.url, { transports: ["websocket"] });
    const news = subject.heard("news");
    await subject.connected();
    const { id } = subject;
    first.io.emit("news", 0);
    await waitFor("the first event", () => news.length === 1);

    const away = subject.away();
    await cut(first);
    await first.stop();
    await away;
    for (const number of [1, 2, 3]) second.io.emit("news", number);
    await startServer(t, { adapter: adapterOf(), port: first.port });
    await subject.connected();
    await waitFor("the missed events", () => news.length >= 4);
    assert.equal(subject.id, id, "the same id");
    assert.equal(subject.recovered, true);
    assert.deepEqual(
      news.map(([number]) => number),
      [0, 1, 2, 3],
    );
  });
});
