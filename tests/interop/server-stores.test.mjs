/** The contract's table with the stores in Redis and SQLite, and what is special to these. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import Database from "libsql";
import { createClient } from "redis";
import { ActionRejected, createServerHelper, redisStore } from "sockeye-client/server";
import { FakeNamespace } from "../contract/fakeSocket.mjs";
import { cases, runCase } from "../contract/runCase.mjs";
import { sqliteStore } from "../../docs/examples/sqliteStore.mjs";
import { endInReverse, startRedis } from "./processes.mjs";

const leaseMs = 30_000;
const retentionMs = 86_400_000;

const worldOf = (store, more) => ({
  Rejected: ActionRejected,
  memory: () => store.memory(),
  newHelper: (identify) =>
    createServerHelper({ store, leaseMs, retentionMs, identify, onError: () => {} }),
  ...more,
});

describe("Redis", () => {
  const ends = endInReverse({ after });
  let client;
  let prefixes = 0;
  before(async () => {
    const path = await startRedis(ends);
    client = createClient({ socket: { path } });
    await client.connect();
    ends.after(() => client.destroy());
  });

  const newPrefix = () => `{test ${(prefixes += 1)}}`;

  const drop = async (pattern) => {
    const names = await client.keys(pattern.replaceAll(/[[\]{}]/g, "?"));
    if (names.length > 0) await client.del(names);
  };

  for (const each of cases) {
    test(each.name, async () => {
      const prefix = newPrefix();
      const world = worldOf(redisStore(client, { prefix }), {
        forget: () => drop(`${prefix}:*`),
        waitLeases: () => drop(`${prefix}:claim:*`),
        waitRetention: () => Promise.all([drop(`${prefix}:key:*`), drop(`${prefix}:lane:*`)]),
      });
      await runCase(world, each);
    });
  }

  test("lets keys, lanes and claims end by themselves", async () => {
    const prefix = newPrefix();
    const store = redisStore(client, { prefix });
    const action = await actionOf(store);
    await store.claim(action, "token", leaseMs);
    const left = async (name) => client.pTTL(`${prefix}:${name}`);
    const isNear = (value, whole) =>
      assert.ok(value > whole - 20_000 && value <= whole, `${value}`);
    isNear(await left('claim:["ann","key"]'), leaseMs);
    isNear(await left('key:["ann","key"]'), retentionMs);
    await store.settle(action, "token", { status: "applied", args: [] });
    assert.equal(await left('claim:["ann","key"]'), -2, "given back");
    isNear(await left('key:["ann","key"]'), retentionMs);
    isNear(await left('lane:["ann","client",""]'), retentionMs);
    assert.equal(await left("memory"), -1, "for ever");
  });

  test("keeps a claim that another has by now", async () => {
    const store = redisStore(client, { prefix: newPrefix() });
    const action = await actionOf(store);
    await store.claim(action, "mine", leaseMs);
    await store.release(action, "another's");
    assert.equal((await store.claim(action, "third", leaseMs)).kind, "retry");
    await store.release(action, "mine");
    assert.equal((await store.claim(action, "third", leaseMs)).kind, "apply");
  });

  test("works when Redis has lost its scripts", async () => {
    const store = redisStore(client, { prefix: newPrefix() });
    const memory = await store.memory();
    await client.scriptFlush();
    assert.equal(await store.memory(), memory);
  });

  test("numbers events without a hole, whoever appends them, and keeps the last ones", async () => {
    const prefix = newPrefix();
    const limits = { maxEvents: 50, maxStreams: 10, maxAgeMs: 60_000 };
    const logs = [1, 2].map(() => redisStore(client, { prefix }).eventLog(limits));
    const opened = await logs[0].position("stream");
    assert.equal(opened.seq, 0);
    const texts = Array.from({ length: 100 }, (_, at) => `["event",${at}]`);
    const positions = await Promise.all(
      texts.map((text, at) => logs[at % 2].append("stream", text)),
    );
    assert.deepEqual(
      positions.map(({ seq }) => seq).sort((a, b) => a - b),
      texts.map((_, at) => at + 1),
    );
    assert.ok(positions.every(({ epoch }) => epoch === opened.epoch));
    const inOrder = texts.map((_, at) => texts[positions.findIndex(({ seq }) => seq === at + 1)]);
    const { epoch } = opened;
    const since = (seq, limit = 1_000) => logs[1].since("stream", { epoch, seq }, limit);
    const last = { epoch, seq: 100 };
    assert.deepEqual(await since(50), {
      position: last,
      events: inOrder.slice(50),
      gap: false,
      more: false,
    });
    assert.deepEqual(await since(100), { position: last, events: [], gap: false, more: false });
    const some = {
      position: { epoch, seq: 62 },
      events: inOrder.slice(60, 62),
      gap: false,
      more: true,
    };
    assert.deepEqual(await since(60, 2), some);
    const gap = { position: last, events: [], gap: true, more: false };
    for (const seq of [0, 49, 101]) assert.deepEqual(await since(seq), gap);
    assert.deepEqual(await logs[1].since("stream", { epoch: "x", seq: 100 }, 10), gap);
    assert.equal(await logs[1].since("nothing", last, 10), undefined);
  });

  test("begins a stream anew when Redis has forgotten it", async () => {
    const prefix = newPrefix();
    const log = redisStore(client, { prefix }).eventLog({ maxEvents: 5, maxAgeMs: 60_000 });
    const { epoch } = await log.append("stream", "1");
    await drop(`${prefix}:head:*`);
    const next = await log.append("stream", "2");
    assert.equal(next.seq, 1);
    assert.notEqual(next.epoch, epoch);
    assert.deepEqual((await log.since("stream", { ...next, seq: 0 }, 10)).events, ["2"]);
  });
});

describe("SQLite", () => {
  for (const transactional of [true, false]) {
    const work = transactional ? "work in the transaction" : "a handler";
    for (const each of cases) {
      if (transactional && (each.needs?.includes("lease") || hasManyArguments(each))) continue;
      test(`${each.name}, with ${work}`, async (t) => {
        const { database, ...clock } = openDatabase(t);
        const store = sqliteStore(database, clock);
        const world = worldOf(store, {
          transactional,
          forget: () =>
            database.exec(
              "DELETE FROM sockeye_memory; DELETE FROM sockeye_lanes; DELETE FROM sockeye_keys",
            ),
          waitLeases: () => clock.go(leaseMs),
          waitRetention: () => clock.go(retentionMs),
        });
        await runCase(world, each);
      });
    }
  }

  test("undoes the application's work with the decision", async (t) => {
    const { database, send, values, told } = await openApplication(t);
    assert.equal((await send("throw", 1)).s, "retry");
    assert.deepEqual(values(), []);
    assert.equal((await send("throw", 1, { isMended: true })).s, "applied");
    assert.deepEqual(values(), ["throw"]);
    assert.equal((await send("reject", 2)).s, "rejected");
    assert.deepEqual(values(), ["throw"]);
    assert.equal((await send("reject", 2)).s, "rejected", "stored");
    assert.equal((await send("save", 3)).s, "applied", "the lane has gone on");
    assert.deepEqual(values(), ["throw", "save"]);
    assert.equal(database.inTransaction, false);
    assert.deepEqual(told, [
      ["throw", false],
      ["save", false],
    ]);
  });

  test("undoes the work of clients that know nothing of keys, too", async (t) => {
    const { socket, values } = await openApplication(t);
    assert.deepEqual(await socket.request("work", "save"), [{ saved: "save" }]);
    socket.receive("work", "throw");
    await socket.request("work", "save 2");
    assert.deepEqual(values(), ["save", "save 2"]);
  });
});

/** An action of nobody in particular. */
const actionOf = async (store) => ({
  identity: "ann",
  hash: "hash",
  keepMs: retentionMs,
  envelope: {
    key: "key",
    client: "client",
    epoch: 1,
    seq: 1,
    lane: "",
    memory: await store.memory(),
  },
});

/** Work has one result. */
function hasManyArguments({ steps }) {
  return steps.some(({ work }) => work?.applied?.length > 1);
}

function openDatabase(t) {
  const database = new Database(":memory:");
  t.after(() => database.close());
  let time = 1_000_000;
  return { database, now: () => time, go: (ms) => (time += ms) };
}

/** Work that writes, and then fails or not as its argument says. */
async function openApplication(t) {
  const { database } = openDatabase(t);
  database.exec("CREATE TABLE saved (value TEXT)");
  const store = sqliteStore(database);
  let isMended = false;
  const namespace = new FakeNamespace();
  const attached = createServerHelper({ store, onError: () => {} }).attach(namespace);
  const socket = await namespace.connect();
  const told = [];
  attached.handle(socket, "work", async ({ tx, afterCommit }, value) => {
    afterCommit(() => told.push([value, database.inTransaction]));
    tx.prepare("INSERT INTO saved VALUES (?)").run(value);
    await undefined;
    if (value === "throw" && !isMended) throw new Error("the application fails");
    if (value === "reject") throw new ActionRejected();
    return { saved: value };
  });
  const send = async (value, n, options = {}) => {
    isMended = options.isMended ?? isMended;
    const m = await store.memory();
    const envelope = { k: value, c: "client", e: 1, n, lane: "", m };
    const [{ $sockeye }] = await socket.request("work", value, { $sockeye: envelope });
    return $sockeye;
  };
  const values = () =>
    database
      .prepare("SELECT value FROM saved")
      .all()
      .map(({ value }) => value);
  return { database, socket, send, values, told };
}
