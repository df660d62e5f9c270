/**
 * Defects of the official client about connections and listeners, each beside Sockeye, which has none of
 * them: listeners that throw, an authentication that fails, first words, waits.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Manager } from "socket.io-client";
import { waitFor } from "../browser/support/wait.mjs";
import { collectUncaught, failureOf, limit, setUp, until } from "./defects.mjs";

/** Collects what the client tells of its errors. */
function errorsOf(client) {
  const errors = [];
  client.errors.subscribe(({ code, cause }) => errors.push(`${code}: ${cause?.message}`));
  return errors;
}

const echo = (socket) => socket.on("echo", (value, answer) => answer(value));

test(
  "goes on with the other listeners when one throws; the official client does not",
  limit,
  async (t) => {
    const uncaught = collectUncaught(t);
    const world = await setUp(t, { serve: echo });
    const heard = [];
    const listen = (add) => {
      add(() => {
        throw new Error("the first listener");
      });
      add((value) => heard.push(value));
    };

    const socket = world.official();
    listen((listener) => socket.on("news", listener));
    await once(socket, "connect");
    world.io.emit("news", "official");
    await socket.emitWithAck("echo", 1);
    assert.deepEqual(heard, [], "official: the second listener is not called");
    socket.disconnect();

    const client = world.sockeye();
    const errors = errorsOf(client);
    listen((listener) => client.on("news").subscribe(listener));
    await client.connect();
    world.io.emit("news", "sockeye");
    await client.request("echo", 1);
    assert.deepEqual(heard, ["sockeye"]);
    assert.deepEqual(
      uncaught,
      ["the first listener"],
      "it ends a program that has not asked for it",
    );
    assert.deepEqual(errors, ["listener_error: the first listener"]);
  },
);

test(
  "goes on when a listener throws on a replayed event; the official client never connects again",
  limit,
  async (t) => {
    const uncaught = collectUncaught(t);
    const got = [];
    const world = await setUp(t, {
      options: { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } },
      serve: (socket) => {
        echo(socket);
        socket.on("saved", (value) => got.push(value));
      },
    });
    /** Ends the connection, emits `event` for it, and lets it come back. */
    const replay = async (ended, event) => {
      const [socket] = world.io.of("/").sockets.values();
      const gone = once(socket, "disconnect");
      await world.faults.cut();
      await Promise.all([gone, ended]);
      world.io.emit(...event);
    };
    const throwOn = (values) => (value) => {
      values.push(value);
      if (value === "bad") throw new Error("the listener");
    };

    const socket = world.official({ reconnection: false });
    const heard = [];
    socket.on("news", throwOn(heard));
    await once(socket, "connect");
    world.io.emit("news", "first");
    await socket.emitWithAck("echo", 1);
    let connects = 0;
    socket.on("connect", () => (connects += 1));
    await replay(once(socket, "disconnect"), ["news", "bad"]);
    for (const round of [1, 2]) {
      socket.emit("saved", `official ${round}`);
      socket.connect();
      await waitFor("the replay", () => uncaught.length === round);
      assert.equal(socket.connected, true);
      socket.emit("saved", "while connected");
      await socket.emitWithAck("echo", 2);
      const gone = once(socket, "disconnect");
      await world.faults.cut();
      await gone;
    }
    assert.equal(connects, 0, "official: connect never fires");
    assert.deepEqual(heard, ["first", "bad", "bad"], "and the event comes again");
    assert.ok(!got.includes("official 1"), "and what was emitted offline stays");
    assert.ok(socket.sendBuffer.length > 0);
    socket.disconnect();

    const client = world.sockeye();
    const values = [];
    const errors = errorsOf(client);
    client.on("news").subscribe(throwOn(values));
    await client.connect();
    world.io.emit("news", "first");
    await client.request("echo", 1);
    const away = until(client, ({ state }) => state !== "connected");
    await replay(away, ["news", "bad"]);
    client.emit("saved", "sockeye");
    await until(client, ({ state, recovered }) => state === "connected" && recovered);
    await client.request("echo", 2);
    assert.deepEqual(values, ["first", "bad"]);
    assert.equal(got.at(-1), "sockeye");
    assert.equal(uncaught.length, 2);
    assert.deepEqual(errors, ["listener_error: the listener"]);
  },
);

test(
  "tells that an auth has failed, and tries again; the official client does neither",
  limit,
  async (t) => {
    const uncaught = collectUncaught(t);
    const world = await setUp(t, { serve: echo, options: { connectTimeout: 200 } });
    const failing = async () => {
      throw new Error("no token");
    };

    const socket = world.official({ auth: failing, reconnection: false });
    const told = [];
    socket.on("connect_error", (error) => told.push(error));
    const [reason] = await once(socket.io, "close");
    assert.equal(reason, "transport close", "official: until the server has had enough");
    assert.deepEqual(told, [], "and nobody is told");
    assert.deepEqual(uncaught, ["no token"]);

    let calls = 0;
    const auth = async () => {
      calls += 1;
      return calls < 3 ? failing() : { token: "good" };
    };
    const client = world.sockeye({ auth });
    const failure = await failureOf(client.connect());
    assert.equal(failure.code, "auth_failed");
    assert.equal(failure.cause.message, "no token");
    await until(client, ({ state }) => state === "connected");
    assert.equal(calls, 3, "it was tried again");
    assert.equal(uncaught.length, 1);
  },
);

test(
  "says first words first; the official client sends what was emitted offline before",
  limit,
  async (t) => {
    const heard = [];
    const world = await setUp(t, {
      serve: (socket) => {
        echo(socket);
        socket.onAny((event) => heard.push(event));
      },
    });

    const socket = world.official({ autoConnect: false });
    socket.emit("queued");
    socket.once("connect", () => socket.emit("hello"));
    socket.connect();
    await socket.emitWithAck("echo", 1);
    assert.ok(heard.indexOf("queued") < heard.indexOf("hello"), "official");

    heard.length = 0;
    const client = world.sockeye();
    client.emit("queued");
    const action = client.enqueue("echo", 2);
    client.onConnected((first) => first.emit("hello"));
    await client.connect();
    await Promise.all([action.result, client.request("echo", 1)]);
    assert.equal(heard[0], "hello");
    assert.deepEqual([...heard].sort(), ["echo", "echo", "hello", "queued"]);
  },
);

test(
  "spreads later waits up to the longest; the official client's are all alike",
  limit,
  async (t) => {
    const drawn = (attempts) => {
      const { backoff } = new Manager("http://127.0.0.1:1", { autoConnect: false });
      for (let attempt = 1; attempt < attempts; attempt += 1) backoff.duration();
      return backoff.duration();
    };
    const draws = (attempts) => Array.from({ length: 2_000 }, () => drawn(attempts));
    const first = draws(1);
    assert.ok(Math.min(...first) >= 500, "official: nobody comes back within half a second");
    const sixth = draws(6);
    assert.ok(
      sixth.every((ms) => ms === 5_000),
      "and after six attempts all come back together",
    );

    const world = await setUp(t);
    await world.faults.rule({ on: "connection", do: "refuse" });
    const waits = await Promise.all(
      Array.from({ length: 40 }, async (_, number) => {
        const client = world.sockeye({
          reconnect: { baseMs: 1_000, capMs: 5_000 },
          random: () => (number + 0.5) / 40,
        });
        void client.connect().catch(() => {});
        for (let attempt = 2; attempt < 7; attempt += 1) {
          await until(client, (status) => status.state === "waiting" && status.attempt === attempt);
          client.reconnectNow();
        }
        const isSixth = ({ state, attempt }) => state === "waiting" && attempt === 7;
        return (await until(client, isSixth)).retryAt - Date.now();
      }),
    );
    waits.sort((a, b) => a - b);
    assert.ok(waits.at(-1) <= 5_000);
    assert.ok(waits[0] < 1_000 && waits.at(-1) > 4_000, `from the start to the cap: ${waits}`);
    const widest = waits.slice(1).map((wait, index) => wait - waits[index]);
    assert.ok(Math.max(...widest) < 1_500, `without a hole: ${waits}`);
  },
);
