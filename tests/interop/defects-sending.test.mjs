/**
 * Defects of the official client in what it sends without keeping it, each beside Sockeye, which has none
 * of them: answers that do not come, what is too large, buffers without an end.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { failureOf, limit, setUp } from "./defects.mjs";

test(
  "settles a request without an answer; the official client may never call a callback",
  limit,
  async (t) => {
    const asked = [];
    const world = await setUp(t, {
      serve: (socket) => {
        socket.on("echo", (value, answer) => answer(value));
        socket.on("silence", (value) => asked.push(value));
      },
    });

    const socket = world.official();
    await once(socket, "connect");
    let calls = 0;
    let state = "pending";
    socket.emit("silence", "callback", () => (calls += 1));
    socket.emitWithAck("silence", "promise").catch(() => (state = "rejected"));
    await socket.emitWithAck("echo", 1);
    assert.equal(state, "pending", "official: as long as it is connected");
    const gone = once(socket, "disconnect");
    await world.faults.cut();
    await gone;
    await once(socket, "connect");
    await socket.emitWithAck("echo", 1);
    assert.deepEqual(
      [calls, state],
      [0, "rejected"],
      "official: the callback is not called at all",
    );
    socket.disconnect();

    const client = world.sockeye();
    await client.connect();
    const late = client.with({ timeoutMs: 50 }).request("silence", "late");
    assert.equal((await failureOf(late)).code, "ack_timeout");
    const lost = failureOf(client.request("silence", "lost"));
    await client.request("echo", 1);
    await world.faults.cut();
    assert.equal((await lost).code, "disconnected");
    assert.deepEqual(asked, ["callback", "promise", "late", "lost"]);
  },
);

test(
  "refuses at once what is too large; the official client's connections end by it",
  limit,
  async (t) => {
    const maxHttpBufferSize = 100_000;
    const reasons = [];
    const world = await setUp(t, {
      options: { maxHttpBufferSize },
      serve: (socket) => {
        socket.on("echo", (value, answer) => answer(value));
        socket.conn.once("close", (reason) => reasons.push(reason));
      },
    });
    const large = "x".repeat(2 * maxHttpBufferSize);

    const socket = world.official({ retries: 3, ackTimeout: 5_000 });
    await once(socket, "connect");
    assert.equal(socket.io.engine._maxPayload, maxHttpBufferSize, "official: it has been told");
    let disconnects = 0;
    socket.on("disconnect", () => (disconnects += 1));
    const [failure] = await new Promise((resolve) => {
      socket.emit("echo", large, (...args) => resolve(args));
    });
    assert.equal(failure.message, "socket has been disconnected");
    assert.equal(disconnects, 4, "official: at each of its attempts");
    const closed = (await world.faults.log()).filter(
      ({ opcode, direction }) => opcode === "close" && direction === "serverToClient",
    );
    assert.equal(closed.length, 4);
    socket.disconnect();

    const client = world.sockeye();
    await client.connect();
    const { id } = client;
    assert.throws(() => client.emit("echo", large), { code: "payload_too_large" });
    assert.equal((await failureOf(client.request("echo", large))).code, "payload_too_large");
    const action = client.enqueue("echo", large);
    assert.equal((await failureOf(action.accepted)).code, "payload_too_large");
    assert.equal(await client.request("echo", 1), 1);
    assert.equal(client.id, id, "the connection goes on");
  },
);

test(
  "has an end of its buffer, and of how long actions wait; the official client has none",
  limit,
  async (t) => {
    const count = 100_000;
    let heard = 0;
    const titles = [];
    const world = await setUp(t, {
      serve: (socket) => {
        socket.on("count", () => (heard += 1));
        socket.on("title", (title, answer) => {
          titles.push(title);
          answer?.();
        });
      },
    });

    const client = world.sockeye();
    for (let number = 0; number < 1_000; number += 1) client.emit("count");
    assert.throws(() => client.emit("count"), { code: "buffer_full" });
    const old = client.with({ ttlMs: 50 }).enqueue("title", "old");

    const socket = world.official({ autoConnect: false });
    socket.emit("title", "old");
    for (let number = 0; number < count; number += 1) socket.emit("count");
    assert.equal(socket.sendBuffer.length, count + 1, "official: everything is kept");
    assert.equal((await failureOf(old.result)).code, "action_expired");
    socket.connect();
    await new Promise((resolve) => {
      socket.emit("title", "last", resolve);
    });
    assert.deepEqual(titles, ["old", "last"], "official: however old it is");
    assert.equal(heard, count);

    heard = 0;
    titles.length = 0;
    await client.connect();
    await client.enqueue("title", "new").result;
    assert.deepEqual([heard, titles], [1_000, ["new"]]);
  },
);
