/** A browser that does not answer: what was said of an action stays true, and nobody waits for ever. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StoreChange } from "../../src/outboxStore.js";
import { IndexedDbStore } from "../../src/ports/indexedDbStore.js";
import { randomId } from "../../src/randomId.js";
import { FakeBrowser } from "../support/fakeTabs.js";
import { type Fault, FaultyIndexedDb } from "../support/faultyIndexedDb.js";

const place = { namespace: "/", identity: "" };
const candidate = { heard: () => 1, couldDrain: () => true };
const action = (key: string) => ({
  ...{ key, event: "save", lane: "default", bytes: 8, attachmentCount: 0 },
  ...{ ackTimeoutMs: 1_000, resend: true, kills: 0 },
});
const payload = (key: string) => ({ body: `["save","${key}"]` });

let faults: FaultyIndexedDb;
beforeEach(() => {
  faults = new FaultyIndexedDb();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Two tabs with one database, and what the second is told. */
async function openTwo() {
  const browser = new FakeBrowser();
  const name = randomId();
  const [tab, otherTab] = [browser.open(), browser.open()];
  const told: StoreChange[] = [];
  const hear = (changes: readonly StoreChange[]) => told.push(...changes);
  return {
    tab,
    told,
    partition: await new IndexedDbStore({ name }, tab).open(place, () => {}),
    other: await new IndexedDbStore({ name }, otherTab).open(place, hear),
  };
}

type Partition = Awaited<ReturnType<typeof openTwo>>["partition"];

const keysIn = async (partition: Partition) =>
  (await partition.contents()).actions.map(({ key }) => key);

/** How many transactions have begun that write. */
let writing = 0;

/** Lets the next transactions that write end like this, and all after them as they should. */
function plan(...ends: Fault[]): void {
  writing = 0;
  faults.plan((_, { mode }) => (mode === "readwrite" ? ends[writing++] : undefined));
}

/** Waits until so many of them have begun, and then for as long as one may take. */
async function outlast(count: number): Promise<void> {
  await vi.waitFor(() => expect(writing).toBe(count));
  await vi.advanceTimersByTimeAsync(30_000);
}

describe("an action that was stored without an answer", () => {
  test("is found although the browser does not answer the next question either", async () => {
    const { partition } = await openTwo();
    plan("unanswered", "silent");
    const put = partition.put(action("a"), payload("a"));
    await outlast(1);
    await outlast(2);
    expect(await put).toEqual({ order: 1, replaced: false });
    expect(await keysIn(partition)).toEqual(["a"]);
  });

  test("is removed when the browser answers again, if it was refused by then", async () => {
    const { partition, other, told } = await openTwo();
    plan("unanswered", "silent", "silent", "silent");
    const refused = expect(partition.put(action("a"), payload("a"))).rejects.toMatchObject({
      code: "storage_failed",
    });
    for (const count of [1, 2, 3, 4]) await outlast(count);
    await refused;
    await vi.waitFor(() => expect(told).toEqual([{ type: "removed", key: "a" }]));
    expect(await keysIn(other)).toEqual([]);
    expect(await partition.put(action("a"), payload("a"))).toMatchObject({ replaced: false });
    expect(await keysIn(other)).toEqual(["a"]);
  });

  test("is removed later, although nobody asks for anything, if the browser stays silent", async () => {
    const { partition, other } = await openTwo();
    plan("unanswered", ...Array.from({ length: 4 }, (): Fault => "silent"));
    const refused = expect(partition.put(action("a"), payload("a"))).rejects.toThrow();
    for (const count of [1, 2, 3, 4]) await outlast(count);
    await refused;
    await outlast(5);
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1));
    await vi.advanceTimersByTimeAsync(500);
    await vi.waitFor(async () => expect(await keysIn(other)).toEqual([]));
  });

  test("gives its place back to the action that it has replaced", async () => {
    const { partition, other, told } = await openTwo();
    await partition.put(action("a"), payload("a"));
    plan("unanswered", "silent", "silent", "silent");
    const refused = expect(partition.put(action("b"), payload("b"), "a")).rejects.toThrow();
    for (const count of [1, 2, 3, 4]) await outlast(count);
    await refused;
    await vi.waitFor(() => expect(told.map(({ type }) => type)).toEqual(["put", "removed", "put"]));
    expect(await keysIn(other)).toEqual(["a"]);
    expect(await partition.load("a")).toEqual(payload("a"));
  });

  test("stays if only another tab has what it has replaced", async () => {
    const { partition, other } = await openTwo();
    await other.put(action("a"), payload("a"));
    plan("unanswered", "silent", "silent", "silent");
    const refused = expect(partition.put(action("b"), payload("b"), "a")).rejects.toThrow();
    for (const count of [1, 2, 3, 4]) await outlast(count);
    await refused;
    expect(await keysIn(partition)).toEqual(["b"]);
  });

  test("says truly that it has replaced another one", async () => {
    const { partition } = await openTwo();
    await partition.put(action("a"), payload("a"));
    plan("unanswered");
    const put = partition.put(action("b"), payload("b"), "a");
    await outlast(1);
    expect(await put).toEqual({ order: 2, replaced: true });
  });
});

describe("room that is given up without an answer", () => {
  const full: Fault[] = ["QuotaExceededError", "silent"];

  test("keeps nobody from draining", async () => {
    const { partition } = await openTwo();
    await partition.put(action("a"), payload("a"));
    plan(...full);
    const leading = partition.lead(new AbortController().signal, candidate);
    await outlast(2);
    expect((await leading).actions).toMatchObject([{ key: "a" }]);
  });

  test("keeps no other tab waiting when the page stands still", async () => {
    const { partition, other, tab } = await openTwo();
    plan(...full);
    const leading = partition.lead(new AbortController().signal, candidate);
    await vi.waitFor(() => expect(writing).toBe(2));
    tab.document.dispatchEvent(new Event("freeze"));
    await other.put(action("a"), payload("a"));
    expect(await keysIn(other)).toEqual(["a"]);
    tab.document.dispatchEvent(new Event("resume"));
    expect((await leading).actions).toMatchObject([{ key: "a" }]);
  });
});
