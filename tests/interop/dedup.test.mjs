/** Events that come twice are delivered once: the package with its wasm against the real socket.io. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { Server } from "socket.io";
import { createClient } from "sockeye-client";
import { createServerHelper, memoryStore } from "sockeye-client/server";

// The library under socket.io, from where socket.io finds it.
const fromSocketIo = createRequire(createRequire(import.meta.url).resolve("socket.io"));
const { WebSocket } = createRequire(fromSocketIo.resolve("engine.io"))("ws");

const limit = { timeout: 60_000 };
const reconnect = { minMs: 10, baseMs: 20, capMs: 50 };

/** A server, and what makes clients of it. */
async function setUp(t, serve = () => {}) {
  const http = createServer();
  const io = new Server(http);
  serve(io);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(async () => {
    const closed = new Promise((resolve) => void io.close(resolve));
    http.closeAllConnections();
    await closed;
  });
  const url = `http://127.0.0.1:${http.address().port}`;
  const make = (options, namespace = "") => {
    const client = createClient(url + namespace, { webSocket: WebSocket, reconnect, ...options });
    t.after(() => client.destroy());
    return client;
  };
  return { io, make };
}

/** Collects the values of an event; `until` resolves when one is the last. */
function collect(client, event, isLast = (value) => value?.last === true) {
  const values = [];
  const until = new Promise((resolve) => {
    client.on(event).subscribe((value) => {
      if (isLast(value)) resolve(values);
      else values.push(value);
    });
  });
  return { values, until };
}

const last = { last: true };

/** A generator of the same numbers in every run. */
function random(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

test(
  "of 100,000 events, 30 % of them repetitions, each is told once and none is lost",
  limit,
  async (t) => {
    const { io, make } = await setUp(t);
    const client = make({ dedup: { id: "id" } });
    const { until } = collect(client, "job");
    const connection = once(io, "connection");
    await client.connect();
    const [socket] = await connection;
    const draw = random(1);
    let sent = 0;
    let repeated = 0;
    for (let nth = 0; nth < 100_000; nth++) {
      const repeats = sent > 0 && draw(10) < 3;
      // A repetition comes within the window.
      const number = repeats ? sent - 1 - draw(Math.min(sent, 4_000)) : sent++;
      repeated += repeats ? 1 : 0;
      socket.emit("job", { id: `job-${number}`, number });
      // Let what has been written go out.
      if (nth % 1_000 === 0) await new Promise(setImmediate);
    }
    socket.emit("job", last);
    const told = await until;
    assert.deepEqual(
      told.map(({ number }) => number),
      Array.from({ length: sent }, (_, n) => n),
    );
    const { identified, duplicates, evicted } = client.dedup.statistics;
    assert.deepEqual([identified, duplicates], [100_000, repeated]);
    assert.equal(evicted, sent - 4_096);
  },
);

test("a different id is another event, and one without an id always is", limit, async (t) => {
  const { make } = await setUp(t, (io) =>
    io.on("connection", (socket) => {
      for (const id of [1, "1", 1, "2", undefined, undefined, null, ""]) {
        socket.emit("job", { id, text: "same" });
      }
      for (const value of ["text", "text", last]) socket.emit("job", value);
    }),
  );
  const client = make({ dedup: { id: "id" } });
  const { until } = collect(client, "job");
  await client.connect();
  const told = await until;
  const ids = told.slice(0, -2).map(({ id }) => id);
  assert.deepEqual(ids, [1, "1", "2", undefined, undefined, null, ""]);
  assert.deepEqual(told.slice(-2), ["text", "text"]);
});

test(
  "ids are remembered over connections, and for each namespace and stream apart",
  limit,
  async (t) => {
    const send = (socket) => {
      socket.emit("job", { id: 1, room: "a" });
      socket.emit("job", { id: 1, room: "b" });
      socket.emit("job", last);
    };
    const { io, make } = await setUp(t, (io) => {
      io.on("connection", send);
      io.of("/other").on("connection", send);
    });
    const client = make({ dedup: { id: "id", stream: "room" } });
    const other = client.namespace("/other");
    const [first, second] = [collect(client, "job"), collect(other, "job")];
    await Promise.all([client.connect(), other.connect()]);
    await Promise.all([first.until, second.until]);
    const again = collect(client, "job");
    for (const socket of io.sockets.sockets.values()) socket.conn.transport.socket.terminate();
    await again.until;
    assert.deepEqual([first.values.length, second.values.length, again.values.length], [2, 2, 0]);
    assert.equal(client.dedup.statistics.identified, 8);
  },
);

test("another user gets events that the one before him got", limit, async (t) => {
  const { make } = await setUp(t, (io) =>
    io.on("connection", (socket) => {
      socket.emit("job", { id: 1 });
      socket.emit("job", last);
    }),
  );
  const client = make({ identity: "alice", dedup: { id: "id" } });
  const alice = collect(client, "job");
  await client.connect();
  await alice.until;
  const bob = collect(client, "job");
  client.setIdentity("bob");
  assert.deepEqual(await bob.until, [{ id: 1 }]);
});

describe("an event at which a listener throws", () => {
  for (const advanceOnError of [false, true]) {
    const becomes = advanceOnError
      ? "counts if that is wanted"
      : "is told again when it comes again";
    test(becomes, limit, async (t) => {
      const { make } = await setUp(t, (io) =>
        io.on("connection", (socket) => {
          for (const id of [1, 2, 1, 1, 2]) socket.emit("job", { id });
          socket.emit("job", last);
        }),
      );
      const client = make({ dedup: { id: "id", advanceOnError } });
      t.mock.method(console, "error", () => {});
      let thrown = 0;
      client.on("job").subscribe(({ id }) => {
        if (id === 1 && thrown++ === 0) throw new Error("not ready");
      });
      const { until } = collect(client, "job");
      await client.connect();
      const ids = (await until).map(({ id }) => id);
      assert.deepEqual(ids, advanceOnError ? [1, 2] : [1, 2, 1]);
    });
  }
});

describe("a function that reads ids", () => {
  const serve = (io) => {
    for (const namespace of ["/", "/other"]) {
      io.of(namespace).on("connection", (socket) => {
        socket.on("echo", (value, answer) => answer(value));
        for (const id of [1, 1, 2]) socket.emit("job", "x", id);
        socket.emit("job", last);
      });
    }
  };

  test("gets the event's name and arguments", limit, async (t) => {
    const { make } = await setUp(t, serve);
    const client = make({ dedup: { id: (event, first, second) => second && event + second } });
    const { until } = collect(client, "job");
    await client.connect();
    assert.deepEqual(await until, [
      ["x", 1],
      ["x", 2],
    ]);
  });

  // In another namespace events are read in the middle of the core.
  for (const namespace of ["/", "/other"]) {
    test(`that calls the client, or throws, harms nothing in ${namespace}`, limit, async (t) => {
      const { make } = await setUp(t, serve);
      let client;
      const calls = [
        () => client.emit("a"),
        () => client.disconnect(),
        () => client.reconnectNow(),
      ];
      let nth = 0;
      const id = () => calls[nth++ % calls.length]();
      client = make({ dedup: { id } }, namespace);
      const errors = [];
      client.errors.subscribe((error) => errors.push(error));
      const { until } = collect(client, "job");
      await client.connect();
      assert.equal((await until).length, 3, "events without an id");
      assert.ok(nth >= 3);
      assert.deepEqual(
        errors.map(({ code, cause }) => [code, cause.code]),
        [["listener_error", "invalid_option"]],
      );
      assert.equal(await client.request("echo", 7), 7);
    });
  }

  test("may destroy the client", limit, async (t) => {
    const { make } = await setUp(t, serve);
    const client = make({ dedup: { id: () => void client.destroy() } }, "/other");
    const { values } = collect(client, "job");
    await client.connect();
    await new Promise((resolve) => client.status.subscribe({ complete: resolve }));
    assert.deepEqual(values, []);
  });
});

describe("numbers", () => {
  test("of the application's tell repetitions and holes", limit, async (t) => {
    const { make } = await setUp(t, (io) =>
      io.on("connection", (socket) => {
        for (const no of [1, 2, 2, 1, 3, 5, 3, 6]) socket.emit("job", { no, room: "a" });
        socket.emit("nobody", { no: 7, room: "a" });
        socket.emit("job", { no: 8, room: "a" });
        socket.emit("job", last);
      }),
    );
    const client = make({ dedup: { order: "no", stream: "room" } });
    const gaps = [];
    client.onGap(({ streams }) => void gaps.push(...streams));
    const { until } = collect(client, "job");
    await client.connect();
    assert.deepEqual(
      (await until).map(({ no }) => no),
      [1, 2, 3, 5, 6, 8],
    );
    assert.deepEqual(
      gaps.map(({ stream, from, to }) => [stream, from, to]),
      [["a", 4, 4]],
    );
    assert.equal(client.dedup.statistics.duplicates, 3);
  });

  test(
    "of the application's may begin anew after a gap, and ids tell what came before it",
    limit,
    async (t) => {
      const { io, make } = await setUp(t, (io) => {
        let connections = 0;
        io.on("connection", (socket) => {
          const first = 10 * connections++;
          // The server sends the last event again, under another number: it has started anew.
          for (const [index, id] of [first, first + 1, first + 10].entries()) {
            socket.emit("job", { no: index + 1, id });
          }
          socket.emit("job", last);
        });
      });
      const client = make({ dedup: { order: "no", id: "id" } });
      const before = collect(client, "job");
      await client.connect();
      assert.deepEqual(
        (await before.until).map(({ id }) => id),
        [0, 1, 10],
      );
      const after = collect(client, "job");
      for (const socket of io.sockets.sockets.values()) socket.conn.transport.socket.terminate();
      assert.deepEqual(
        (await after.until).map(({ id }) => id),
        [11, 20],
      );
    },
  );

  test("of the helper make the next page go on where this one stopped", limit, async (t) => {
    const helper = createServerHelper({ store: memoryStore() });
    let news;
    const { io, make } = await setUp(t, (io) => {
      news = helper.attach(io);
      io.on("connection", (socket) =>
        socket.on("join", (done) => void news.join(socket, "news").then(() => done())),
      );
    });
    const join = (client) => client.topic({ join: ["join"] }).retain();
    const say = (from, to) => {
      for (let number = from; number <= to; number++) news.to("news").emit("job", { number });
    };

    const first = make({});
    const before = collect(first, "job", ({ number }) => number === 4);
    join(first);
    await first.connect();
    await first.request("join");
    say(1, 4);
    await before.until;
    const restore = JSON.parse(JSON.stringify(first.dedup.snapshot()));
    assert.equal(restore.positions["/"].find(([stream]) => stream === "news")?.[2], 4);
    await first.destroy();
    say(5, 7);

    const second = make({ dedup: { restore } });
    const after = collect(second, "job", ({ number }) => number === 9);
    join(second);
    await second.connect();
    await second.request("join");
    say(8, 9);
    assert.deepEqual(
      (await after.until).map(({ number }) => number),
      [5, 6, 7, 8],
    );
    assert.equal(second.continuity.value.kind, "resumed");
    assert.equal(io.engine.clientsCount, 1);
  });
});
