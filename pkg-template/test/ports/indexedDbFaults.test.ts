import { beforeEach, describe, expect, test, vi } from "vitest";
import { makeCipher } from "../../../docs/examples/encryptedOutbox.mjs";
import type { Cipher, OutboxPartition } from "../../src/outboxStore.js";
import { FallbackStore } from "../../src/ports/fallbackStore.js";
import { IndexedDbStore } from "../../src/ports/indexedDbStore.js";
import { randomId } from "../../src/randomId.js";
import { FakeBrowser } from "../support/fakeTabs.js";
import { type Fault, FaultyIndexedDb } from "../support/faultyIndexedDb.js";

const place = { namespace: "/", identity: "" };
const candidate = { heard: () => 1, couldDrain: () => true };
const codes = ["storage_full", "storage_failed", "storage_version", "storage_damaged"];

const action = (key: string, details: object = {}) => ({
  ...{ key, event: "save", lane: "default", bytes: 8, attachmentCount: 0 },
  ...{ ackTimeoutMs: 1_000, resend: true, kills: 0 },
  ...details,
});
const payload = (key: string) => ({ body: `["save","${key}"]` });
const sent = { epoch: 1, sequence: 1, attempts: 1 };

let faults: FaultyIndexedDb;
let name: string;
beforeEach(() => {
  faults = new FaultyIndexedDb();
  name = randomId();
});

const open = () => new IndexedDbStore({ name }, new FakeBrowser().open()).open(place, () => {});

/** What is in the database, by another connection; each action has its payload. */
async function stored(): Promise<string[]> {
  faults.heal();
  const partition = await open();
  const { actions, unreadable } = await partition.contents();
  expect(unreadable).toEqual([]);
  expect(new Set(actions.map(({ order }) => order)).size).toBe(actions.length);
  for (const { key } of actions) expect(await partition.load(key)).toEqual(payload(key));
  partition.close();
  return actions.map(({ key }) => key).sort();
}

/** Does one of everything; returns what has to be there, and which calls failed. */
async function doEverything(partition: OutboxPartition) {
  const there = new Set<string>();
  const perhaps = new Set<string>();
  const failed: unknown[] = [];
  const attempt = async (call: () => unknown, done: () => void = () => {}, key?: string) => {
    try {
      if ((await call()) !== "fenced") done();
      else if (key !== undefined) perhaps.add(key);
    } catch (error) {
      failed.push(error);
      if (key !== undefined) perhaps.add(key);
    }
  };
  const put = (key: string, replaces?: string) =>
    attempt(
      () => partition.put(action(key), payload(key), replaces),
      () => {
        there.add(key);
        if (replaces !== undefined) there.delete(replaces);
      },
      replaces,
    );
  const gone = (key: string) => () => there.delete(key);
  await Promise.all(["a", "b", "c", "d", "e"].map((key) => put(key)));
  await put("f", "e");
  let epoch = 0;
  await attempt(async () => {
    ({ epoch } = await partition.lead(new AbortController().signal, candidate));
  });
  await attempt(() => partition.contents());
  await attempt(() => partition.mark(epoch, [{ key: "a", sent, kills: 0 }]));
  await attempt(() => partition.load("a"));
  await attempt(() => partition.park(epoch, "b", "unknown"));
  await attempt(() => partition.unpark("b"));
  await attempt(() => partition.remove("c", true), gone("c"), "c");
  await attempt(() => partition.settle(epoch, [{ key: "a", outcome: "applied" }]), gone("a"), "a");
  await attempt(() => partition.raiseEpoch(epoch, 9));
  await put("g");
  return { there, perhaps, failed };
}

async function countTransactions(): Promise<number> {
  const partition = await open();
  faults.plan(() => undefined);
  const { there, failed } = await doEverything(partition);
  const { count } = faults;
  expect(failed).toEqual([]);
  expect(await stored()).toEqual([...there].sort());
  partition.close();
  name = randomId();
  return count;
}

describe("a store in a database", { timeout: 60_000 }, () => {
  const once: Fault[] = ["InvalidStateError", "UnknownError", "unheard", "closed"];
  test.each(once)("gets over %s in any of its transactions", async (fault) => {
    const count = await countTransactions();
    expect(count).toBeGreaterThan(10);
    for (let at = 0; at < count; at += 1) {
      name = randomId();
      const partition = await open();
      faults.plan((index) => (index === at ? fault : undefined));
      const { there, failed } = await doEverything(partition);
      expect(failed).toEqual([]);
      expect(await stored()).toEqual([...there].sort());
      partition.close();
    }
  });

  test.each<Fault>(["QuotaExceededError", "UnknownError", "closed", "InvalidStateError"])(
    "holds what it took and nothing else when %s comes at any time and stays",
    async (fault) => {
      const count = await countTransactions();
      for (let at = 0; at < count; at += 1) {
        name = randomId();
        const partition = await open();
        faults.plan((index) => (index >= at ? fault : undefined));
        const { there, perhaps, failed } = await doEverything(partition);
        const full = fault === "QuotaExceededError" ? "storage_full" : "storage_failed";
        for (const error of failed) expect(error).toMatchObject({ code: full });
        const held = await stored();
        for (const key of there) if (!perhaps.has(key)) expect(held).toContain(key);
        for (const key of held) expect(there).toContain(key);
        await expect(partition.put(action("z"), payload("z"))).resolves.toHaveProperty("order");
        partition.close();
      }
    },
  );

  test("says storage_failed when the browser does not answer, and goes on when it does", async () => {
    const partition = await open();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      faults.plan((index) => (index === 0 ? "silent" : undefined));
      const refused = expect(partition.put(action("a"), payload("a"))).rejects.toMatchObject({
        code: "storage_failed",
      });
      await vi.waitFor(() => expect(faults.count).toBe(1));
      const next = partition.put(action("b"), payload("b"));
      await vi.advanceTimersByTimeAsync(30_000);
      await refused;
      await next;
    } finally {
      vi.useRealTimers();
    }
    expect(await stored()).toEqual(["b"]);
  });

  test("finds what was stored all the same when the browser did not say so", async () => {
    const partition = await open();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      faults.plan((index) => (index === 0 ? "unanswered" : undefined));
      const put = partition.put(action("a"), payload("a"));
      await vi.waitFor(() => expect(faults.count).toBe(1));
      await vi.advanceTimersByTimeAsync(30_000);
      expect(await put).toMatchObject({ replaced: false });
    } finally {
      vi.useRealTimers();
    }
    expect(await stored()).toEqual(["a"]);
  });

  test("refuses what was to be stored together at once when the browser does not answer", async () => {
    const partition = await open();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      faults.plan(() => "silent");
      const puts = ["a", "b", "c"].map((key) => partition.put(action(key), payload(key)));
      const refused = Promise.allSettled(puts.map(async (put) => put));
      await vi.waitFor(() => expect(faults.count).toBe(1));
      await vi.advanceTimersByTimeAsync(30_000);
      const results = await refused;
      expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    } finally {
      vi.useRealTimers();
    }
    expect(await stored()).toEqual([]);
  });

  test("tells each of those that were stored together what became of it", async () => {
    const partition = await open();
    await partition.put(action("a"), payload("a"));
    const puts = [
      partition.put(action("b"), payload("b")),
      partition.put(action("a"), payload("a")), // the key is taken
      partition.put(action("c"), { body: "[]", attachments: [(() => {}) as never] }),
      partition.put(action("d"), payload("d")),
    ];
    const results = await Promise.allSettled(puts.map(async (put) => put));
    expect(results.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "rejected",
      "fulfilled",
    ]);
    for (const result of results) {
      if (result.status === "rejected")
        expect(codes).toContain((result.reason as { code: unknown }).code);
    }
    expect(await stored()).toEqual(["a", "b", "d"]);
  });
});

describe("a database that is full", () => {
  /** Whether the disk has room for a transaction: there is some once the reserve is given up. */
  function fill(): { freed: () => boolean; restored: () => boolean } {
    let isFreed = false;
    let isRestored = false;
    faults.plan((_, transaction) => {
      const { objectStoreNames, mode } = transaction;
      if (mode === "readonly") return undefined;
      const isReserve = objectStoreNames.length === 1;
      if (isReserve && isFreed) isRestored = true;
      if (isReserve) isFreed = true;
      return isFreed ? undefined : "QuotaExceededError";
    });
    return { freed: () => isFreed, restored: () => isRestored };
  }

  /** Lets nothing be stored at all. */
  function refuseEverything(): void {
    const storing = new WeakSet<IDBTransaction>();
    for (const method of ["put", "add"] as const) {
      // eslint-disable-next-line @typescript-eslint/unbound-method -- it is applied below
      const original = IDBObjectStore.prototype[method];
      vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(function (
        this: IDBObjectStore,
        ...args
      ) {
        storing.add(this.transaction);
        return original.apply(this, args);
      });
    }
    faults.plan((_, transaction) => ({
      get fault(): Fault | undefined {
        return storing.has(transaction) ? "QuotaExceededError" : undefined;
      },
    }));
  }

  test("goes on draining without any room, and knows no more what was sent", async () => {
    const first = await open();
    for (const key of ["a", "b", "c", "d"]) await first.put(action(key), payload(key));
    first.close();
    const partition = await open();
    refuseEverything();
    const { epoch } = await partition.lead(new AbortController().signal, candidate);
    const raised = await partition.raiseEpoch(epoch, 1_234_567);
    if (raised === "fenced") throw new Error("nobody else leads");
    expect(raised).toBeGreaterThanOrEqual(1_234_567);
    expect(await partition.mark(epoch, [])).toBe("fenced");
    const marks = ["a", "b"].map((key) => ({ key, sent, kills: 0 }));
    expect(await partition.mark(raised, marks)).toEqual({ missing: [], earlier: [] });
    const next = [{ key: "c", sent, kills: 0 }];
    expect(await partition.mark(raised, next)).toEqual({ missing: [], earlier: [] });
    await partition.settle(raised, [{ key: "a", outcome: "applied" }]);
    await expect(partition.put(action("e"), payload("e"))).rejects.toMatchObject({
      code: "storage_full",
    });
    await expect(partition.park(raised, "b", "unknown")).rejects.toMatchObject({
      code: "storage_full",
    });
    expect(await partition.remove("d", true)).toBe("wasSent");

    faults.heal();
    const later = await open();
    const { actions } = await later.contents();
    const perhaps = { epoch: raised, sequence: 0, attempts: 1 };
    expect(actions).toMatchObject(["b", "c", "d"].map((key) => ({ key, sent: perhaps })));
    const leading = await later.lead(new AbortController().signal, candidate);
    expect(leading.epoch).toBeGreaterThan(raised);
    await later.mark(leading.epoch, [{ key: "b", sent, kills: 0 }]);
    await later.put(action("f"), payload("f"));
    const noted = (await later.contents()).actions;
    expect(noted.map((stored) => stored.sent?.sequence)).toEqual([1, 0, 0, undefined]);
    expect((await later.lead(new AbortController().signal, candidate)).epoch).toBe(
      leading.epoch + 1,
    );
  });

  test("takes no action, and gives up no room for one", async () => {
    const partition = await open();
    const { freed } = fill();
    const put = partition.put(action("a"), payload("a"));
    await expect(put).rejects.toMatchObject({ code: "storage_full" });
    expect(freed()).toBe(false);
    expect(await stored()).toEqual([]);
  });

  test("goes on draining in the room that was kept for that, and keeps it again later", async () => {
    const partition = await open();
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    for (const key of keys) await partition.put(action(key), payload(key));
    const { epoch } = await partition.lead(new AbortController().signal, candidate);
    const { freed, restored } = fill();
    const marks = keys.map((key) => ({ key, sent, kills: 0 }));
    expect(await partition.mark(epoch, marks)).toEqual({ missing: [], earlier: [] });
    expect(freed()).toBe(true);
    for (const key of keys) {
      expect(restored()).toBe(false);
      if (key === "k16") break;
      await partition.settle(epoch, [{ key, outcome: "applied" }]);
    }
    await partition.contents();
    expect(await stored()).toEqual(["k16", "k17", "k18", "k19"]);
  });
});

describe("a database that cannot be opened", () => {
  const fallback = () => new FallbackStore(new IndexedDbStore({ name }, new FakeBrowser().open()));

  test.each(["UnknownError", "InvalidStateError", "SecurityError", "QuotaExceededError"])(
    "gives way to memory after %s, which is known before anything is stored",
    async (error) => {
      faults.failToOpen(error);
      const store = fallback();
      expect(store.durability).toBe("strict");
      const partition = await store.open(place, () => {});
      expect(store.durability).toBe("memory");
      expect(store.failure).toBeInstanceOf(Error);
      await partition.put(action("a"), payload("a"));
      expect(await partition.load("a")).toEqual(payload("a"));
    },
  );

  test("is opened up to three times again", async () => {
    faults.failToOpen("UnknownError", 3);
    const store = fallback();
    const partition = await store.open(place, () => {});
    expect(store.durability).toBe("strict");
    expect(store.failure).toBeUndefined();
    partition.close();
  });

  test("gives way to memory when it does not answer for 30 seconds", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      faults.failToOpen(undefined);
      const store = fallback();
      const opening = store.open(place, () => {});
      await vi.advanceTimersByTimeAsync(29_999);
      expect(store.durability).toBe("strict");
      await vi.advanceTimersByTimeAsync(1);
      await opening;
      expect(store.durability).toBe("memory");
    } finally {
      vi.useRealTimers();
    }
  });

  test("does not give way because the browser was stopped while it opened", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      faults.failToOpen(undefined);
      const store = fallback();
      void store.open(place, () => {});
      for (const stop of [1, 2]) {
        await vi.advanceTimersByTimeAsync(1_000);
        vi.runOnlyPendingTimers(); // what is due after a stop, however long it was
        await vi.advanceTimersByTimeAsync(0);
        expect(store.durability, `stop ${stop}`).toBe("strict");
      }
    } finally {
      vi.useRealTimers();
    }
  });

  test("does not give way if it has worked before, so that nothing is taken for gone", async () => {
    const store = fallback();
    const partition = await store.open(place, () => {});
    await partition.put(action("a"), payload("a"));
    partition.close();
    faults.failToOpen("UnknownError", 4);
    const other = store.open({ ...place, identity: "bob" }, () => {});
    await expect(other).rejects.toThrow();
    expect(store.durability).toBe("strict");
    expect(await stored()).toEqual(["a"]);
  });

  test("is refused, and not overtaken, if it is of a later version", async () => {
    faults.failToOpen("VersionError");
    const store = fallback();
    const opening = store.open(place, () => {});
    await expect(opening).rejects.toMatchObject({ code: "storage_version" });
    expect(store.durability).toBe("strict");
  });
});

describe("records that are damaged", () => {
  const rows = async (work: (tx: IDBTransaction) => void) => {
    const database = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open(`sockeye:${name}`);
      request.onsuccess = () => resolve(request.result);
    });
    const tx = database.transaction(["partitions", "actions", "payloads", "tokens"], "readwrite");
    work(tx);
    await new Promise((resolve) => (tx.oncomplete = resolve));
    database.close();
  };
  const partitionName = JSON.stringify(["/", ""]);
  const record = { ...action("b"), v: 1, storedAtMs: 1, order: 2 };

  test.each<[string, unknown, boolean]>([
    ["nothing", null, false],
    ["a text", "x", false],
    ["of a later version", { v: 2, key: "b" }, true],
    ["without an order", { v: 1, key: "b", storedAtMs: 1 }, false],
    ["of another action", { ...record, key: "a" }, false],
    ["with more bytes than there can be", { ...record, bytes: 2 ** 40 }, false],
    ["with an order that cannot be counted on", { ...record, order: 2 ** 53 }, false],
    ["with half an order", { ...record, order: 1.5 }, false],
    ["of a version that there will never be", { ...record, v: 2 ** 40 }, false],
  ])("leave the others alone: %s", async (_, value, isFuture) => {
    const partition = await open();
    for (const key of ["a", "b", "c"]) await partition.put(action(key), payload(key));
    await rows((tx) => tx.objectStore("actions").put(value, [partitionName, "b"]));
    const { actions, unreadable } = await partition.contents();
    expect(actions.map(({ key }) => key)).toEqual(["a", "c"]);
    expect(unreadable).toMatchObject([{ key: "b", isFuture }]);
    const { epoch } = await partition.lead(new AbortController().signal, candidate);
    const marks = ["a", "b"].map((key) => ({ key, sent, kills: 0 }));
    expect(await partition.mark(epoch, marks)).toEqual({ missing: ["b"], earlier: [] });
    expect((await partition.contents()).unreadable).toMatchObject([{ key: "b", isFuture }]);
  });

  test("that the browser itself cannot read leave the others alone, and can be removed", async () => {
    const partition = await open();
    for (const key of ["a", "b", "c"]) await partition.put(action(key), payload(key));
    faults.damage((key) => Array.isArray(key) && key[1] === "b");
    const { actions, unreadable } = await partition.contents();
    expect(actions.map(({ key }) => key)).toEqual(["a", "c"]);
    expect(unreadable).toEqual([{ key: "b", isFuture: false }]);
    const { epoch } = await partition.lead(new AbortController().signal, candidate);
    expect(await partition.mark(epoch, [{ key: "c", sent, kills: 0 }])).toMatchObject({
      missing: [],
      earlier: [{ key: "a" }],
    });
    await expect(partition.load("b")).rejects.toMatchObject({ code: "storage_damaged" });
    expect(await partition.load("a")).toEqual(payload("a"));
    expect(await partition.remove("b", true)).toBe("wasSent");
    expect(await partition.remove("b", false)).toBe("removed");
    const left = await partition.contents();
    expect(left).toMatchObject({ actions: [{ key: "a" }, { key: "c" }], unreadable: [] });
  });

  test("are not believed to be damaged because they cannot be read for a moment", async () => {
    const partition = await open();
    await partition.put(action("a"), payload("a"));
    let isBad = true;
    faults.damage(() => isBad);
    const opened = vi.spyOn(indexedDB, "open").mockImplementation((...args) => {
      isBad = false;
      opened.mockRestore();
      return indexedDB.open(...args);
    });
    const { actions, unreadable } = await partition.contents();
    expect(actions.map(({ key }) => key)).toEqual(["a"]);
    expect(unreadable).toEqual([]);
  });

  test("say what they can: the event and the lane", async () => {
    const partition = await open();
    await partition.put(action("a"), payload("a"));
    const damaged = { ...record, key: "a", lane: 7 };
    await rows((tx) => tx.objectStore("actions").put(damaged, [partitionName, "a"]));
    const { unreadable } = await partition.contents();
    expect(unreadable).toEqual([{ key: "a", isFuture: false, event: "save" }]);
  });

  test("are found among thousands when one is under the key of another", async () => {
    const partition = await open();
    const keys = Array.from({ length: 1_200 }, (_, index) => `k${1_000 + index}`);
    await Promise.all(keys.map(async (key) => partition.put(action(key), payload(key))));
    expect((await partition.contents()).actions).toHaveLength(1_200);
    const moved = { ...record, key: "k1001" };
    await rows((tx) => tx.objectStore("actions").put(moved, [partitionName, "k1900"]));
    const { actions, unreadable } = await partition.contents();
    expect(unreadable).toMatchObject([{ key: "k1900" }]);
    expect(actions).toHaveLength(1_199);
  });

  test.each(["", '["save"', '["save",{]', "{}", "[7]", "null"])(
    "send nothing if %j is stored to be sent",
    async (body) => {
      const partition = await open();
      await partition.put(action("a"), payload("a"));
      await rows((tx) => tx.objectStore("payloads").put({ body }, [partitionName, "a"]));
      await expect(partition.load("a")).rejects.toMatchObject({ code: "storage_damaged" });
    },
  );

  test("of a partition that count too low let nothing overtake what is there", async () => {
    const first = await open();
    for (const key of ["a", "b", "c"]) await first.put(action(key), payload(key));
    first.close();
    await rows((tx) =>
      tx
        .objectStore("partitions")
        .put({ v: 1, clientId: "c", epoch: 3, lastOrder: 0 }, partitionName),
    );
    const partition = await open();
    await partition.contents();
    expect((await partition.put(action("d"), payload("d"))).order).toBe(4);
  });

  test.each<[string, (tx: IDBTransaction) => void]>([
    [
      "a huge epoch",
      (tx) =>
        tx
          .objectStore("partitions")
          .put({ v: 1, clientId: "c", epoch: 2 ** 53, lastOrder: 1 }, partitionName),
    ],
    ["tokens", (tx) => tx.objectStore("tokens").clear()],
  ])("of a partition do not keep anybody from leading: %s", async (_, damage) => {
    const first = await open();
    await first.put(action("a"), payload("a"));
    first.close();
    await rows(damage);
    const partition = await open();
    const { epoch } = await partition.lead(new AbortController().signal, candidate);
    expect(epoch).toBeLessThan(2 ** 52);
    partition.resign();
    const next = await (await open()).lead(new AbortController().signal, candidate);
    expect(next.epoch).toBe(epoch + 1);
    expect(await partition.mark(epoch, [])).toBe("fenced");
  });

  test("of a partition that has lost its tokens go on counting where its record says", async () => {
    const first = await open();
    await first.put(action("a"), payload("a"));
    await first.remove("a", true);
    const { epoch } = await first.lead(new AbortController().signal, candidate);
    expect(await first.raiseEpoch(epoch, 1_000)).toBe(1_000);
    first.close();
    await rows((tx) => tx.objectStore("tokens").clear());
    const partition = await open();
    expect(await partition.put(action("b"), payload("b"))).toMatchObject({ order: 2 });
    const leading = await partition.lead(new AbortController().signal, candidate);
    expect(leading.epoch).toBe(1_001);
  });

  test("say so when what they send is asked for", async () => {
    const partition = await open();
    await partition.put(action("a"), payload("a"));
    await partition.put(action("b"), payload("b"));
    await rows((tx) => {
      tx.objectStore("payloads").put({ body: 7 }, [partitionName, "a"]);
      tx.objectStore("payloads").delete([partitionName, "b"]);
    });
    await expect(partition.load("a")).rejects.toMatchObject({ code: "storage_damaged" });
    await expect(partition.load("b")).rejects.toMatchObject({ code: "storage_damaged" });
    expect(await partition.load("c")).toBeUndefined();
  });

  test.each<[string, (tx: IDBTransaction) => void]>([
    ["lost", (tx) => tx.objectStore("partitions").clear()],
    ["damaged", (tx) => tx.objectStore("partitions").put({ v: 1 }, partitionName)],
  ])("of a partition are made again from its actions if %s", async (_, damage) => {
    const first = await open();
    for (const key of ["a", "b"]) await first.put(action(key), payload(key));
    const { epoch } = await first.lead(new AbortController().signal, candidate);
    const raised = await first.raiseEpoch(epoch, 40);
    await first.mark(raised as number, [{ key: "a", sent: { ...sent, epoch: 40 }, kills: 0 }]);
    first.close();
    await rows(damage);
    const partition = await open();
    expect((await partition.contents()).actions.map(({ key }) => key)).toEqual(["a", "b"]);
    expect((await partition.put(action("c"), payload("c"))).order).toBe(3);
    const leading = await partition.lead(new AbortController().signal, candidate);
    expect(leading.epoch).toBe(41);
  });

  test("of the clock make nothing older than it can be", async () => {
    const partition = await open();
    await partition.put(action("a"), payload("a"));
    const ageAt = async (ms: number) => {
      vi.spyOn(performance, "now").mockReturnValue(ms);
      return (await partition.contents()).actions[0]?.ageMs;
    };
    const now = performance.now();
    expect(await ageAt(now - 86_400_000)).toBe(0);
    expect(await ageAt(now + 86_400_000)).toBeGreaterThan(86_300_000);
    expect(await ageAt(now + 3_650 * 86_400_000)).toBe(0);
  });
});

describe("encryption", () => {
  const openWith = (encrypt: Cipher) =>
    new IndexedDbStore({ name, encrypt }, new FakeBrowser().open()).open(place, () => {});

  test("by WebCrypto gives back what it was given, and stores nothing of it in the clear", async () => {
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
      "encrypt",
      "decrypt",
    ]);
    const partition = await openWith(await makeCipher(key));
    const attachments = [Uint8Array.of(1, 2), new Blob([Uint8Array.of(3)])];
    const puts = ["a", "b", "c"].map(async (name) =>
      partition.put(action(name), { body: `["save","${name}"]`, attachments }),
    );
    const orders = await Promise.all(puts);
    expect(orders.map(({ order }) => order)).toEqual([1, 2, 3]);
    const loaded = await partition.load("b");
    expect(loaded?.body).toBe('["save","b"]');
    expect(loaded?.attachments).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3)]);

    const others = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
      "encrypt",
      "decrypt",
    ]);
    const other = await openWith(await makeCipher(others));
    await expect(other.load("b")).rejects.toMatchObject({ code: "storage_damaged" });
    const without = await open();
    await expect(without.load("b")).rejects.toMatchObject({ code: "storage_damaged" });
    expect((await without.contents()).actions).toHaveLength(3);
  });

  test("that fails takes no action, and holds up no other", async () => {
    const cipher: Cipher = {
      encrypt: (bytes, id) => {
        if (id === "b") throw new Error("no key");
        return bytes;
      },
      decrypt: (bytes) => bytes,
    };
    const partition = await openWith(cipher);
    const puts = ["a", "b", "c"].map(async (key) => partition.put(action(key), payload(key)));
    const results = await Promise.allSettled(puts);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((await partition.contents()).actions.map(({ key }) => key)).toEqual(["a", "c"]);
  });
});
