/** The server helper in real socket.io servers; the client is the official one, its envelopes written by hand. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import Database from "libsql";
import { createClient } from "redis";
import { Server } from "socket.io";
import { io as connectTo } from "socket.io-client";
import { allowOrigins, createServerHelper, memoryStore, redisStore } from "sockeye-client/server";
import { inRoot, installedPackage } from "../../tools/lib/paths.mjs";
import { Random } from "../differential/random.mjs";
import {
  endInReverse,
  startHelperWorker,
  startLastingRedis,
  startRedis,
  startText,
} from "./processes.mjs";

const limit = { timeout: 60_000 };

/** A server in this process; `serve` is called before it listens. */
async function startServer(t, { options, serve, ...helperOptions } = {}) {
  const http = createServer();
  const io = new Server(http, options);
  const helper = createServerHelper({ store: memoryStore(), ...helperOptions });
  const attached = helper.attach(io);
  serve?.({ io, helper, attached });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => new Promise((resolve) => void io.close(resolve)));
  return { io, helper, attached, url: `http://127.0.0.1:${http.address().port}` };
}

/** The official client, connected, and what greeted it. */
async function connect(t, url, options = {}) {
  const socket = connectTo(url, {
    forceNew: true,
    reconnection: false,
    transports: ["websocket"],
    ...options,
  });
  t.after(() => socket.disconnect());
  const events = [];
  socket.onAny((...event) => events.push(event));
  const [hello] = await once(socket, "sockeye:hello");
  return { socket, hello, events };
}

/** Sends with an acknowledgement; resolves with all its arguments, or with nothing if the link ends. */
const ask = (socket, ...event) =>
  new Promise((resolve) => {
    socket.once("disconnect", () => resolve(undefined));
    socket.emit(...event, (...args) => resolve(args));
  });

const envelope = (hello, k, n, more = {}) => ({
  $sockeye: { k, c: "client", e: 1, n, lane: "", m: hello.memory, ...more },
});

const statusOf = ([{ $sockeye }]) => $sockeye.s;

describe("enqueued actions", limit, () => {
  test("reach handlers as the application wrote them, and others are left alone", async (t) => {
    const calls = [];
    const lengths = [];
    const serve = ({ io }) =>
      io.on("connection", (socket) => {
        socket.use(([, ...args], next) => {
          lengths.push(args.length);
          next();
        });
        socket.on("save", (payload, done) => {
          calls.push([payload, typeof done]);
          done?.("saved", Buffer.from([1, 2]));
        });
      });
    const { url } = await startServer(t, { serve });
    const { socket, hello } = await connect(t, url);
    const expected = [{ $sockeye: { k: "key", s: "applied" } }, "saved", Buffer.from([1, 2])];
    const bytes = Buffer.from([3]);
    assert.deepEqual(await ask(socket, "save", bytes, envelope(hello, "key", 1)), expected);
    assert.deepEqual(await ask(socket, "save", bytes, envelope(hello, "key", 1)), expected);
    assert.deepEqual(await ask(socket, "save", "plain"), expected.slice(1));
    socket.emit("save", "without an acknowledgement");
    await ask(socket, "save", "last");
    assert.deepEqual(calls, [
      [bytes, "function"],
      ["plain", "function"],
      ["without an acknowledgement", "undefined"],
      ["last", "function"],
    ]);
    assert.deepEqual(lengths, [2, 2, 1, 2]);
  });

  test("are applied once however often and over however many sockets they come", async (t) => {
    let runs = 0;
    const serve = ({ io }) =>
      io.on("connection", (socket) => {
        socket.on("save", async (value, done) => {
          const run = (runs += 1);
          await new Promise(setImmediate);
          done(value, run);
        });
      });
    const { url } = await startServer(t, { serve });
    const clients = await Promise.all([1, 2, 3].map(() => connect(t, url)));
    const numbers = Array.from({ length: 20 }, (_, at) => at + 1);
    const answers = await Promise.all(
      numbers.flatMap((number) =>
        clients.map(({ socket, hello }) =>
          ask(socket, "save", number, envelope(hello, `key ${number}`, number)),
        ),
      ),
    );
    // Sockets overtake each other, so some come too early; none of them was applied.
    const applied = answers.filter((answer) => statusOf(answer) === "applied");
    assert.ok(answers.every((answer) => ["applied", "gap"].includes(statusOf(answer))));
    assert.ok(applied.length >= numbers.length);
    assert.ok(applied.every(([, value, run]) => value === run));
    assert.equal(runs, numbers.length);
  });

  test("of a client whose store went back in time are numbered anew, and none is lost", async (t) => {
    const saved = [];
    const serve = ({ io }) =>
      io.on("connection", (socket) => {
        socket.on("save", (value, done) => done(saved.push(value)));
      });
    const { url } = await startServer(t, { serve });
    const { socket, hello } = await connect(t, url);
    const send = async (key, n, e) =>
      (await ask(socket, "save", key, envelope(hello, key, n, { e })))[0].$sockeye;
    for (const [at, key] of ["a", "b", "c"].entries()) await send(key, at + 1, 1);
    const renumber = { k: "d", s: "renumber", e: 1, n: 3 };
    assert.deepEqual(await send("d", 2, 1), renumber);
    assert.equal((await send("d", 4, 1)).s, "applied");
    assert.equal((await send("b", 1, 2)).s, "applied", "sent again by a new drainer");
    assert.deepEqual(await send("e", 5, 1), { k: "e", s: "renumber", e: 2, n: 1 });
    assert.equal((await send("e", 2, 2)).s, "applied");
    assert.deepEqual(saved, ["a", "b", "c", "d", "e"]);
  });

  test("of two namespaces are kept apart", async (t) => {
    const saved = [];
    const serve = ({ io, helper }) => {
      helper.attach(io.of("/jobs"));
      for (const namespace of [io.of("/"), io.of("/jobs")]) {
        namespace.on("connection", (socket) => {
          socket.on("save", (done) => done(saved.push(namespace.name)));
        });
      }
    };
    const { url } = await startServer(t, { serve });
    for (const name of ["/", "/jobs", "/"]) {
      const { socket, hello } = await connect(t, url + name);
      assert.equal(statusOf(await ask(socket, "save", envelope(hello, "key", 1))), "applied");
    }
    assert.deepEqual(saved, ["/", "/jobs"]);
  });

  test("that are hostile get a clear answer, and the server goes on", async (t) => {
    const errors = [];
    const serve = ({ io }) =>
      io.on("connection", (socket) => socket.on("save", (...args) => args.pop()("saved")));
    const { url } = await startServer(t, { serve, onError: (error) => errors.push(error) });
    const { socket, hello } = await connect(t, url);
    const good = envelope(hello, "key", 1).$sockeye;
    const bad = [
      null,
      1,
      "x",
      [],
      {},
      { ...good, k: 1 },
      { ...good, n: 1e300 },
      { ...good, e: "1" },
    ];
    for (const $sockeye of [...bad, { ...good, c: { toString: 1 } }, { __proto__: good }]) {
      const [answer, data] = await ask(socket, "save", 1, { $sockeye });
      assert.equal(answer.$sockeye.s, "rejected");
      assert.equal(data.code, "invalid_envelope");
    }
    const far = envelope(hello, "key", Number.MAX_SAFE_INTEGER);
    assert.equal(statusOf(await ask(socket, "save", 1, far)), "gap");
    assert.equal(
      statusOf(await ask(socket, "save", 1, envelope(hello, "__proto__", 1))),
      "applied",
    );
    assert.deepEqual(await ask(socket, "save", 1), ["saved"]);
    assert.deepEqual(errors, []);
  });
});

const kills = Number(process.env.SERVER_KILLS ?? 12);

describe("a server that is killed", { timeout: 30_000 + kills * 3_000 }, () => {
  test(`applies each action once, in order, in ${kills} kills around a commit`, async (t) => {
    const ends = endInReverse(t);
    const directory = mkdtempSync(path.join(tmpdir(), "sockeye-sqlite-"));
    ends.after(() => rmSync(directory, { recursive: true, force: true }));
    const file = path.join(directory, "server.db");
    const random = new Random(1);
    const sent = [];
    for (let kill = 0; kill < kills; kill += 1) {
      const dieAt = 1 + random.below(3);
      const when = random.pick(["before", "after"]);
      await sendUntilKilled(t, { file, dieAt, when }, sent);
    }
    const database = new Database(file);
    t.after(() => database.close());
    const saved = database.prepare("SELECT value, server FROM saved ORDER BY rowid").all();
    assert.ok(sent.length > kills);
    const answered = sent.filter(({ isAnswered }) => isAnswered).length;
    const values = saved.map(({ value }) => value);
    assert.deepEqual(
      values,
      sent.slice(0, values.length).map(({ key }) => key),
    );
    assert.ok(values.length >= answered, "nothing that was acknowledged is missing");
    assert.equal(new Set(values).size, values.length);
    assert.ok(new Set(saved.map(({ server }) => server)).size > 1);
  });

  /** Sends action after action, beginning with the last one that was not answered. */
  async function sendUntilKilled(t, settings, sent) {
    const ends = [];
    const { child, url } = await startHelperWorker({ after: (end) => ends.push(end) }, settings);
    const ended = once(child, "close");
    const { socket, hello } = await connect(t, url);
    for (;;) {
      if (sent.at(-1)?.isAnswered !== false)
        sent.push({ key: `action ${sent.length + 1}`, isAnswered: false });
      const action = sent.at(-1);
      const answer = await ask(
        socket,
        "save",
        action.key,
        envelope(hello, action.key, sent.length),
      );
      if (!answer) break;
      assert.equal(statusOf(answer), "applied");
      assert.equal(answer[1], action.key);
      action.isAnswered = true;
    }
    await ended;
    for (const end of ends) await end();
  }
});

describe("a shared Redis", limit, () => {
  async function openRedis(t) {
    const ends = endInReverse(t);
    const redis = await startRedis(ends);
    const client = createClient({ socket: { path: redis } });
    await client.connect();
    ends.after(() => client.destroy());
    return { ends, redis, client };
  }

  async function twoServers(t) {
    const { ends, redis, client } = await openRedis(t);
    const names = ["one", "two"];
    const urls = await Promise.all(
      names.map(async (name) => (await startHelperWorker(ends, { redis, name })).url),
    );
    const [one, two] = await Promise.all(urls.map((url) => connect(t, url)));
    assert.equal(one.hello.memory, two.hello.memory);
    return { client, one, two };
  }

  test("lets two servers apply an action once", async (t) => {
    const { client, one, two } = await twoServers(t);
    const action = ["save", "slow", envelope(one.hello, "key", 1)];
    const first = ask(one.socket, ...action);
    // The other server hears of it when the first has begun.
    while ((await client.lLen("saved")) === 0) await new Promise(setImmediate);
    const [{ $sockeye: meanwhile }] = await ask(two.socket, ...action);
    assert.deepEqual(meanwhile, { k: "key", s: "retry", afterMs: 1_000 });
    await client.rPush("go", "go");
    const answer = [{ $sockeye: { k: "key", s: "applied" } }, "slow", "one"];
    assert.deepEqual(await first, answer);
    assert.deepEqual(await ask(two.socket, ...action), answer, "the first one's outcome");
    assert.equal(
      statusOf(await ask(two.socket, "save", "next", envelope(two.hello, "key 2", 2))),
      "applied",
    );
    assert.deepEqual(await client.lRange("saved", 0, -1), ["slow", "next"]);
  });

  test("numbers the events of two servers, and each knows what the other sent", async (t) => {
    const { one, two } = await twoServers(t);
    const [[stream, epoch]] = one.hello.positions;
    for (const text of ["a", "b", "c"]) {
      await ask(one.socket, "tell", text);
      await ask(two.socket, "tell", text.toUpperCase());
    }
    const live = one.events.filter(([name]) => name === "news");
    assert.deepEqual(
      live.map((event) => event.at(-1).$sockeye.seq),
      [1, 3, 5],
      "no adapter joins them",
    );
    const [found] = await ask(one.socket, "sockeye:since", { streams: [[stream, epoch, 0]] });
    assert.equal(found.streams[0].seq, 6);
    assert.deepEqual(
      found.streams[0].events.map(([, text, , { $sockeye }]) => [text, $sockeye.seq]),
      ["a", "A", "b", "B", "c", "C"].map((text, at) => [text, at + 1]),
    );
  });

  test("that was emptied is another memory: clients are told, and nothing runs by mistake", async (t) => {
    const { client } = await openRedis(t);
    const saved = [];
    const serve = ({ io }) =>
      io.on("connection", (socket) => socket.on("save", (value, done) => done(saved.push(value))));
    const { url } = await startServer(t, { serve, store: redisStore(client) });
    const { socket, hello } = await connect(t, url);
    await ask(socket, "save", "a", envelope(hello, "a", 1));
    await client.flushAll();
    const [{ $sockeye }] = await ask(socket, "save", "a", envelope(hello, "a", 1));
    assert.equal($sockeye.s, "memory");
    assert.notEqual($sockeye.m, hello.memory);
    const [gap] = await ask(socket, "sockeye:since", { streams: hello.positions });
    assert.equal(gap.streams[0].gap, true);
    const { socket: later, hello: next } = await connect(t, url);
    assert.equal(next.memory, $sockeye.m);
    assert.notEqual(next.positions[0][1], hello.positions[0][1], "another epoch");
    await ask(later, "save", "b", envelope(next, "b", 1, { e: 2 }));
    assert.deepEqual(saved, ["a", "b"]);
  });

  test("that is killed while handlers work lets no action run twice, and loses none", async (t) => {
    const ends = endInReverse(t);
    const { socket: path, restart } = await startLastingRedis(ends);
    const client = createClient({
      socket: { path, reconnectStrategy: 10 },
      disableOfflineQueue: true,
    });
    client.on("error", () => {});
    await client.connect();
    ends.after(() => client.destroy());
    const saved = [];
    const serve = ({ io }) =>
      io.on("connection", (socket) => {
        socket.on("save", async (value, done) => {
          saved.push(value);
          if (value % 10 === 0) await restart();
          done(value);
        });
      });
    const { url } = await startServer(t, { serve, store: redisStore(client), onError: () => {} });
    const { socket, hello } = await connect(t, url);
    const numbers = Array.from({ length: 40 }, (_, at) => at + 1);
    for (const number of numbers) {
      const action = ["save", number, envelope(hello, `key ${number}`, number)];
      let answer = await ask(socket, ...action);
      while (statusOf(answer) === "retry") answer = await ask(socket, ...action);
      assert.deepEqual(answer, [{ $sockeye: { k: `key ${number}`, s: "applied" } }, number]);
    }
    assert.deepEqual(saved, numbers);
  });

  test("that cannot be reached makes clients ask again, and lets them in", async (t) => {
    const { client } = await openRedis(t);
    let isDown = false;
    const broken = (name) => (sha, options) =>
      isDown ? Promise.reject(new Error("no Redis")) : client[name](sha, options);
    const store = redisStore({ eval: broken("eval"), evalSha: broken("evalSha") });
    const errors = [];
    const serve = ({ io }) => io.on("connection", (socket) => socket.on("save", (done) => done()));
    const { url } = await startServer(t, {
      serve,
      store,
      onError: (error) => errors.push(error.message),
    });
    const { hello } = await connect(t, url);
    isDown = true;
    const { socket, hello: another } = await connect(t, url);
    assert.equal(another.memory, hello.memory);
    assert.equal(statusOf(await ask(socket, "save", envelope(hello, "key", 1))), "retry");
    isDown = false;
    assert.equal(statusOf(await ask(socket, "save", envelope(hello, "key", 1))), "applied");
    assert.ok(errors.length > 0 && errors.every((message) => message === "no Redis"));
  });
});

describe("events", limit, () => {
  test("begin with hello, whatever the application sends first", async (t) => {
    const serve = ({ io }) => io.on("connection", (socket) => socket.emit("welcome"));
    const { url } = await startServer(t, { serve });
    const { socket, events } = await connect(t, url);
    await ask(socket, "sockeye:since", {});
    assert.deepEqual(
      events.map(([name]) => name),
      ["sockeye:hello", "welcome"],
    );
  });

  test("that were missed are replayed, until the log does not reach back", async (t) => {
    const { url, attached } = await startServer(t, {
      log: { maxEvents: 3 },
      serve: ({ io, attached }) =>
        io.on("connection", (socket) => {
          socket.on("follow", (room, done) => void attached.join(socket, room).then(done));
        }),
    });
    const first = await connect(t, url);
    await ask(first.socket, "follow", "room");
    await attached.to("room").emit("news", 1, Buffer.from([1]));
    await ask(first.socket, "sockeye:since", {});
    const live = first.events.at(-1);
    const { stream, epoch, seq } = live.at(-1).$sockeye;
    first.socket.disconnect();
    for (const value of [2, 3, 4])
      await attached.to("room").emit("news", value, Buffer.from([value]));

    const { socket, events } = await connect(t, url);
    const since = async (from) =>
      (await ask(socket, "sockeye:since", { streams: [[stream, epoch, from]] }))[0].streams[0];
    assert.deepEqual(await since(seq), { stream, events: [], gap: true }, "not in the room yet");
    await ask(socket, "follow", "room");
    assert.deepEqual(events.at(-1), ["sockeye:position", ["room", epoch, 4]]);
    const found = await since(seq);
    assert.equal(found.seq, 4);
    assert.deepEqual(
      found.events,
      [2, 3, 4].map((value) => [
        "news",
        value,
        Buffer.from([value]),
        stampOf(stream, epoch, value),
      ]),
    );
    await attached.to("room").emit("news", 5, Buffer.from([5]));
    assert.deepEqual(await since(seq), { stream, epoch, seq: 5, events: [], gap: true });
  });

  test("of a connection that was recovered begin with hello, too", async (t) => {
    const { url, io } = await startServer(t, { options: { connectionStateRecovery: {} } });
    const { socket } = await connect(t, url, { reconnection: true, reconnectionDelay: 10 });
    io.emit("any event", 1);
    await once(socket, "any event");
    socket.io.engine.close();
    const [hello] = await once(socket, "sockeye:hello");
    assert.equal(socket.recovered, true);
    assert.equal(hello.v, 1);
  });

  test("tell when to come back before a restart", async (t) => {
    const { url, helper } = await startServer(t);
    const { socket } = await connect(t, url);
    const told = once(socket, "sockeye:retry");
    helper.retry(2_000);
    assert.deepEqual(await told, [{ afterMs: 2_000 }]);
  });
});

const stampOf = (stream, epoch, seq) => ({
  $sockeye: { id: `${stream}/${epoch}/${seq}`, stream, epoch, seq },
});

test("pages of other origins are refused", limit, async (t) => {
  const allowRequest = allowOrigins(["https://app.example.com"]);
  const { url } = await startServer(t, { options: { allowRequest } });
  const handshake = async (headers, transport) => {
    const options = {
      forceNew: true,
      reconnection: false,
      transports: [transport],
      extraHeaders: headers,
    };
    const socket = connectTo(url, options);
    t.after(() => socket.disconnect());
    return Promise.race([
      once(socket, "connect").then(() => "connected"),
      once(socket, "connect_error").then(() => "refused"),
    ]);
  };
  for (const transport of ["polling", "websocket"]) {
    assert.equal(await handshake({ origin: "https://evil.example.com" }, transport), "refused");
    assert.equal(await handshake({ origin: "https://app.example.com" }, transport), "connected");
    assert.equal(await handshake({}, transport), "connected");
  }
});

test("the guide's set-up runs", limit, async (t) => {
  const guide = readFileSync(inRoot("docs/server.md"), "utf8");
  const [, program] = /## Set-up\n+```js\n(.*?)```/s.exec(guide);
  const url = await startText(t, program);
  const { socket, hello } = await connect(t, url, {
    extraHeaders: { origin: "https://app.example.com" },
  });
  const action = ["order:cancel", { orderId: 7 }, envelope(hello, "key", 1)];
  assert.deepEqual((await ask(socket, ...action))[1], { cancelled: 7 });
  const joined = once(socket, "sockeye:position");
  await ask(socket, "follow", 7);
  assert.equal((await joined)[0][0], "order 7");
});

test("the entry imports nothing but Node's own modules", () => {
  const inPackage = (file) => readFileSync(path.join(installedPackage, "dist", file), "utf8");
  const files = new Set(["server.js"]);
  const modules = new Set();
  for (const file of files) {
    for (const [, name] of inPackage(file).matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
      if (name.startsWith(".")) files.add(name);
      else modules.add(name);
    }
  }
  assert.deepEqual([...modules], ["node:crypto"]);
  assert.ok(
    [...files].every((file) => !/core|wasm|glue/.test(file)),
    `${[...files]}`,
  );
});
