/**
 * Defects of the official client's `retries`, each beside Sockeye's outbox, which has none of them: what
 * is acknowledged is sent again, what was done is done again, one event keeps all others waiting.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { limit, setUp, until } from "./defects.mjs";

/** Emits with the official client; resolves with what its callback is told. */
const emit = (socket, ...event) =>
  new Promise((resolve) => {
    socket.emit(...event, (...args) => resolve(args));
  });

/** A server that acknowledges "save", and what it has saved. */
async function saving(t, options) {
  const saved = [];
  const serve = (socket) =>
    socket.on("save", (value, answer) => {
      saved.push(value);
      answer(`saved ${value}`);
    });
  return { saved, world: await setUp(t, { serve, ...options }) };
}

const lostAnswer = {
  direction: "serverToClient",
  on: { frame: { prefix: "43" } },
  do: { cut: {} },
};

test(
  "sends once what is acknowledged at once; the official client does it four times",
  limit,
  async (t) => {
    const { saved, world } = await saving(t);
    const socket = world.official({ retries: 3 });
    const [error] = await emit(socket, "save", 1);
    assert.equal(error, "saved 1", "official: takes the answer for an error");
    assert.deepEqual(saved, [1, 1, 1, 1]);
    socket.disconnect();

    saved.length = 0;
    const client = world.sockeye();
    void client.connect();
    assert.equal(await client.enqueue("save", 1).result, "saved 1");
    assert.equal(await client.enqueue("save", 2).result, "saved 2");
    assert.deepEqual(saved, [1, 2]);
  },
);

test(
  "does once what loses its answers; the official client does it again and gives up",
  limit,
  async (t) => {
    const { saved, world } = await saving(t, { helper: {} });
    const socket = world.official({ retries: 3, ackTimeout: 5_000, autoConnect: false });
    await world.faults.rule({ id: "official", ...lostAnswer, times: 4 });
    socket.connect();
    const [error] = await emit(socket, "save", 1);
    await world.faults.applied("official", 4);
    assert.equal(error.message, "socket has been disconnected", "official: it gives up");
    assert.deepEqual(saved, [1, 1, 1, 1], "although it was done, four times");
    socket.disconnect();

    saved.length = 0;
    const client = world.sockeye();
    await client.connect();
    await world.faults.rule({ id: "sockeye", ...lostAnswer, times: 4 });
    assert.equal(await client.enqueue("save", 2).result, "saved 2");
    await world.faults.applied("sockeye", 4);
    assert.deepEqual(saved, [2]);
  },
);

test(
  "keeps an action through lost connections; the official client gives it up",
  limit,
  async (t) => {
    const saved = [];
    let toEnd = 4;
    let world;
    const serve = (socket) =>
      socket.on("save", (value, answer) => {
        saved.push(value);
        toEnd -= 1;
        if (toEnd < 0) answer(value);
        else void world.faults.cut();
      });
    world = await setUp(t, { serve });
    const socket = world.official({ retries: 2, ackTimeout: 5_000 });
    const [error] = await emit(socket, "save", 1);
    assert.equal(error.message, "socket has been disconnected", "official: it is given up");
    assert.deepEqual(saved, [1, 1, 1]);
    socket.disconnect();

    saved.length = 0;
    toEnd = 4;
    const client = world.sockeye();
    void client.connect();
    const action = client.enqueue("save", 2);
    const { error: reason } = await until(action, ({ state }) => state === "quarantined");
    assert.equal(reason.code, "action_quarantined", "three connections in a row: it is put aside");
    assert.equal(client.outbox.items.value.length, 1, "and kept");
    const queued = until(action, ({ state }) => state !== "quarantined");
    assert.equal(client.outbox.retry(action.id), true);
    await queued;
    assert.equal(await action.result, 2);
    assert.equal(client.outbox.items.value.length, 0);
  },
);

test(
  "lets an action without an answer delay no other lane; the official client waits",
  limit,
  async (t) => {
    const heard = [];
    const serve = (socket) => {
      socket.on("silence", () => heard.push("silence"));
      socket.on("save", (answer) => answer(heard.push("save")));
    };
    const world = await setUp(t, { serve });
    const socket = world.official({ retries: 2, ackTimeout: 100 });
    socket.emit("silence");
    await emit(socket, "save");
    assert.deepEqual(heard.slice(0, 4), ["silence", "silence", "silence", "save"], "official");
    socket.disconnect();

    heard.length = 0;
    const client = world.sockeye({ requestTimeoutMs: 60_000 });
    await client.connect();
    const silence = client.with({ lane: "one" }).enqueue("silence");
    await client.with({ lane: "another" }).enqueue("save").result;
    assert.deepEqual(heard, ["silence", "save"]);
    assert.deepEqual(silence.status.value, { state: "sent", attempts: 1 });
  },
);

test(
  "loses nothing in a network that swallows everything; the official client loses five of seven",
  limit,
  async (t) => {
    const { saved, world } = await saving(t, { helper: {} });
    /** Sends 0, then 1 to 5 into nothing, then 6 over the next connection. */
    const swallow = async ({ rule, sent, send, back }) => {
      saved.length = 0;
      await send(0);
      const on = { frame: { prefix: "42" } };
      await world.faults.rule({ id: rule, direction: "clientToServer", on, do: "pass" });
      await world.faults.stall();
      for (const value of [1, 2, 3, 4, 5]) void send(value);
      await world.faults.applied(rule, sent);
      await world.faults.remove(rule);
      const again = back();
      await world.faults.cut();
      await world.faults.release();
      await again;
      await send(6);
      return [...saved];
    };

    const socket = world.official();
    await once(socket, "connect");
    const lossy = await swallow({
      rule: "official",
      sent: 5,
      send: (value) => emit(socket, "save", value),
      back: () => once(socket, "connect"),
    });
    assert.deepEqual(lossy, [0, 6], "official: five of seven are lost, and nobody is told");
    socket.disconnect();

    const client = world.sockeye();
    await client.connect();
    const back = async () => {
      await until(client, ({ state }) => state !== "connected");
      await until(client, ({ state }) => state === "connected");
    };
    const kept = await swallow({
      rule: "sockeye",
      sent: 2, // the others wait for their turn
      send: (value) => client.enqueue("save", value).result,
      back,
    });
    assert.deepEqual(kept, [0, 1, 2, 3, 4, 5, 6]);
  },
);
