/** What is not to be lost, against the real socket.io: actions, topics, hooks, continuity. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { Server } from "socket.io";
import { createClient, nest } from "sockeye-client";
import { ActionRejected, createServerHelper, memoryStore } from "sockeye-client/server";
import { memoryOutboxStore } from "sockeye-client/stores";

// The library under socket.io, from where socket.io finds it.
const fromSocketIo = createRequire(createRequire(import.meta.url).resolve("socket.io"));
const { WebSocket } = createRequire(fromSocketIo.resolve("engine.io"))("ws");

const limit = { timeout: 60_000 };
const reconnect = { minMs: 10, baseMs: 20, capMs: 50 };
const withAndWithout = { "with the helper": true, "without a helper": false };

/**
 * A server that can be stopped and started again at the same address. `serve` is called with each socket
 * and, if there is one, the helper's namespace; the helper remembers over a restart, as one with a database.
 */
class Backend {
  #helper;
  #serve;
  #http;
  io;
  attached;
  port = 0;

  constructor(serve, hasHelper) {
    this.#serve = serve;
    this.#helper = hasHelper ? createServerHelper({ store: memoryStore() }) : undefined;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  async start() {
    this.#http = createServer();
    this.io = new Server(this.#http);
    this.attached = this.#helper?.attach(this.io);
    this.io.on("connection", (socket) => this.#serve(socket, this.attached));
    this.#http.listen(this.port, "127.0.0.1");
    await once(this.#http, "listening");
    this.port = this.#http.address().port;
  }

  async stop() {
    const closed = new Promise((resolve) => void this.io.close(resolve));
    this.#http.closeAllConnections();
    await closed;
  }

  async restart() {
    await this.stop();
    await this.start();
  }
}

/** A server that runs, and a client of it that is not connected yet. */
async function setUp(t, { serve = () => {}, helper = false, ...options } = {}) {
  const backend = new Backend(serve, helper);
  await backend.start();
  t.after(() => backend.stop());
  const client = createClient(backend.url, { webSocket: WebSocket, reconnect, ...options });
  t.after(() => client.destroy());
  return { backend, client };
}

/** Ends the connection as a broken network does. */
const cut = (socket) => socket.conn.transport.socket.terminate();

/** Resolves with the first value that `isWanted` accepts, the current one included. */
function when(state, isWanted) {
  return new Promise((resolve) => {
    const done = new AbortController();
    const look = (value) => {
      if (!isWanted(value)) return;
      done.abort();
      resolve(value);
    };
    state.subscribe(look, { signal: done.signal });
  });
}

const isAt = (action, state) => when(action.status, (status) => status.state === state);
const isConnected = (client) => when(client.status, ({ state }) => state === "connected");
const isBack = async (client) => {
  await when(client.status, ({ state }) => state !== "connected");
  await isConnected(client);
};
const codeOf = (promise) =>
  promise.then(
    () => "resolved",
    ({ code }) => code,
  );

/** A promise and what resolves it. */
function deferred() {
  let resolve;
  const promise = new Promise((end) => (resolve = end));
  return { promise, resolve };
}

/** Handles `save`: notes what came, and acknowledges it. */
const saving = (saved) => (socket) =>
  socket.on("save", (value, done) => {
    saved.push(value);
    done(`saved ${value}`);
  });

for (const [name, helper] of Object.entries(withAndWithout)) {
  describe(`enqueue, ${name}`, limit, () => {
    test("stores offline, and sends in order when there is a connection", async (t) => {
      const saved = [];
      const { client } = await setUp(t, { serve: saving(saved), helper });
      const actions = Array.from({ length: 20 }, (_, index) => client.enqueue("save", index));
      await Promise.all(actions.map(({ accepted }) => accepted));
      assert.equal(client.outbox.items.value.length, 20);
      assert.ok(actions.every(({ status }) => status.value.state === "queued"));
      await client.connect();
      const results = await Promise.all(actions.map(({ result }) => result));
      assert.deepEqual(
        results,
        actions.map((_, index) => `saved ${index}`),
      );
      assert.deepEqual(
        saved,
        actions.map((_, index) => index),
      );
      assert.deepEqual(client.outbox.items.value, []);
    });

    test("sends again what was on its way when the connection broke", async (t) => {
      const keys = [];
      const serve = (socket) =>
        socket.on("pay", ({ key }, done) => {
          keys.push(key);
          if (keys.length === 1) cut(socket);
          else done("paid");
        });
      const { client } = await setUp(t, { serve, helper });
      await client.connect();
      const action = client.with({ keyField: "key" }).enqueue("pay", {});
      if (helper) {
        // The handler has the action, so nobody else gets it until its lease is over.
        await isBack(client);
        assert.deepEqual(keys, [action.id]);
      } else {
        assert.equal(await action.result, "paid");
        assert.deepEqual(keys, [action.id, action.id]);
        assert.equal(action.attempts, 2);
      }
    });

    test("takes an answer that comes late", async (t) => {
      const calls = [];
      const sendings = deferred();
      const serve = (socket) => {
        let count = 0;
        socket.conn.on("packet", ({ data }) => {
          if (String(data).includes('"save"') && ++count === 2) sendings.resolve();
        });
        socket.on("save", async (value, done) => {
          calls.push(value);
          await sendings.promise;
          done("late");
        });
      };
      const { client } = await setUp(t, { serve, helper });
      await client.connect();
      const action = client.with({ ackTimeoutMs: 50 }).enqueue("save", 1);
      assert.equal(await action.result, "late");
      if (helper) assert.deepEqual(calls, [1]);
    });

    test("delays no other lane, and keeps the order in each", async (t) => {
      const saved = [];
      const held = deferred();
      const serve = (socket) =>
        socket.on("save", async (value, done) => {
          saved.push(value);
          if (value === "a1") await held.promise;
          done(value);
        });
      const { client } = await setUp(t, { serve, helper });
      await client.connect();
      const enqueue = (lane, value) => client.with({ lane }).enqueue("save", value);
      const [first, , third] = ["a1", "a2", "a3"].map((value) => enqueue("a", value));
      const others = ["b1", "b2"].map((value) => enqueue("b", value));
      await Promise.all(others.map(({ result }) => result));
      assert.equal(first.status.value.state, "sent");
      held.resolve();
      assert.equal(await third.result, "a3");
      const lane = (prefix) => saved.filter((value) => value.startsWith(prefix));
      assert.deepEqual(lane("a"), ["a1", "a2", "a3"]);
      assert.deepEqual(lane("b"), ["b1", "b2"]);
    });

    test("sends the newest of a hundred with one coalescing key", async (t) => {
      const saved = [];
      const { client } = await setUp(t, { serve: saving(saved), helper });
      const titled = client.with({ coalesceKey: "title" });
      const actions = Array.from({ length: 100 }, (_, index) => titled.enqueue("save", index));
      await Promise.all(actions.map(({ accepted }) => accepted));
      await client.connect();
      assert.equal(await actions[99].result, "saved 99");
      assert.deepEqual(saved, [99]);
      assert.equal(actions[0].status.value.state, "cancelled");
      assert.equal(await codeOf(actions[98].result), "action_cancelled");
    });

    test("cancels what was never sent, and tells the truth of what was", async (t) => {
      const saved = [];
      const held = deferred();
      const serve = (socket) =>
        socket.on("save", async (value, done) => {
          saved.push(value);
          await held.promise;
          done(value);
        });
      const { client } = await setUp(t, { serve, helper });
      const [first, second] = ["first", "second"].map((value) => client.enqueue("save", value));
      await second.accepted;
      assert.equal(await second.cancel(), true);
      await client.connect();
      await isAt(first, "sent");
      assert.equal(await first.cancel(), false);
      held.resolve();
      assert.equal(await first.result, "first");
      assert.deepEqual(saved, ["first"]);
    });

    test("expires what was not sent in time", async (t) => {
      const saved = [];
      const { client } = await setUp(t, { serve: saving(saved), helper });
      const expired = client.with({ ttlMs: 30 }).enqueue("save", "old");
      assert.equal(await codeOf(expired.result), "action_expired");
      await client.connect();
      await client.enqueue("save", "new").result;
      assert.deepEqual(saved, ["new"]);
    });

    test("sends nothing while the outbox is paused", async (t) => {
      const saved = [];
      const { backend, client } = await setUp(t, { serve: saving(saved), helper });
      client.outbox.pause();
      const action = client.enqueue("save", 1);
      await client.connect();
      await action.accepted;
      await client.request("save", 2);
      assert.deepEqual(saved, [2]);
      const [socket] = backend.io.of("/").sockets.keys();
      client.outbox.resume();
      await action.result;
      assert.deepEqual(saved, [2, 1]);
      assert.equal(client.id, socket, "the connection is still the same");
    });

    test("asks what to send of what waited", async (t) => {
      const saved = [];
      const beforeFlush = (items) => items.filter(({ args: [value] }) => value !== 1).reverse();
      const { client } = await setUp(t, { serve: saving(saved), helper, outbox: { beforeFlush } });
      const actions = [0, 1, 2].map((value) => client.enqueue("save", value));
      await Promise.all(actions.map(({ accepted }) => accepted));
      await client.connect();
      await Promise.all([actions[0].result, actions[2].result]);
      assert.deepEqual(saved, [2, 0]);
      assert.equal(await codeOf(actions[1].result), "action_cancelled");
    });

    test("finishes everything over restarts of the server", async (t) => {
      const saved = [];
      const { backend, client } = await setUp(t, { serve: saving(saved), helper });
      await client.connect();
      const results = [];
      for (let round = 0; round < 3; round += 1) {
        for (const value of [0, 1, 2, 3]) {
          const lane = `lane ${value}`;
          results.push(client.with({ lane }).enqueue("save", `${round} ${value}`).result);
        }
        await backend.restart();
      }
      await Promise.all(results);
      const distinct = new Set(saved);
      assert.equal(distinct.size, 12);
      if (helper) assert.equal(saved.length, 12);
    });

    test("says first what is to be said first, on each connection", async (t) => {
      const connections = [];
      const serve = (socket) => {
        const events = [];
        connections.push(events);
        for (const event of ["hello", "who", "queued", "stored", "last"]) {
          socket.on(event, (done) => {
            events.push(event);
            done?.();
          });
        }
      };
      const { backend, client } = await setUp(t, { serve, helper });
      client.onConnected(async (first) => {
        first.emit("hello");
        await first.request("who");
      });
      client.emit("queued");
      await client.enqueue("stored").accepted;
      await client.connect();
      await when(client.outbox.items, ({ length }) => length === 0);
      await client.request("last");
      assert.deepEqual(connections[0].slice(0, 2), ["hello", "who"]);
      assert.deepEqual(connections[0].toSorted(), ["hello", "last", "queued", "stored", "who"]);
      const back = isBack(client);
      await backend.restart();
      client.emit("queued");
      const stored = client.enqueue("stored");
      await back;
      await stored.result;
      assert.deepEqual(connections.at(-1).slice(0, 2), ["hello", "who"]);
    });
  });

  describe(`topics, ${name}`, limit, () => {
    test("are joined once on each connection, and left by the last", async (t) => {
      const connections = [];
      const serve = (socket) => {
        const events = [];
        connections.push(events);
        socket.on("join", (room, done) => {
          events.push(`join ${room}`);
          done({ room });
        });
        socket.on("leave", (room) => events.push(`leave ${room}`));
        socket.on("ping", (done) => done());
      };
      const { backend, client } = await setUp(t, { serve, helper });
      const topic = (room) => client.topic({ join: ["join", room], leave: ["leave", room] });
      const rooms = ["a", "b", "c"].map(topic);
      const [a, b] = rooms.map((room) => room.retain());
      const again = rooms[0].retain();
      await client.connect();
      const answers = await Promise.all(rooms.map(({ ready }) => ready));
      assert.deepEqual(answers[1], { room: "b" });
      assert.deepEqual(connections[0].toSorted(), ["join a", "join b", "join c"]);
      a.unsubscribe();
      b.unsubscribe();
      await client.request("ping");
      assert.deepEqual(connections[0].slice(3), ["leave b"]);
      const back = isBack(client);
      await backend.restart();
      await back;
      await Promise.all([rooms[0].ready, rooms[2].ready]);
      assert.deepEqual(connections.at(-1).toSorted(), ["join a", "join c"]);
      again.unsubscribe();
      await client.request("ping");
      assert.deepEqual(connections.at(-1).slice(2), ["leave a"]);
      assert.equal(rooms[0].status.value.state, "idle");
    });

    test("are confirmed by an event where that is so", async (t) => {
      const serve = (socket) =>
        socket.on("subscribe", (room) => {
          socket.emit("confirmed", { room: "other" });
          socket.emit("confirmed", { room });
        });
      const { client } = await setUp(t, { serve, helper });
      const confirm = { event: "confirmed", match: ({ room }) => room === "a" };
      const topic = client.topic({ join: ["subscribe", "a"], confirm });
      topic.retain();
      await client.connect();
      await topic.ready;
      assert.equal(topic.status.value.state, "live");
    });
  });
}

describe("an action that the server does not want", limit, () => {
  test("is rejected by the helper, with what the handler says", async (t) => {
    const serve = (socket, attached) =>
      attached.handle(socket, "save", () => {
        throw new ActionRejected({ reason: "no" });
      });
    const { client } = await setUp(t, { serve, helper: true });
    void client.connect();
    const action = client.enqueue("save", 1);
    const error = await action.result.catch((error) => error);
    assert.deepEqual([error.code, error.data], ["action_rejected", { reason: "no" }]);
  });

  test("is rejected by NestJS's event, and its lane goes on", async (t) => {
    const serve = (socket) =>
      socket.on("save", (data, done) => {
        if (data.ok) done("saved");
        else
          socket.emit("exception", {
            status: "error",
            message: "no",
            cause: { pattern: "save", data },
          });
      });
    const { client } = await setUp(t, { serve });
    client.outbox.nack("exception", nest);
    await client.connect();
    const refused = client.enqueue("save", { ok: false });
    const taken = client.enqueue("save", { ok: true });
    const error = await refused.result.catch((error) => error);
    assert.deepEqual([error.code, error.data.message], ["action_rejected", "no"]);
    assert.equal(await taken.result, "saved");
  });

  test("is refused at once when it is larger than the server takes", async (t) => {
    const { client } = await setUp(t);
    await client.connect();
    const action = client.enqueue("save", "x".repeat(1_100_000));
    assert.equal(await codeOf(action.accepted), "payload_too_large");
    assert.equal(client.status.value.state, "connected");
  });
});

describe("two clients of one store", limit, () => {
  test("send each action once, and both see what becomes of it", async (t) => {
    const saved = [];
    const store = memoryOutboxStore();
    const { backend, client: first } = await setUp(t, { serve: saving(saved), outbox: { store } });
    const second = createClient(backend.url, {
      ...{ webSocket: WebSocket, reconnect, outbox: { store } },
    });
    t.after(() => second.destroy());
    await Promise.all([first.connect(), second.connect()]);
    const actions = [first, second, first, second].map((client, index) =>
      client.enqueue("save", index),
    );
    const results = await Promise.all(actions.map(({ result }) => result));
    assert.deepEqual(results, ["saved 0", "saved 1", "saved 2", "saved 3"]);
    assert.deepEqual(saved.toSorted(), [0, 1, 2, 3]);
    await first.destroy();
    assert.equal(await second.enqueue("save", 4).result, "saved 4");
  });
});

describe("another user", limit, () => {
  test("never sends what the first one enqueued, who finds it again", async (t) => {
    const saved = [];
    const serve = (socket) =>
      socket.on("save", (value, done) => {
        saved.push([socket.handshake.auth.user, value]);
        done(value);
      });
    const auth = () => ({ user: client.identity });
    const { client } = await setUp(t, { serve, auth, identity: "anna" });
    const first = client.enqueue("save", "of anna");
    await first.accepted;
    client.setIdentity("berta");
    const other = client.enqueue("save", "of berta");
    await client.connect();
    assert.equal(await other.result, "of berta");
    assert.deepEqual(saved, [["berta", "of berta"]]);
    client.setIdentity("anna");
    assert.equal(await first.result, "of anna");
    assert.deepEqual(saved[1], ["anna", "of anna"]);
  });
});

describe("continuity", limit, () => {
  test("is a gap without a helper, and live events wait for onGap", async (t) => {
    const serve = (socket) => socket.emit("news", "live");
    const { backend, client } = await setUp(t, { serve });
    const order = [];
    const gap = deferred();
    const held = deferred();
    client.onGap(async ({ cause }) => {
      order.push(`gap ${cause}`);
      gap.resolve();
      await held.promise;
      order.push("mended");
    });
    const news = deferred();
    client.on("news").subscribe((value) => {
      order.push(value);
      if (order.length > 1) news.resolve();
    });
    await client.connect();
    await when(client.continuity, (verdict) => verdict?.kind === "fresh");
    await backend.restart();
    await gap.promise;
    await isConnected(client);
    held.resolve();
    await news.promise;
    assert.deepEqual(order, ["live", "gap no_proof", "mended", "live"]);
  });

  test("is resumed with the helper, and what was missed comes first", async (t) => {
    const sockets = [];
    const serve = (socket, attached) => {
      sockets.push(socket);
      socket.on("join", async (room, done) => {
        await attached.join(socket, room);
        done();
      });
    };
    const { backend, client } = await setUp(t, { serve, helper: true });
    const news = [];
    const three = deferred();
    client.on("news").subscribe((value) => {
      news.push(value);
      if (news.length === 4) three.resolve();
    });
    client.topic({ join: ["join", "kitchen"] }).retain();
    await client.connect();
    await when(client.continuity, (verdict) => verdict?.kind === "fresh");
    await backend.attached.to("kitchen").emit("news", 1);
    await client.disconnect();
    const gone = sockets[0].connected ? once(sockets[0], "disconnect") : undefined;
    await gone;
    await backend.attached.to("kitchen").emit("news", 2);
    await backend.attached.to("kitchen").emit("news", 3);
    await client.connect();
    const { kind } = await when(client.continuity, (verdict) => verdict?.connection > 0);
    await backend.attached.to("kitchen").emit("news", 4);
    await three.promise;
    assert.equal(kind, "resumed");
    assert.deepEqual(news, [1, 2, 3, 4]);
  });
});

describe("events", limit, () => {
  test("that come before anybody listens are held, once", async (t) => {
    const serve = (socket) => {
      socket.emit("welcome", 1);
      socket.on("ping", (done) => done());
    };
    const { client } = await setUp(t, { serve });
    client.hold("welcome", 5);
    await client.connect();
    await client.request("ping");
    const values = [];
    client.on("welcome").subscribe((value) => values.push(value));
    assert.deepEqual(values, [1]);
  });

  test("of which only the newest counts are sent once", async (t) => {
    const moves = [];
    const serve = (socket) => {
      socket.on("move", (x) => moves.push(x));
      socket.on("ping", (done) => done());
    };
    const { client } = await setUp(t, { serve });
    for (let x = 0; x < 1_000; x += 1) client.emitLatest("cursor", "move", x);
    await client.connect();
    await client.request("ping");
    assert.deepEqual(moves, [999]);
  });
});
