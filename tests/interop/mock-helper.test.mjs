/** The mock server with `--helper`, and socket.io-client with envelopes that are written by hand. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { io } from "socket.io-client";
import { startMock } from "../browser/support/mock.mjs";

/** The official client on `jobs`, and what greets it. */
async function connectJobs(t, mock, { transport = "websocket", ...options } = {}) {
  const client = io(`${mock.url}/jobs`, {
    path: "/jobs/socket.io",
    transports: [transport],
    forceNew: true,
    reconnection: false,
    ...options,
  });
  t.after(() => client.disconnect());
  const [hello] = await once(client, "sockeye:hello");
  return { client, hello };
}

async function startHelper(t) {
  const mock = await startMock({ args: ["--rate", "0", "--helper"] });
  t.after(() => mock.stop());
  return mock;
}

/** Emits with an acknowledgement; resolves with all its arguments. */
const ask = (client, ...args) =>
  new Promise((resolve) => client.emit(...args, (...ack) => resolve(ack)));

const envelope = (memory, key, number) => ({
  $sockeye: { k: key, c: "by hand", e: 1, n: number, lane: "", m: memory },
});

const say = (mock, text) => mock.post("/jobs/api/broadcast", { event: "said", data: { text } });

for (const transport of ["websocket", "polling"]) {
  test(`does an action once over ${transport}`, async (t) => {
    const mock = await startHelper(t);
    const { client, hello } = await connectJobs(t, mock, { transport });
    const action = ["subscribe:jobs", { jobId: "1" }, envelope(hello.memory, "key", 1)];
    const answer = [
      { $sockeye: { k: "key", s: "applied" } },
      { success: true, room: "job:1", message: "Subscribed to job:1" },
    ];
    const positions = [];
    client.on("sockeye:position", (position) => positions.push(position));
    assert.deepEqual(await ask(client, ...action), answer);
    await ask(client, "unsubscribe:jobs", { jobId: "1" });
    assert.deepEqual(await ask(client, ...action), answer, "told again");
    await ask(client, "subscribe:jobs", { jobId: "2" });
    assert.deepEqual(
      positions.map(([room]) => room),
      ["job:1", "job:2"],
      "not done again",
    );
  });
}

test("answers a resent action on another connection after a cut", async (t) => {
  const mock = await startHelper(t);
  const first = await connectJobs(t, mock);
  const action = ["subscribe:jobs", envelope(first.hello.memory, "key", 1)];
  const before = await ask(first.client, ...action);
  const gone = once(first.client, "disconnect");
  await mock.cut();
  await gone;
  const second = await connectJobs(t, mock);
  assert.equal(second.hello.memory, first.hello.memory);
  assert.deepEqual(await ask(second.client, ...action), before);
});

test("a restarted server has another memory", async (t) => {
  const args = ["--rate", "0", "--helper", "--seed", "1"];
  const first = await startMock({ args });
  const { hello } = await connectJobs(t, first);
  await first.stop();
  const second = await startMock({ port: first.port, args });
  t.after(() => second.stop());
  const { client, hello: now } = await connectJobs(t, second);
  assert.notEqual(now.memory, hello.memory);
  assert.notEqual(now.positions[0][1], hello.positions[0][1], "nor the same numbers");
  const [answer] = await ask(client, "subscribe:jobs", envelope(hello.memory, "key", 1));
  assert.deepEqual(answer, { $sockeye: { k: "key", s: "memory", m: now.memory } });
});

test("what comes and what is replayed have no hole between them", async (t) => {
  const mock = await startHelper(t);
  const first = await connectJobs(t, mock);
  const heard = once(first.client, "said");
  await say(mock, "a");
  const [payload, stamp] = await heard;
  assert.deepEqual(payload, { text: "a" });
  const { stream, epoch, seq } = stamp.$sockeye;
  assert.deepEqual([stream, seq], ["*", 1]);
  assert.deepEqual(first.hello.positions, [["*", epoch, 0]]);

  first.client.disconnect();
  await say(mock, "b");
  const second = await connectJobs(t, mock);
  assert.deepEqual(second.hello.positions, [["*", epoch, 2]]);
  const live = once(second.client, "said");
  await say(mock, "c");
  const [, liveStamp] = await live;
  const [replay] = await ask(second.client, "sockeye:since", { streams: [["*", epoch, 1]] });
  const [{ events, ...rest }] = replay.streams;
  assert.deepEqual(rest, { stream: "*", epoch, seq: 3 });
  const texts = events.map(([name, { text }, { $sockeye }]) => [name, text, $sockeye.seq]);
  assert.deepEqual(texts, [
    ["said", "b", 2],
    ["said", "c", 3],
  ]);
  assert.deepEqual(events[1][2], liveStamp, "live and replayed are the same event");
});

test("sends each event twice if asked", async (t) => {
  const mock = await startMock({ args: ["--rate", "0", "--helper", "--repeat-events", "1"] });
  t.after(() => mock.stop());
  const { client } = await connectJobs(t, mock);
  const ids = [];
  client.on("said", (payload, { $sockeye }) => ids.push($sockeye.id));
  for (const text of ["a", "b"]) await say(mock, text);
  await ask(client, "subscribe:jobs");
  assert.equal(ids.length, 4);
  assert.equal(new Set(ids).size, 2);
});
