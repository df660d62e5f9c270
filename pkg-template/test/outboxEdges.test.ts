/** The outbox where its caller, its store or its listeners do what nobody expects. */
import { describe, expect, test, vi } from "vitest";
import type { Action } from "../src/action.js";
import { memoryOutboxStore } from "../src/memoryStore.js";
import type { OutboxStore } from "../src/outboxStore.js";
import { connected, idle, recorder, sockeyeError, turn } from "./support/setUp.js";

const numbered = () => {
  let count = 0;
  return { randomId: () => `id-${++count}` };
};

describe("after destroy()", () => {
  test("the outbox and its handles say that there is nothing to do", async () => {
    const { client, core } = await connected(numbered());
    const action = client.enqueue("save");
    core.moves("id-1", "sent", { attempts: 1 });
    const { outbox } = client;
    await client.destroy();
    await turn();
    outbox.pause();
    outbox.resume();
    expect(outbox.retry("id-1")).toBe(false);
    await expect(action.cancel()).resolves.toBe(false);
    await expect(outbox.clear()).resolves.toBe(0);
    expect(action.status.value.state).toBe("sent");
  });

  test("an answer of beforeFlush that comes late concerns nobody", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    let answer = () => {};
    const beforeFlush = () =>
      new Promise<undefined>((resolve) => (answer = () => resolve(undefined)));
    const { client, core } = await connected({ ...numbered(), outbox: { beforeFlush } });
    client.enqueue("save");
    core.events.flushAsked(0, 1, ["id-1"]);
    await turn();
    await client.destroy();
    await turn();
    answer();
    await turn();
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe("an action whose record cannot be read", () => {
  test("is among the items, with what is left of it, and told", async () => {
    const base = memoryOutboxStore();
    const unreadable = [
      { key: "a", isFuture: false, event: "save", lane: "shop" },
      { key: "b", isFuture: false },
    ];
    const store: OutboxStore = {
      durability: "strict",
      async open(...args) {
        const partition = await base.open(...args);
        partition.contents = () => ({ actions: [], unreadable });
        return partition;
      },
    };
    const { client, core } = await connected({ outbox: { store } });
    const errors = recorder<unknown>();
    client.errors.subscribe(errors);
    core.events.store(0, 0, { type: "open", identity: "" });
    await turn();
    for (const { key } of unreadable) core.moves(key, "quarantined");
    expect(client.outbox.items.value).toMatchObject([
      { id: "a", event: "save", lane: "shop", state: "quarantined" },
      { id: "b", event: "", lane: "", state: "quarantined" },
    ]);
    expect(errors.values).toEqual([
      sockeyeError("storage_damaged"),
      sockeyeError("storage_damaged"),
    ]);
  });
});

describe("a database that is lost", () => {
  test("is told once, although several namespaces had actions in it", async () => {
    const base = memoryOutboxStore();
    const fail: ((error: unknown) => void)[] = [];
    const store: OutboxStore = {
      durability: "strict",
      open(partition, handleChanges, handleFailed = () => {}) {
        fail.push(handleFailed);
        return base.open(partition, handleChanges);
      },
    };
    const { client, core } = await connected({ outbox: { store } });
    client.namespace("/other").enqueue("save");
    const errors = recorder<unknown>();
    client.errors.subscribe(errors);
    for (const socket of [0, 1]) core.events.store(socket, 0, { type: "open", identity: "" });
    await turn();
    const lost = { code: "storage_lost", incident: "the first" };
    for (const tell of fail) tell({ ...lost });
    expect(errors.values).toEqual([sockeyeError("storage_lost")]);
    for (const tell of fail) tell({ ...lost, incident: "the second" });
    expect(errors.values).toHaveLength(2);
  });
});

describe("cancel()", () => {
  test("of another user's action is answered: that user may come back and have it sent", async () => {
    const { client, core } = await connected({ ...numbered(), identity: "anna" });
    const action = client.enqueue("save");
    core.moves("id-1", "queued");
    const before = action.cancel();
    client.setIdentity("berta");
    await expect(before).resolves.toBe(false);
    core.calls.length = 0;
    await expect(action.cancel()).resolves.toBe(false);
    expect(core.callsOf("cancelAction")).toEqual([]);
  });

  test("is true for what has ended without ever being sent", async () => {
    const { client, core } = await connected(numbered());
    const action = client.enqueue("save");
    core.moves("id-1", "queued");
    const before = action.cancel();
    core.moves("id-1", "expired");
    await expect(before).resolves.toBe(true);
    await expect(action.cancel()).resolves.toBe(true);
    core.refusal = { code: "outbox_full", message: "m", hint: "h" };
    await expect(client.enqueue("save").cancel()).resolves.toBe(true);
  });
});

describe("a listener that enqueues when the user changes", () => {
  test("does so for the new user, before the core is there", async () => {
    const { client, loader } = idle({ ...numbered(), identity: "anna" });
    let next: Action | undefined;
    client.enqueue("old").status.subscribe(({ state }) => {
      if (state === "rejected") next = client.enqueue("new");
    });
    client.setIdentity("berta");
    expect(client.outbox.get("id-2")).toBe(next);
    const core = await loader.succeed();
    expect(core.callsOf("enqueue").map(([, data]) => data.name)).toEqual(["new"]);
    core.moves("id-2", "queued");
    await expect(next?.accepted).resolves.toBeUndefined();
  });

  test("does so for the new user, in every namespace, also when the queue is discarded", async () => {
    const { client, core } = await connected({ ...numbered(), identity: "anna" });
    const other = client.namespace("/other");
    const order: string[] = [];
    core.onCall = ([name]) => void order.push(name);
    client.enqueue("old").status.subscribe({
      complete: () => [client.enqueue("new"), other.enqueue("new")],
    });
    order.length = 0;
    client.logout({ queue: "discard" });
    expect(order.indexOf("setIdentity")).toBeLessThan(order.indexOf("enqueue"));
    expect(client.outbox.get("id-2")?.event).toBe("new");
    expect(other.outbox.get("id-3")?.event).toBe("new");
  });
});

const toBeStored = {
  ...{ event: "save", lane: "default", bytes: 8, attachmentCount: 0 },
  ...{ ackTimeoutMs: 1, resend: true, kills: 0 },
};

describe("a store", () => {
  test("that cannot be made is one that fails", async () => {
    const cause = new Error("no storage");
    const store = (): OutboxStore => {
      throw cause;
    };
    const { client, loader } = idle({ ...numbered(), outbox: { store } });
    const errors = recorder();
    client.errors.subscribe(errors);
    expect(client.outbox.durability).toBe("memory");
    const action = client.enqueue("save");
    void client.connect();
    const core = await loader.succeed();
    expect(core.callsOf("connect")).toHaveLength(1);
    expect(client.outbox.get("id-1")).toBe(action);
    core.events.store(0, 1, { type: "open", identity: "" });
    await turn();
    const failed = { type: "failed", code: "storage_failed" };
    expect(core.callsOf("storeAnswered")).toEqual([[0, 1, failed]]);
    expect(errors.values).toEqual([sockeyeError("storage_failed", { cause })]);
  });

  test("may hold actions in any order: they are taken up oldest first", async () => {
    const store = memoryOutboxStore();
    const partition = await store.open({ namespace: "/", identity: "" }, () => {});
    for (const key of ["a", "b", "c"]) {
      await partition.put({ ...toBeStored, key }, { body: '["save"]' });
    }
    const { actions, ...contents } = await partition.contents();
    const shuffled = actions.toSorted((one) => (one.key === "c" ? -1 : 1));
    const open: OutboxStore["open"] = () =>
      Object.assign(partition, { contents: () => ({ actions: shuffled, ...contents }) });
    const { core } = await connected({ outbox: { store: { durability: "memory", open } } });
    core.events.store(0, 1, { type: "open", identity: "" });
    await turn();
    expect(shuffled.map(({ key }) => key)).toEqual(["c", "a", "b"]);
    const [[, , answer] = []] = core.callsOf("storeAnswered");
    expect(answer).toMatchObject({ actions: [{ key: "a" }, { key: "b" }, { key: "c" }] });
  });

  test("that has no leader to give says nothing when the client resigns", async () => {
    const store = memoryOutboxStore();
    const first = await connected({ outbox: { store } });
    first.client.enqueue("save");
    const second = await connected({ outbox: { store } });
    second.client.enqueue("save");
    const errors = recorder();
    second.client.errors.subscribe(errors);
    for (const { core } of [first, second]) {
      core.events.store(0, 1, { type: "open", identity: "" });
      core.events.store(0, 2, { type: "lead" });
      await turn();
    }
    second.core.events.store(0, 3, { type: "resign" });
    await turn();
    expect(errors.values).toEqual([]);
    expect(second.core.callsOf("storeAnswered").map(([, ticket]) => ticket)).toEqual([1]);
  });
});

describe("logout() that discards the queue", () => {
  const record = { event: "save", lane: "default", ackTimeoutMs: 1_000, resend: true, kills: 0 };

  /** A store that an earlier page has left, with an action of each user. */
  async function left(...users: string[]) {
    const store = memoryOutboxStore();
    const partitionOf = (identity: string) =>
      Promise.resolve(store.open({ namespace: "/", identity }, () => {}));
    for (const user of users) {
      const action = { ...record, key: `of ${user}`, bytes: 8, attachmentCount: 0 };
      await (await partitionOf(user)).put(action, { body: '["save"]' });
    }
    const keysOf = async (user: string) => {
      const { actions } = await (await partitionOf(user)).contents();
      return actions.map(({ key }) => key);
    };
    return { store, partitionOf, keysOf };
  }

  test("removes what the store holds of the user, also before the core is there", async () => {
    const { store, keysOf } = await left("anna", "berta");
    const { client, loader } = idle({ identity: "anna", outbox: { store } });
    client.logout({ queue: "discard" });
    expect(loader.count).toBe(1);
    const core = await loader.succeed();
    await turn();
    expect(await keysOf("anna")).toEqual([]);
    expect(await keysOf("berta")).toEqual(["of berta"]);
    expect(core.callsOf("connect")).toEqual([]);
  });

  test("removes what the core has not read yet, or another client sends", async () => {
    const { store, partitionOf, keysOf } = await left("anna");
    const other = await partitionOf("anna");
    const { epoch } = await other.lead(new AbortController().signal, {
      heard: () => 1,
      couldDrain: () => true,
    });
    const sent = { epoch, sequence: 1, attempts: 1 };
    await other.mark(epoch, [{ key: "of anna", sent, kills: 0 }]);
    const { client } = await connected({ identity: "anna", outbox: { store } });
    client.logout({ queue: "discard" });
    await turn();
    expect(await keysOf("anna")).toEqual([]);
  });

  test("leaves what the same user enqueues after that", async () => {
    const { store, partitionOf, keysOf } = await left("anna");
    const randomId = () => "of new";
    const { client, loader } = idle({ identity: "anna", randomId, outbox: { store } });
    client.logout({ queue: "discard" });
    client.setIdentity("anna");
    client.enqueue("save");
    const action = { ...record, key: "of new", bytes: 8, attachmentCount: 0 };
    await (await partitionOf("anna")).put(action, { body: '["save"]' });
    await loader.succeed();
    await turn();
    expect(await keysOf("anna")).toEqual(["of new"]);
  });

  test("tells when the store cannot", async () => {
    const cause = new Error("no storage");
    const open = () => {
      throw cause;
    };
    const { client, loader } = idle({ outbox: { store: { durability: "strict", open } } });
    const errors = recorder();
    client.errors.subscribe(errors);
    client.logout({ queue: "discard" });
    await loader.succeed();
    await turn();
    expect(errors.values).toEqual([sockeyeError("storage_failed", { cause })]);
  });

  test("loads the core only where something may be stored", () => {
    const countOf = () => {
      const { client, loader } = idle({ identity: "anna" });
      client.logout({ queue: "discard" });
      return loader.count;
    };
    expect(countOf()).toBe(0);
    vi.stubGlobal("indexedDB", {});
    expect(countOf()).toBe(1);
    vi.unstubAllGlobals();
  });
});

describe("what was put aside", () => {
  test("has a status that ends when it is forgotten", async () => {
    const { client, core } = await connected(numbered());
    const action = client.enqueue("save");
    core.moves("id-1", "quarantined", { attempts: 3 });
    const statuses = recorder();
    action.status.subscribe(statuses);
    core.onCall = ([name]) => {
      if (name === "forgetAction") core.events.forgotten(0, action.id);
    };
    await client.outbox.clear();
    expect(statuses.ends).toEqual(["complete"]);
  });
});
