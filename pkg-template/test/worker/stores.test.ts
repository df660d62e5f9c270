/** The store of an outbox that is in the worker, next to the core. */
import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StoreCommand } from "../../src/outboxPort.js";
import { memoryOutboxStore } from "../../src/memoryStore.js";
import type { OutboxOptions } from "../../src/outboxOptions.js";
import { IndexedDbStore } from "../../src/ports/indexedDbStore.js";
import { randomId } from "../../src/randomId.js";
import { RemoteStores } from "../../src/worker/remoteStores.js";
import { clientWithWorkers, endAll, type FakeWorker } from "../support/crossing.js";
import { errorData, type FakeCore } from "../support/fakeCore.js";
import { FakeBrowser } from "../support/fakeTabs.js";
import { sockeyeError, turn } from "../support/setUp.js";

let browser: FakeBrowser;
let name: string;
beforeEach(() => {
  browser = new FakeBrowser();
  name = randomId();
  const { navigator, BroadcastChannel } = browser.open();
  vi.stubGlobal("navigator", navigator);
  vi.stubGlobal("BroadcastChannel", BroadcastChannel);
});
afterEach(() => endAll());

const newAction = (key: string) => ({
  ...{ key, event: "save", lane: "default", bytes: 9, attachmentCount: 0 },
  ...{ ackTimeoutMs: 1, resend: true, kills: 0 },
});

const put = (key: string): StoreCommand => ({
  ...{ type: "put", action: newAction(key), payload: { body: `["save","${key}"]` } },
});

/** Has the core want something of the store; resolves with the answer. */
async function want(core: FakeCore, ticket: number, command: StoreCommand) {
  core.events.store(0, ticket, command);
  const find = () => core.callsOf("storeAnswered").find(([, given]) => given === ticket)?.[2];
  await vi.waitFor(() => expect(find()).toBeDefined());
  return find();
}

/** A client whose first core has opened the store. */
async function opened(outbox: OutboxOptions = {}, identity = "") {
  const { client, workers } = clientWithWorkers({
    outbox: { name, ...outbox },
    ...(identity && { identity }),
  });
  const errors: unknown[] = [];
  client.errors.subscribe((error) => errors.push(error));
  client.connect().catch(() => {});
  await vi.waitFor(() => expect(workers).toHaveLength(1));
  const { core } = workers[0] as FakeWorker;
  await vi.waitFor(() => expect(core.callsOf("openOutbox")).toHaveLength(1));
  const answer = await want(core, 0, { type: "open", identity });
  return { client, workers, core, answer, errors };
}

/** Opens the database as another tab. */
const open = (identity = "") =>
  new IndexedDbStore({ name }, browser.open()).open({ namespace: "/", identity }, () => {});

/** From now on no database can be opened. */
const refuse = () =>
  vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
    throw new DOMException("forbidden", "SecurityError");
  });

/** What is in the database. */
async function stored(identity = "") {
  const partition = await open(identity);
  const { actions } = await partition.contents();
  partition.close();
  return actions.map(({ key }) => key);
}

test("has what the core wants done next to it, and the page hears what there is", async () => {
  const isOpened = vi.spyOn(RemoteStores.prototype, "open");
  const { client, core, answer } = await opened();
  expect(isOpened).toHaveBeenCalledOnce();
  expect(answer).toMatchObject({ type: "opened", actions: [] });
  expect(await want(core, 1, put("k"))).toMatchObject({ type: "stored", order: 1 });
  expect(await stored()).toEqual(["k"]);
  expect(await want(core, 2, { type: "read" })).toMatchObject({ type: "contents" });
  core.events.action(0, "k", "queued", 0, undefined, []);
  await vi.waitFor(() => expect(client.outbox.items.value).toMatchObject([{ id: "k" }]));
  expect(client.outbox.durability).toBe("strict");
});

test("tells what goes wrong there, with its code", async () => {
  const { core, errors } = await opened();
  const unknown: StoreCommand = { type: "settle", epoch: 7, settlements: [] };
  expect(await want(core, 1, unknown)).toEqual({ type: "fenced" });
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("no room", "QuotaExceededError");
  });
  expect(await want(core, 2, put("k"))).toEqual({ type: "failed", code: "storage_full" });
  await vi.waitFor(() => expect(errors).toHaveLength(1));
  expect(errors[0]).toEqual(
    sockeyeError("storage_full", {
      cause: expect.objectContaining({ code: "storage_full" }) as unknown,
    }),
  );
});

test("reads for the page what an action sends", async () => {
  const asked: unknown[] = [];
  const beforeFlush = (items: readonly { args: unknown }[]) =>
    void asked.push(...items.map(({ args }) => args));
  const { core } = await opened({ beforeFlush });
  await want(core, 1, put("k"));
  await want(core, 2, { type: "read" });
  core.events.action(0, "k", "queued", 0, undefined, []);
  core.events.flushAsked(0, 3, ["k"]);
  await vi.waitFor(() => expect(core.callsOf("flushPlan")).toEqual([[0, 3, ["k"], []]]));
  expect(asked).toEqual([["k"]]);
});

test("removes what a user has left, but not what is enqueued after that", async () => {
  const { client, core } = await opened({}, "anna");
  await want(core, 1, put("old"));
  client.logout({ queue: "discard" });
  client.setIdentity("anna");
  await want(core, 2, { type: "open", identity: "anna" });
  await want(core, 3, put("new"));
  client.outbox.enqueue("save", [], {}, "new");
  await vi.waitFor(async () => expect(await stored("anna")).toEqual(["new"]));
});

test("removes what a user has left also before the store is open", async () => {
  const before = await open("anna");
  await before.put(newAction("old"), { body: '["save"]' });
  before.close();
  const { client, workers } = clientWithWorkers({ outbox: { name }, identity: "anna" });
  client.logout({ queue: "discard" });
  await vi.waitFor(() => expect(workers).toHaveLength(1));
  const { core } = workers[0] as FakeWorker;
  await vi.waitFor(() => expect(core.callsOf("openOutbox")).toHaveLength(1));
  await want(core, 0, { type: "open", identity: "" });
  await vi.waitFor(async () => expect(await stored("anna")).toEqual([]));
});

test("removes what a user has left although the client is destroyed at once, or the worker ends", async () => {
  const { client, core } = await opened({}, "anna");
  await want(core, 1, put("old"));
  client.logout({ queue: "discard" });
  await client.destroy();
  await vi.waitFor(async () => expect(await stored("anna")).toEqual([]));

  const other = await opened({}, "berta");
  await want(other.core, 1, put("old"));
  expect(await stored("berta")).toEqual(["old"]);
  other.workers[0]?.port.close(); // nothing gets there
  other.client.logout({ queue: "discard" });
  other.workers[0]?.die();
  await vi.waitFor(async () => expect(await stored("berta")).toEqual([]));
});

test("what a user had is not shown to the next one", async () => {
  const { client, core } = await opened({}, "anna");
  await want(core, 1, put("k"));
  core.events.store(0, 2, { type: "read" });
  await vi.waitFor(() => expect(core.callsOf("storeAnswered")).toHaveLength(3));
  core.events.action(0, "k", "queued", 0, undefined, []);
  client.setIdentity("berta");
  await want(core, 3, { type: "open", identity: "berta" });
  await turn();
  expect(client.outbox.items.value).toEqual([]);
});

describe("where there is no database for the worker", () => {
  test("the page keeps the actions in its memory, also when the worker has ended", async () => {
    refuse();
    const { client, workers, core, errors } = await opened();
    await want(core, 1, put("k"));
    expect(client.outbox.durability).toBe("memory");
    expect(errors).toEqual([
      sockeyeError("not_durable", {
        cause: expect.objectContaining({
          message: expect.stringContaining("forbidden") as unknown,
        }) as unknown,
      }),
    ]);
    workers[0]?.die();
    await vi.waitFor(() => expect(workers).toHaveLength(2));
    const next = (workers[1] as FakeWorker).core;
    await vi.waitFor(() => expect(next.callsOf("openOutbox")).toHaveLength(1));
    expect(await want(next, 0, { type: "open", identity: "" })).toMatchObject({
      actions: [{ key: "k" }],
    });
  });

  test("commands that came before are done in their order", async () => {
    refuse();
    const { client, workers } = clientWithWorkers({ outbox: { name } });
    client.connect().catch(() => {});
    await vi.waitFor(() => expect(workers).toHaveLength(1));
    const { core } = workers[0] as FakeWorker;
    const commands: StoreCommand[] = [
      ...[{ type: "open", identity: "" } as const, put("a"), put("b")],
      ...[{ type: "remove", key: "a", onlyUnsent: true } as const, { type: "read" } as const],
    ];
    await vi.waitFor(() => expect(core.callsOf("openOutbox")).toHaveLength(1));
    for (const [ticket, command] of commands.entries()) core.events.store(0, ticket, command);
    await vi.waitFor(() => expect(core.callsOf("storeAnswered")).toHaveLength(5));
    expect(core.callsOf("storeAnswered").map(([, ticket, { type }]) => [ticket, type])).toEqual([
      [0, "opened"],
      [1, "stored"],
      [2, "stored"],
      [3, "removed"],
      [4, "contents"],
    ]);
    expect(core.callsOf("storeAnswered").at(-1)?.[2]).toMatchObject({ actions: [{ key: "b" }] });
  });

  test("nothing is accepted if it has to survive", async () => {
    refuse();
    const { core } = await opened({ requireDurable: true });
    expect(await want(core, 1, put("k"))).toEqual({ type: "failed", code: "storage_failed" });
  });
});

describe("stays on the page", () => {
  const cipher = {
    encrypt: (bytes: Uint8Array) => bytes,
    decrypt: (bytes: Uint8Array) => bytes,
  };

  test.each([
    ["if it is the application's", { store: memoryOutboxStore }],
    ["in memory", { durability: "memory" }],
    ["if it is encrypted", { encrypt: cipher }],
  ] as [string, OutboxOptions][])("%s", async (_, outbox) => {
    const isOpened = vi.spyOn(RemoteStores.prototype, "open");
    const { client, workers } = clientWithWorkers({ outbox: { name, ...outbox } });
    client.connect().catch(() => {});
    await vi.waitFor(() => expect(workers).toHaveLength(1));
    const { core } = workers[0] as FakeWorker;
    client.enqueue("save");
    await vi.waitFor(() => expect(core.callsOf("enqueue")).toHaveLength(1));
    expect(await want(core, 0, { type: "open", identity: "" })).toMatchObject({ actions: [] });
    expect(isOpened).not.toHaveBeenCalled();
  });
});

describe("when the core is no more", () => {
  async function next(workers: FakeWorker[]) {
    await vi.waitFor(() => expect(workers).toHaveLength(2));
    const { core } = workers[1] as FakeWorker;
    await vi.waitFor(() => expect(core.callsOf("openOutbox")).toHaveLength(1));
    return core;
  }

  /** A client of which an action is stored and about to be settled. */
  async function sending() {
    const setting = await opened({});
    const { client, core } = setting;
    const action = client.outbox.enqueue("save", [], {}, "k");
    await vi.waitFor(() => expect(core.callsOf("enqueue")).toHaveLength(1));
    await want(core, 1, put("k"));
    core.events.action(0, "k", "sent", 1, undefined, []);
    await vi.waitFor(() => expect(action.status.value.state).toBe("sent"));
    const leading = await want(core, 2, { type: "lead" });
    const { epoch } = leading as { epoch: number };
    const settlements = [{ key: "k", outcome: "applied" as const, args: ["answer"] }];
    return { ...setting, action, settle: { type: "settle" as const, epoch, settlements } };
  }

  test("an action that had been settled ends as it did, though the worker died before it told", async () => {
    const { workers, core, action, settle } = await sending();
    await want(core, 3, settle);
    workers[0]?.die();
    const other = await next(workers);
    await want(other, 0, { type: "open", identity: "" });
    expect(await action.result).toBe("answer");
  });

  test("an answer that is nested too deep to be cloned is settled in the store all the same", async () => {
    const { workers, core, action, settle } = await sending();
    const deep: unknown = JSON.parse("[".repeat(10_000) + "]".repeat(10_000));
    const settlements = [{ key: "k", outcome: "applied" as const, args: [deep] }];
    expect(await want(core, 3, { ...settle, settlements })).toEqual({ type: "done" });
    expect(await stored()).toEqual([]);
    workers[0]?.die();
    const other = await next(workers);
    await want(other, 0, { type: "open", identity: "" });
    expect(await action.result).toBeUndefined();
  });

  test("what the store was told is done before the next core has it", async () => {
    const { workers, core, action, settle } = await sending();
    core.events.store(0, 3, settle);
    core.events.coreFailed(errorData("core_failed"), undefined);
    const other = await next(workers);
    expect(await want(other, 0, { type: "open", identity: "" })).toMatchObject({ actions: [] });
    expect(await action.result).toBe("answer");
    expect(workers[0]?.release).toHaveBeenCalledOnce();
    expect(core.callsOf("storeAnswered").map(([, ticket]) => ticket)).not.toContain(3);
  });

  test("an action that had been sent is not taken for cancelled", async () => {
    const { workers, core, action, settle } = await sending();
    const sent = { epoch: settle.epoch, sequence: 1, attempts: 1 };
    await want(core, 3, {
      type: "mark",
      epoch: settle.epoch,
      marks: [{ key: "k", sent, kills: 0 }],
    });
    const remove = { type: "remove", key: "k", onlyUnsent: true } as const;
    expect(await want(core, 4, remove)).toEqual({ type: "wasSent" });
    workers[0]?.die();
    // Another tab has heard how it ended.
    await (await open()).remove("k", false);
    await want(await next(workers), 0, { type: "open", identity: "" });
    await vi.waitFor(() => expect(action.status.value.state).toBe("unknown"));
  });

  test("an action that had been cancelled is", async () => {
    const { workers, core, action } = await sending();
    const remove = { type: "remove", key: "k", onlyUnsent: true } as const;
    expect(await want(core, 3, remove)).toEqual({ type: "removed" });
    workers[0]?.die();
    await want(await next(workers), 0, { type: "open", identity: "" });
    await vi.waitFor(() => expect(action.status.value.state).toBe("cancelled"));
  });

  test("what was being stored and is not there is given to the next", async () => {
    const { client, workers } = await opened();
    client.outbox.enqueue("save", [], {}, "lost");
    await vi.waitFor(() => expect(workers[0]?.core.callsOf("enqueue")).toHaveLength(1));
    workers[0]?.die();
    const other = await next(workers);
    expect(other.callsOf("enqueue")).toEqual([]);
    await want(other, 0, { type: "open", identity: "" });
    await vi.waitFor(() => expect(other.callsOf("enqueue")).toHaveLength(1));
  });

  test("a database that is away then is not taken for empty", async () => {
    const { client, workers, core } = await opened();
    const action = client.outbox.enqueue("save", [], {}, "k");
    await want(core, 1, put("k"));
    core.events.action(0, "k", "queued", 0, undefined, []);
    await action.accepted;
    const away = refuse();
    workers[0]?.die();
    const other = await next(workers);
    const failed = { type: "failed", code: "storage_failed" };
    expect(await want(other, 0, { type: "open", identity: "" })).toEqual(failed);
    expect(client.outbox.durability).toBe("strict");
    expect(action.status.value.state).toBe("queued");
    away.mockRestore();
    expect(await want(other, 1, { type: "open", identity: "" })).toMatchObject({
      actions: [{ key: "k" }],
    });
  });

  test("the right to drain is free, and the database too", async () => {
    const { client, core, workers } = await opened();
    await want(core, 1, { type: "lead" });
    expect(browser.held.size).toBeGreaterThan(0);
    await client.destroy();
    await vi.waitFor(() => expect(workers[0]?.release).toHaveBeenCalledOnce());
    expect(browser.held.size).toBe(0);
  });
});

describe("the life of the page", () => {
  const page = () => {
    const scope = new EventTarget();
    const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
    vi.stubGlobal("document", document);
    vi.stubGlobal("addEventListener", scope.addEventListener.bind(scope));
    const tell = (type: string, target: EventTarget = scope) =>
      target.dispatchEvent(Object.assign(new Event(type), { persisted: true }));
    return { document, tell };
  };

  test("a page that is left says and hears nothing, and reads when it is back", async () => {
    const { tell } = page();
    const { core } = await opened();
    const news = () => [...browser.channels].filter((channel) => channel.name.endsWith("news"));
    expect(news()).toHaveLength(1);
    tell("pagehide");
    await vi.waitFor(() => expect(news()).toHaveLength(0));
    tell("pageshow");
    await vi.waitFor(() => expect(core.callsOf("refreshOutbox")).toHaveLength(1));
    expect(news()).toHaveLength(1);
  });

  test("a page that is frozen does nothing with the database until it goes on", async () => {
    const { document, tell } = page();
    const { client, core } = await opened();
    tell("freeze", document);
    client.outbox.pause();
    await vi.waitFor(() => expect(core.callsOf("pauseOutbox")).toHaveLength(1));
    const begun = vi.spyOn(IDBDatabase.prototype, "transaction");
    core.events.store(0, 1, put("k"));
    for (let turns = 0; turns < 10; turns++) await turn();
    expect(begun).not.toHaveBeenCalled();
    tell("resume", document);
    await want(core, 2, { type: "read" });
    expect(await stored()).toEqual(["k"]);
  });

  test("the page keeps the note that the database was made", async () => {
    const notes = new Map<string, string>();
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => notes.get(key) ?? null,
      setItem: (key: string, value: string) => void notes.set(key, value),
    });
    const { errors } = await opened();
    await vi.waitFor(() => expect([...notes.keys()]).toEqual([`sockeye:${name}`]));
    expect(errors).toEqual([]);
    notes.set("sockeye:gone", "made");
    const other = await opened({ name: "gone" });
    await vi.waitFor(() => expect(other.errors).toEqual([sockeyeError("storage_lost")]));
  });
});
