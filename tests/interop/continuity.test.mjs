/** What a connection continues, against the real socket.io: broken, restarted, and lying servers. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, createServer as createGate } from "node:net";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { Server } from "socket.io";
import { createClient } from "sockeye-client";
import { createServerHelper, memoryStore } from "sockeye-client/server";
import { endInReverse } from "./processes.mjs";

// The libraries under socket.io, from where socket.io finds them.
const fromSocketIo = createRequire(createRequire(import.meta.url).resolve("socket.io"));
const { WebSocket } = createRequire(fromSocketIo.resolve("engine.io"))("ws");
const { SessionAwareAdapter } = fromSocketIo("socket.io-adapter");

const limit = { timeout: 60_000 };
const recovering = { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } };

/** A server, with a gate in front of it, and a client that is not connected yet. */
async function setUp(test, { options, helper, serve = () => {}, client: own = {} } = {}) {
  const t = endInReverse(test);
  let server = await startServer({ options, helper, serve, port: 0 });
  t.after(() => server.stop());
  const { io, attached, port } = server;
  const gate = await openGate(t, port);
  const client = makeClient(t, gate.url, own);
  /** Another server takes the place of the first, and knows nothing of it. */
  const replace = async () => {
    await server.stop();
    server = await startServer({ options, helper, serve, port });
    return server;
  };
  return { io, attached, gate, client, replace };
}

async function startServer({ options, helper, serve, port }) {
  const http = createServer();
  const io = new Server(http, options);
  const attached = helper && createServerHelper({ store: memoryStore() }).attach(io);
  io.on("connection", (socket) => serve(socket, attached));
  http.listen(port, "127.0.0.1");
  await once(http, "listening");
  const stop = () => new Promise((resolve) => void io.close(resolve));
  return { io, attached, port: http.address().port, stop };
}

function makeClient(t, url, options) {
  const reconnect = { minMs: 10, baseMs: 10, capMs: 20 };
  const transports = ["websocket"];
  const client = createClient(url, { webSocket: WebSocket, transports, reconnect, ...options });
  t.after(() => client.destroy());
  const verdicts = [];
  client.continuity.subscribe((verdict) => verdict && verdicts.push(verdict));
  return Object.assign(client, { verdicts });
}

/** Something between client and server that can lose one without the other. */
async function openGate(t, port) {
  const pairs = new Set();
  const gate = createGate((inner) => {
    const outer = connect(port, "127.0.0.1");
    const pair = { inner, outer, isSplit: false };
    pairs.add(pair);
    const end = () => {
      inner.destroy();
      if (!pair.isSplit) outer.destroy();
    };
    inner.pipe(outer, { end: false });
    outer.pipe(inner, { end: false });
    for (const socket of [inner, outer]) socket.on("error", end).on("close", end);
  });
  gate.listen(0, "127.0.0.1");
  await once(gate, "listening");
  t.after(() => {
    for (const { inner, outer } of pairs) [inner, outer].forEach((socket) => socket.destroy());
    gate.close();
  });
  return {
    url: `http://127.0.0.1:${gate.address().port}`,
    /** The client loses its connections, and the server does not notice. */
    loseClient() {
      for (const pair of pairs) {
        pair.isSplit = true;
        pair.inner.destroy();
      }
    },
  };
}

/** Ends the connection as a broken network does, and the server notices. */
async function cut(socket) {
  const gone = once(socket, "disconnect");
  socket.conn.transport.socket.terminate();
  await gone;
}

/** Resolves when `isTrue` is, which is asked after each change of `state`. */
function until(state, isTrue) {
  return new Promise((resolve) => {
    const done = new AbortController();
    const look = () => {
      if (!isTrue()) return;
      done.abort();
      resolve();
    };
    state.subscribe(look, { signal: done.signal });
    look();
  });
}

const verdict = (client, number) =>
  until(client.continuity, () => client.verdicts.length === number);
const kinds = (client) => client.verdicts.map(({ kind, cause }) => cause ?? kind);

/** Collects the values of `news`; `count` resolves when there are that many. */
function collect(client) {
  const values = [];
  const news = client.on("news");
  news.subscribe((value) => values.push(value));
  return { values, count: (number) => until(news, () => values.length >= number) };
}

/** Lets a socket into the room `kitchen`, through the helper if there is one. */
const kitchen = (socket, attached) =>
  socket.on("join", async (done) => {
    await (attached ? attached.join(socket, "kitchen") : socket.join("kitchen"));
    done();
  });

const joinKitchen = { join: ["join"] };

describe("a session that the server cannot take up", limit, () => {
  test("is one gap when no event came before", async (t) => {
    const sockets = [];
    const serve = (socket) => sockets.push(socket);
    const { client } = await setUp(t, {
      options: recovering,
      serve,
      client: { trustRecovery: true },
    });
    await client.connect();
    await verdict(client, 1);
    await cut(sockets[0]);
    await verdict(client, 2);
    assert.equal(sockets[1].recovered, false);
    assert.deepEqual(kinds(client), ["fresh", "no_proof"]);
  });

  test("is a gap when the client comes back before the server has noticed", async (t) => {
    const sockets = [];
    const serve = (socket) => {
      sockets.push(socket);
      socket.emit("news", "welcome");
    };
    const setting = await setUp(t, { options: recovering, serve, client: { trustRecovery: true } });
    const { client, gate, io } = setting;
    const news = collect(client);
    await client.connect();
    await news.count(1);
    gate.loseClient();
    io.emit("news", "lost");
    await verdict(client, 2);
    await news.count(2);
    assert.equal(sockets[1].recovered, false);
    assert.deepEqual(kinds(client), ["fresh", "no_proof"]);
    assert.deepEqual(news.values, ["welcome", "welcome"]);
  });

  test("is resumed all the same with the helper's log", async (t) => {
    const serve = kitchen;
    const { client, gate, attached } = await setUp(t, { options: recovering, serve, helper: true });
    const news = collect(client);
    client.topic(joinKitchen).retain();
    await client.connect();
    await verdict(client, 1);
    await attached.to("kitchen").emit("news", 1);
    await news.count(1);
    gate.loseClient();
    for (const value of [2, 3]) await attached.to("kitchen").emit("news", value);
    await news.count(3);
    await attached.to("kitchen").emit("news", 4);
    await news.count(4);
    assert.deepEqual(kinds(client), ["fresh", "resumed"]);
    assert.deepEqual(news.values, [1, 2, 3, 4]);
  });

  test("is a gap when another argument was taken for an offset, unless the log says otherwise", async (t) => {
    for (const helper of [false, true]) {
      const sockets = [];
      const serve = (socket, attached) => {
        sockets.push(socket);
        kitchen(socket, attached);
        // Not recoverable, and its last argument looks like an offset.
        socket.on("type", () => socket.volatile.emit("typing", "alice_1"));
      };
      const { client, attached, io } = await setUp(t, { options: recovering, serve, helper });
      const news = collect(client);
      const typing = client.on("typing");
      let count = 0;
      typing.subscribe(() => (count += 1));
      client.topic(joinKitchen).retain();
      await client.connect();
      await verdict(client, 1);
      client.emit("type");
      await until(typing, () => count === 1);
      await cut(sockets[0]);
      await (attached || io).to("kitchen").emit("news", 1);
      await verdict(client, 2);
      if (helper) await news.count(1);
      assert.deepEqual(kinds(client), ["fresh", helper ? "resumed" : "no_proof"]);
    }
  });

  test("is a gap when the client was away for too long", async (t) => {
    const sockets = [];
    const serve = (socket) => {
      sockets.push(socket);
      socket.emit("news", "welcome");
    };
    const options = { connectionStateRecovery: { maxDisconnectionDuration: 1 } };
    const { client } = await setUp(t, { options, serve, client: { trustRecovery: true } });
    const news = collect(client);
    await client.connect();
    await news.count(1);
    await cut(sockets[0]);
    await verdict(client, 2);
    assert.equal(sockets[1].recovered, false);
    assert.deepEqual(kinds(client), ["fresh", "no_proof"]);
  });
});

/** An adapter that says that it has recovered a session, and has lost a packet of it. */
class LossyAdapter extends SessionAwareAdapter {
  async restoreSession(pid, offset) {
    const session = await super.restoreSession(pid, offset);
    if (session) session.missedPackets.splice(0, 1);
    return session;
  }
}

describe("a session that the server takes up", limit, () => {
  test("is resumed with nothing missing although the server has lost a packet of it", async (t) => {
    const sockets = [];
    const serve = (socket, attached) => {
      sockets.push(socket);
      kitchen(socket, attached);
    };
    const options = { ...recovering, adapter: LossyAdapter };
    const setting = await setUp(t, {
      options,
      serve,
      helper: true,
      client: { trustRecovery: true },
    });
    const { client, attached } = setting;
    const news = collect(client);
    client.topic(joinKitchen).retain();
    await client.connect();
    await verdict(client, 1);
    await attached.to("kitchen").emit("news", 1);
    await news.count(1);
    await cut(sockets[0]);
    for (const value of [2, 3, 4]) await attached.to("kitchen").emit("news", value);
    await news.count(4);
    assert.equal(sockets[1].recovered, true);
    assert.deepEqual(kinds(client), ["fresh", "resumed"]);
    assert.deepEqual(news.values, [1, 2, 3, 4]);
  });

  test("is resumed without joining again where that is trusted, otherwise a gap", async (t) => {
    for (const trustRecovery of [true, false]) {
      const sockets = [];
      let joins = 0;
      const serve = (socket) => {
        sockets.push(socket);
        kitchen(socket);
        socket.on("join", () => (joins += 1));
      };
      const setting = await setUp(t, { options: recovering, serve, client: { trustRecovery } });
      const { client, io } = setting;
      const news = collect(client);
      client.topic(joinKitchen).retain();
      await client.connect();
      await verdict(client, 1);
      io.to("kitchen").emit("news", 1);
      await news.count(1);
      await cut(sockets[0]);
      for (const value of [2, 3]) io.to("kitchen").emit("news", value);
      await news.count(3);
      await verdict(client, 2);
      assert.equal(sockets[1].recovered, true);
      assert.deepEqual(kinds(client), ["fresh", trustRecovery ? "resumed" : "no_proof"]);
      assert.deepEqual(news.values, [1, 2, 3]);
      assert.equal(joins, trustRecovery ? 1 : 2);
    }
  });
});

describe("a server that starts again", limit, () => {
  test("is a gap for what its helper does not remember", async (t) => {
    const { client, attached, replace } = await setUp(t, { serve: kitchen, helper: true });
    const gaps = [];
    client.onGap((gap) => gaps.push(gap));
    const news = collect(client);
    client.topic(joinKitchen).retain();
    await client.connect();
    await verdict(client, 1);
    await attached.to("kitchen").emit("news", 1);
    await news.count(1);
    const forgetful = (await replace()).attached;
    await verdict(client, 2);
    assert.deepEqual(kinds(client), ["fresh", "new_epoch"]);
    const [{ streams }] = gaps;
    const names = streams.map(({ stream }) => stream);
    assert.deepEqual(names.sort(), ["*", "kitchen"], "the room, and what everybody gets");
    assert.equal(gaps.length, 1);
    await forgetful.to("kitchen").emit("news", 2);
    await news.count(2);
    assert.deepEqual(news.values, [1, 2]);
  });
});

describe("topics", limit, () => {
  test("miss nothing when the connection breaks between the join and an event", async (t) => {
    const sockets = [];
    const serve = (socket, attached) => {
      sockets.push(socket);
      kitchen(socket, attached);
    };
    const { client, attached } = await setUp(t, { serve, helper: true });
    const news = collect(client);
    const topic = client.topic(joinKitchen);
    topic.retain();
    await client.connect();
    await topic.ready;
    await cut(sockets[0]);
    await attached.to("kitchen").emit("news", 1);
    await news.count(1);
    assert.deepEqual(kinds(client), ["fresh", "resumed"]);
    assert.deepEqual(news.values, [1]);
  });

  test("are joined once on each connection, a thousand of them, cut in the middle of joining", async (t) => {
    const connections = [];
    const plan = Array.from({ length: 10 }, (_, round) => 1 + round * 97);
    const serve = (socket) => {
      const joins = new Map();
      const cutAt = plan[connections.length];
      connections.push({ joins, socket });
      let count = 0;
      socket.on("join", (room, done) => {
        joins.set(room, (joins.get(room) ?? 0) + 1);
        count += 1;
        if (count === cutAt) socket.conn.transport.socket.terminate();
        socket.join(room);
        done();
      });
      socket.on("leave", (room) => socket.leave(room));
    };
    const { client, io } = await setUp(t, { serve });
    const topics = Array.from({ length: 1_000 }, (_, index) =>
      client.topic({ join: ["join", `room${index}`], leave: ["leave", `room${index}`] }),
    );
    const retained = topics.map((topic) => topic.retain());
    await client.connect();
    await until(client.continuity, () => connections.length === plan.length + 1);
    // Those that are left now may be joined already, on their way, or waiting.
    for (const subscription of retained.slice(0, 100)) subscription.unsubscribe();
    await Promise.all(topics.slice(100).map(({ ready }) => ready));
    await until(client.continuity, () => client.continuity.value !== undefined);
    for (const { joins } of connections) {
      for (const [room, count] of joins) assert.equal(count, 1, room);
    }
    const { socket } = connections.at(-1);
    await client.request("join", "last"); // what was sent before it has arrived
    const rooms = [...io.of("/").adapter.rooms.keys()].filter((room) => room.startsWith("room"));
    assert.deepEqual(
      rooms.sort(),
      topics
        .slice(100)
        .map((_, index) => `room${index + 100}`)
        .sort(),
    );
    assert.equal(socket.connected, true);
  });
});
