/** A page that stands still: other tabs do not wait for what it has begun in the database. */
import "fake-indexeddb/auto";
import { expect, test, vi } from "vitest";
import type { Candidate, OutboxPartition, StoreChange } from "../../src/outboxStore.js";
import { IndexedDbStore } from "../../src/ports/indexedDbStore.js";
import { randomId } from "../../src/randomId.js";
import { FakeBrowser } from "../support/fakeTabs.js";

const place = { namespace: "/", identity: "" };
const candidate: Candidate = { heard: () => 1, couldDrain: () => true };

const action = (key: string) => ({
  ...{ key, event: "save", lane: "default", bytes: 8, attachmentCount: 0 },
  ...{ ackTimeoutMs: 1_000, resend: true, kills: 0 },
});
const payload = { body: '["save"]' };

/** Two tabs with one database, and what the second is told. */
async function openTwo() {
  const browser = new FakeBrowser();
  const name = randomId();
  const [frozen, other] = [browser.open(), browser.open()];
  const told: StoreChange[] = [];
  const hear = (changes: readonly StoreChange[]) => told.push(...changes);
  const say = (type: string) => frozen.document.dispatchEvent(new Event(type));
  return {
    frozen: await new IndexedDbStore({ name }, frozen).open(place, () => {}),
    other: await new IndexedDbStore({ name }, other).open(place, hear),
    ...{ say, told, tab: frozen },
  };
}

const keysIn = async (partition: OutboxPartition) =>
  (await partition.contents()).actions.map(({ key }) => key);

const put = async (partition: OutboxPartition, key: string) => partition.put(action(key), payload);

/** Lets the database do so many steps. */
async function steps(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await new Promise((done) => setImmediate(done));
}

test("nothing is begun while the page stands still, and everything when it goes on", async () => {
  const { frozen, other, say } = await openTwo();
  const accepted = vi.fn();
  say("freeze");
  say("freeze");
  const stored = put(frozen, "a").then(accepted);
  await put(other, "b");
  expect(await keysIn(other)).toEqual(["b"]);
  expect(accepted).not.toHaveBeenCalled();
  say("resume");
  await stored;
  expect((await keysIn(other)).sort()).toEqual(["a", "b"]);
});

test("what was begun is done once, wherever it was interrupted", { timeout: 60_000 }, async () => {
  let interrupted = 0;
  for (let count = 0; count < 40; count += 1) {
    const { frozen, other, say } = await openTwo();
    const { epoch } = await frozen.lead(new AbortController().signal, candidate);
    let isAccepted = false;
    const stored = put(frozen, "a").then(() => (isAccepted = true));
    await steps(count);
    const wasAccepted = isAccepted;
    say("freeze");
    await put(other, "b");
    const isThere = (await keysIn(other)).includes("a");
    expect(isThere || !wasAccepted).toBe(true);
    if (!isThere) interrupted += 1;
    say("resume");
    await stored;
    expect(await frozen.raiseEpoch(epoch, 0)).toBe(epoch + 1);
    expect((await keysIn(other)).sort()).toEqual(["a", "b"]);
    frozen.close();
    other.close();
  }
  expect(interrupted).toBeGreaterThan(1);
});

test("nothing is begun in a page that is kept when it is left, if nothing else tells of that", async () => {
  const { frozen, other, tab } = await openTwo();
  const accepted = vi.fn();
  const leave = (persisted: boolean) =>
    tab.dispatchEvent(Object.assign(new Event("pagehide"), { persisted }));
  leave(true);
  const stored = put(frozen, "a").then(accepted);
  await put(other, "b");
  expect(await keysIn(other)).toEqual(["b"]);
  expect(accepted).not.toHaveBeenCalled();
  tab.dispatchEvent(new Event("pageshow"));
  await stored;
  leave(false);
  await put(frozen, "c");
  expect((await keysIn(other)).sort()).toEqual(["a", "b", "c"]);
});

test("a page that comes back out of the browser's cache goes on, and so does one that is closed", async () => {
  const { frozen, other, say, tab } = await openTwo();
  say("freeze");
  const stored = put(frozen, "a");
  tab.dispatchEvent(new Event("pageshow"));
  await stored;
  say("freeze");
  const last = put(frozen, "b");
  frozen.close();
  await last;
  expect((await keysIn(other)).sort()).toEqual(["a", "b"]);
});

test("others hear what the server said although the page that was told ends", async () => {
  const { frozen, other, say, told } = await openTwo();
  for (const key of ["a", "b"]) await put(other, key);
  const { epoch } = await frozen.lead(new AbortController().signal, candidate);
  say("freeze");
  const settled = frozen.settle(epoch, [
    { key: "a", outcome: "applied", args: [1] },
    { key: "b", outcome: "expired" },
  ]);
  await vi.waitFor(() =>
    expect(told).toEqual([{ type: "settled", key: "a", outcome: "applied", args: [1] }]),
  );
  expect((await keysIn(other)).sort()).toEqual(["a", "b"]);
  say("resume");
  await settled;
  await vi.waitFor(() => expect(told.slice(1)).toMatchObject([{ key: "b" }]));
  expect(await keysIn(other)).toEqual([]);
});
