/** What becomes of actions when the browser loses its database while a page uses it. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { StoreChange } from "../../src/outboxStore.js";
import { IndexedDbStore } from "../../src/ports/indexedDbStore.js";
import { randomId } from "../../src/randomId.js";
import { FakeBrowser, type FakeTab } from "../support/fakeTabs.js";
import { FaultyIndexedDb } from "../support/faultyIndexedDb.js";

const place = { namespace: "/", identity: "" };
const candidate = { heard: () => 1, couldDrain: () => true };
const sent = { epoch: 1, sequence: 1, attempts: 1 };
const action = (key: string) => ({
  ...{ key, event: "save", lane: "default", bytes: 8, attachmentCount: 0 },
  ...{ ackTimeoutMs: 1_000, resend: true, kills: 0 },
});
const payload = (key: string) => ({ body: `["save","${key}"]` });

let faults: FaultyIndexedDb;
let name: string;
let browser: FakeBrowser;
beforeEach(() => {
  faults = new FaultyIndexedDb();
  name = randomId();
  browser = new FakeBrowser();
});

/** Opens a partition, and keeps what it is told. */
async function open(tab: FakeTab = browser.open()) {
  const changes: StoreChange["type"][] = [];
  const codes: unknown[] = [];
  const incidents: unknown[] = [];
  const partition = await new IndexedDbStore({ name }, tab).open(
    place,
    (news) => changes.push(...news.map(({ type }) => type)),
    (error) => {
      codes.push((error as { code: unknown }).code);
      incidents.push((error as { incident: unknown }).incident);
    },
  );
  return { partition, changes, codes, incidents };
}

const lead = ({ partition }: Awaited<ReturnType<typeof open>>) =>
  partition.lead(new AbortController().signal, candidate);

const remove = () =>
  new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(`sockeye:${name}`);
    request.onsuccess = resolve;
    request.onerror = () => reject(new Error(String(request.error)));
  });

/** What is in the database, by a connection of another page; each action has its payload. */
async function stored() {
  const { partition } = await open(new FakeBrowser().open());
  const { actions } = await partition.contents();
  for (const { key } of actions) expect(await partition.load(key)).toEqual(payload(key));
  partition.close();
  return actions.map(({ key, sent, parked }) => [key, parked ?? sent?.sequence]);
}

/** As `vi.waitFor`, which lets time pass when there is none but that of the test. */
async function until(check: () => void): Promise<void> {
  for (;;) {
    try {
      check();
      return;
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

describe("a database that is lost while it is open", () => {
  test("holds again what this client has stored, although nobody asks for anything", async () => {
    const one = await open();
    const { partition } = one;
    for (const key of ["a", "b", "c", "d", "e"]) await partition.put(action(key), payload(key));
    const { epoch } = await lead(one);
    await partition.mark(epoch, [{ key: "a", sent, kills: 0 }]);
    await partition.settle(epoch, [{ key: "b", outcome: "applied" }]);
    await partition.remove("c", true);
    await partition.park(epoch, "d", "unknown");
    await remove();
    await vi.waitFor(() => expect(one.changes).toEqual(["missed"]));
    expect(one.codes).toEqual(["storage_lost"]);
    expect(await stored()).toEqual([
      ["a", 1],
      ["d", "unknown"],
      ["e", undefined],
    ]);
    expect(await partition.put(action("f"), payload("f"))).toMatchObject({ order: 6 });
    expect(await partition.mark(epoch, [{ key: "e", sent, kills: 0 }])).toMatchObject({
      missing: [],
    });
    expect((await open(new FakeBrowser().open())).partition.clientId).toBe(partition.clientId);
  });

  test("is lost again, and holds it again", async () => {
    const one = await open();
    await one.partition.put(action("a"), payload("a"));
    for (const time of [1, 2]) {
      await remove();
      await vi.waitFor(() => expect(one.codes).toHaveLength(time));
    }
    expect(new Set(one.incidents).size).toBe(2);
    expect(await stored()).toEqual([["a", 0]]);
  });

  test("holds again what all tabs have stored, each of them once", async () => {
    const tabs = await Promise.all([open(), open()]);
    const [one, other] = tabs;
    const { epoch } = await lead(one);
    await one.partition.put(action("a"), payload("a"));
    await other.partition.put(action("b"), payload("b"));
    await other.partition.put(action("c"), payload("c"));
    await one.partition.settle(epoch, [{ key: "c", outcome: "applied" }]);
    await vi.waitFor(() => expect(other.changes).toContain("settled"));
    await remove();
    await vi.waitFor(() => {
      for (const { changes } of tabs)
        expect(changes.filter((it) => it === "missed")).toHaveLength(2);
    });
    expect(tabs.map(({ codes }) => codes)).toEqual([["storage_lost"], ["storage_lost"]]);
    // The other one does not drain, so it cannot know that it was not sent.
    expect(await stored()).toEqual([
      ["a", undefined],
      ["b", 0],
    ]);
    expect(await one.partition.mark(epoch, [{ key: "b", sent, kills: 0 }])).toMatchObject({
      missing: [],
    });
  });

  test("does not hold again what another tab has replaced", async () => {
    const [one, other] = await Promise.all([open(), open()]);
    await one.partition.put(action("a"), payload("a"));
    await other.partition.put(action("b"), payload("b"), "a");
    await vi.waitFor(() => expect(one.changes).toEqual(["removed", "put"]));
    await remove();
    await vi.waitFor(() => {
      for (const { changes } of [one, other]) expect(changes).toContain("missed");
    });
    expect(await stored()).toEqual([["b", 0]]);
  });

  test("holds again what this page has stored before it was somebody else in between", async () => {
    const store = new IndexedDbStore({ name }, browser.open());
    const changes: StoreChange["type"][] = [];
    const openAs = (identity: string) =>
      store.open({ ...place, identity }, (news) => changes.push(...news.map(({ type }) => type)));
    const before = await openAs("");
    for (const key of ["a", "b", "c"]) await before.put(action(key), payload(key));
    before.close();
    (await openAs("bob")).close();
    const elsewhere = (await open()).partition;
    await elsewhere.remove("b", true);
    await elsewhere.remove("c", true);
    await elsewhere.put(action("c"), { body: "of another one" });
    elsewhere.close();
    const partition = await openAs("");
    await partition.contents();
    await remove();
    await vi.waitFor(() => expect(changes).toContain("missed"));
    // The other page has left, and what it stored itself with it.
    expect(await stored()).toEqual([["a", 0]]);
  });

  test("is the same for all stores of a page: they tell one incident", async () => {
    const tab = browser.open();
    const both = await Promise.all([open(tab), open(tab)]);
    await remove();
    await vi.waitFor(() => {
      for (const { codes } of both) expect(codes).toEqual(["storage_lost"]);
    });
    expect(both[0].incidents).toEqual(both[1].incidents);
    expect(both[0].incidents[0]).toEqual(expect.any(String));
  });

  test("holds it again when the browser answers, if it did not at first", async () => {
    const one = await open();
    await one.partition.put(action("a"), payload("a"));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      let writing = 0;
      faults.plan((_, { mode }) => (mode === "readwrite" && ++writing > 0 ? "silent" : undefined));
      await remove();
      await until(() => expect(writing).toBe(1));
      await vi.advanceTimersByTimeAsync(30_000);
      faults.heal();
      await until(() => expect(vi.getTimerCount()).toBe(1));
      await vi.advanceTimersByTimeAsync(500);
      await until(() => expect(one.changes).toEqual(["missed"]));
    } finally {
      vi.useRealTimers();
    }
    expect(one.codes).toEqual(["storage_lost"]);
    expect(await stored()).toEqual([["a", 0]]);
  });

  test("says so if there is no room for what it held", async () => {
    const one = await open();
    await one.partition.put(action("a"), payload("a"));
    faults.plan((_, { mode }) => (mode === "readwrite" ? "QuotaExceededError" : undefined));
    await remove();
    await vi.waitFor(() => expect(one.changes).toEqual(["missed"]));
    expect(one.codes).toEqual(["storage_lost", "storage_full"]);
    faults.heal();
    expect((await one.partition.contents()).actions).toEqual([]);
  });
});

describe("a database whose connection is lost", () => {
  test("is opened again at once, and nothing is told", async () => {
    const one = await open();
    await one.partition.put(action("a"), payload("a"));
    const opened = vi.spyOn(indexedDB, "open");
    faults.plan((index) => (index === 0 ? "closed" : undefined));
    await one.partition.contents();
    await vi.waitFor(() => expect(opened).toHaveBeenCalled());
    expect(await one.partition.put(action("b"), payload("b"))).toMatchObject({ order: 2 });
    expect([one.codes, one.changes]).toEqual([[], []]);
  });

  test("is opened again and again, ever more rarely, while something would be lost", async () => {
    const one = await open();
    await one.partition.put(action("a"), payload("a"));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      faults.failToOpen("UnknownError", 9);
      const opened = vi.spyOn(indexedDB, "open");
      await remove();
      for (const [waitMs, count] of [
        [500, 4],
        [1_000, 8],
      ] as const) {
        await until(() => expect(opened).toHaveBeenCalledTimes(count));
        await until(() => expect(vi.getTimerCount()).toBe(1));
        await vi.advanceTimersByTimeAsync(waitMs - 1);
        expect(opened).toHaveBeenCalledTimes(count);
        await vi.advanceTimersByTimeAsync(1);
      }
      await until(() => expect(one.changes).toEqual(["missed"]));
    } finally {
      vi.useRealTimers();
    }
    expect(await stored()).toEqual([["a", 0]]);
  });

  test("is left alone when nothing would be lost, until somebody asks", async () => {
    const one = await open();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      faults.failToOpen("UnknownError", 4);
      const opened = vi.spyOn(indexedDB, "open");
      await remove();
      await until(() => expect(opened).toHaveBeenCalledTimes(4));
      await until(() => expect(vi.getTimerCount()).toBe(0));
      expect(one.codes).toEqual([]);
      await one.partition.put(action("a"), payload("a"));
    } finally {
      vi.useRealTimers();
    }
    expect(one.codes).toEqual(["storage_lost"]);
  });

  test("is not opened any more when the last client has left", async () => {
    const one = await open();
    await one.partition.put(action("a"), payload("a"));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      faults.failToOpen("UnknownError");
      await remove();
      await until(() => expect(vi.getTimerCount()).toBe(1));
      one.partition.close();
      await until(() => expect(vi.getTimerCount()).toBe(0));
    } finally {
      vi.useRealTimers();
    }
  });
});
