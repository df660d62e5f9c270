/** What every store of the outbox has to do: `describeStore("my store", () => makeStore())`. */
import { describe, expect, test, vi } from "vitest";
import type {
  Candidate,
  OutboxPartition,
  OutboxStore,
  StoreChange,
} from "../../src/outboxStore.js";

const place = { namespace: "/", identity: "" };
const unheard = () => {};

const action = (key: string, details: object = {}) => ({
  ...{ key, event: "save", lane: "default", bytes: 8, attachmentCount: 0 },
  ...{ ackTimeoutMs: 1_000, resend: true, kills: 0 },
  ...details,
});
const payload = (key: string) => ({ body: `["save","${key}"]` });
const sent = { epoch: 1, sequence: 1, memory: "m", serverTimeMs: 1, attempts: 1 };
const candidate: Candidate = { heard: () => 1, couldDrain: () => true };
const signal = () => new AbortController().signal;

const keysOf = async (partition: OutboxPartition) => {
  const { actions } = await partition.contents();
  const inOrder = [...actions].sort((one, other) => one.order - other.order);
  return inOrder.map(({ key }) => key);
};

/** A partition with actions of these keys. */
async function filled(store: OutboxStore, ...keys: string[]): Promise<OutboxPartition> {
  const partition = await store.open(place, unheard);
  for (const key of keys) await partition.put(action(key), payload(key));
  return partition;
}

/** Two clients of one partition, and what the second is told. */
async function pair(store: OutboxStore, ...keys: string[]) {
  const first = await filled(store, ...keys);
  const changes: StoreChange[] = [];
  const second = await store.open(place, (told) => void changes.push(...told));
  const isTold = (type: StoreChange["type"]) =>
    vi.waitFor(() => expect(changes.map((change) => change.type)).toContain(type));
  return { first, second, changes, isTold };
}

/** Declares the tests; `makeStore` makes one that nobody has used. */
export function describeStore(name: string, makeStore: () => OutboxStore): void {
  describe(`${name}, a partition`, () => {
    test("keeps actions, in the order in which they were put", async () => {
      const partition = await filled(makeStore(), "b", "a");
      const { actions, unreadable } = await partition.contents();
      expect(actions.find(({ key }) => key === "b")).toMatchObject(action("b"));
      expect(unreadable).toEqual([]);
      expect(await keysOf(partition)).toEqual(["b", "a"]);
      const { order } = await partition.put(action("c"), payload("c"));
      for (const other of actions) expect(order).toBeGreaterThan(other.order);
    });

    test("keeps what they send, with binary values", async () => {
      const partition = await filled(makeStore());
      const attachments = [Uint8Array.of(1, 2), Uint8Array.of(3).buffer];
      await partition.put(action("k"), { body: '["save"]', attachments });
      expect(await partition.load("k")).toEqual({ body: '["save"]', attachments });
      expect(await partition.load("other")).toBeUndefined();
    });

    test("tells how old they are, never less than nothing", async () => {
      const partition = await filled(makeStore(), "k");
      const [stored] = (await partition.contents()).actions;
      expect(stored?.ageMs).toBeGreaterThanOrEqual(0);
    });

    test("has one id for all clients, and another than other partitions", async () => {
      const store = makeStore();
      const { first, second } = await pair(store, "k");
      const other = await store.open({ namespace: "/", identity: "anna" }, unheard);
      const third = await store.open({ namespace: "/x", identity: "" }, unheard);
      expect(first.clientId).toBe(second.clientId);
      expect(new Set([first, other, third].map(({ clientId }) => clientId)).size).toBe(3);
      expect(await keysOf(second)).toEqual(["k"]);
      expect(await keysOf(other)).toEqual([]);
      expect(await keysOf(third)).toEqual([]);
    });

    test("replaces an action that was never sent", async () => {
      const partition = await filled(makeStore(), "a", "b");
      const stored = await partition.put(action("c"), payload("c"), "a");
      expect(stored.replaced).toBe(true);
      expect(await keysOf(partition)).toEqual(["b", "c"]);
    });

    test("does not replace one that was sent, or is not there", async () => {
      const partition = await filled(makeStore(), "a");
      const { epoch } = await partition.lead(signal(), candidate);
      await partition.mark(epoch, [{ key: "a", sent, kills: 0 }]);
      const kept = await partition.put(action("b"), payload("b"), "a");
      const absent = await partition.put(action("c"), payload("c"), "x");
      expect([kept.replaced, absent.replaced]).toEqual([false, false]);
      expect(await keysOf(partition)).toEqual(["a", "b", "c"]);
    });

    test("removes an action only if it was never sent, when that is asked", async () => {
      const partition = await filled(makeStore(), "a", "b");
      const { epoch } = await partition.lead(signal(), candidate);
      await partition.mark(epoch, [{ key: "a", sent, kills: 0 }]);
      expect(await partition.remove("a", true)).toBe("wasSent");
      expect(await partition.remove("b", true)).toBe("removed");
      expect(await partition.remove("b", true)).toBe("missing");
      expect(await partition.remove("a", false)).toBe("removed");
      expect(await keysOf(partition)).toEqual([]);
    });

    test("notes what was sent, and says what has gone or comes before", async () => {
      const partition = await filled(makeStore(), "a", "b");
      await partition.put(action("c", { lane: "other" }), payload("c"));
      const { epoch } = await partition.lead(signal(), candidate);
      const marks = [
        { key: "b", sent, kills: 2 },
        { key: "x", sent, kills: 0 },
      ];
      expect(await partition.mark(epoch, marks)).toMatchObject({
        missing: ["x"],
        earlier: [{ key: "a" }],
      });
      const stored = (await partition.contents()).actions.find(({ key }) => key === "b");
      expect(stored).toMatchObject({ sent, kills: 2 });
      const again = await partition.mark(epoch, [{ key: "a", sent, kills: 0 }]);
      expect(again).toEqual({ missing: [], earlier: [] });
      const after = await partition.mark(epoch, [{ key: "b", sent, kills: 0 }]);
      expect(after).toEqual({ missing: [], earlier: [] });
    });

    test("does not name parked actions among those that come before", async () => {
      const partition = await filled(makeStore(), "a", "b");
      const { epoch } = await partition.lead(signal(), candidate);
      await partition.park(epoch, "a", "quarantined");
      const marked = await partition.mark(epoch, [{ key: "b", sent, kills: 0 }]);
      expect(marked).toEqual({ missing: [], earlier: [] });
    });

    test("parks an action, and lets it be sent again without forgetting that it was", async () => {
      const partition = await filled(makeStore(), "a", "b");
      const { epoch } = await partition.lead(signal(), candidate);
      await partition.mark(epoch, [{ key: "a", sent, kills: 3 }]);
      expect(await partition.park(epoch, "a", "unknown")).toBeUndefined();
      const parked = (await partition.contents()).actions.find(({ key }) => key === "a");
      expect(parked).toMatchObject({ parked: "unknown", sent });
      expect(await partition.unpark("a")).toHaveProperty("order");
      expect(await partition.unpark("a")).toBe("missing");
      expect(await partition.unpark("b")).toBe("missing");
      expect(await partition.unpark("x")).toBe("missing");
      expect(await keysOf(partition)).toEqual(["b", "a"]);
      const again = (await partition.contents()).actions.find(({ key }) => key === "a");
      expect(again).toMatchObject({ kills: 0, resend: true });
      const { epoch: sentIn, attempts } = sent;
      expect(again?.sent).toEqual({ epoch: sentIn, sequence: 0, attempts });
      expect(again?.parked).toBeUndefined();
    });

    test("removes what has ended, and what is gone is no error", async () => {
      const partition = await filled(makeStore(), "a");
      const { epoch } = await partition.lead(signal(), candidate);
      const settlements = ["a", "a", "x"].map((key) => ({ key, outcome: "applied" as const }));
      expect(await partition.settle(epoch, settlements)).toBeUndefined();
      expect(await keysOf(partition)).toEqual([]);
      expect(await partition.load("a")).toBeUndefined();
    });
  });

  describe(`${name}, its leader`, () => {
    test("is one at a time, with a higher epoch each", async () => {
      const { first, second } = await pair(makeStore(), "k");
      const leading = await first.lead(signal(), candidate);
      expect(leading.actions.map(({ key }) => key)).toEqual(["k"]);
      let epoch: number | undefined;
      const next = second.lead(signal(), candidate).then((begun) => (epoch = begun.epoch));
      await first.contents();
      expect(epoch).toBeUndefined();
      first.resign();
      await expect(next).resolves.toBeGreaterThan(leading.epoch);
    });

    test("is followed when its client closes", async () => {
      const { first, second } = await pair(makeStore());
      await first.lead(signal(), candidate);
      const next = second.lead(signal(), candidate);
      first.close();
      await expect(next).resolves.toHaveProperty("epoch");
    });

    test("does not become who has stopped to wait", async () => {
      const { first, second } = await pair(makeStore());
      await first.lead(signal(), candidate);
      const waiting = new AbortController();
      const next = second.lead(waiting.signal, candidate);
      waiting.abort();
      await expect(next).rejects.toBeDefined();
      first.resign();
      await expect(first.lead(signal(), candidate)).resolves.toHaveProperty("epoch");
    });

    test("can do nothing any more with an old epoch", async () => {
      const { first, second } = await pair(makeStore(), "k");
      const { epoch } = await first.lead(signal(), candidate);
      first.resign();
      await second.lead(signal(), candidate);
      expect(await first.mark(epoch, [{ key: "k", sent, kills: 1 }])).toBe("fenced");
      expect(await first.settle(epoch, [{ key: "k", outcome: "applied" }])).toBe("fenced");
      expect(await first.park(epoch, "k", "unknown")).toBe("fenced");
      expect(await first.raiseEpoch(epoch, 9)).toBe("fenced");
      const [stored] = (await second.contents()).actions;
      expect(stored).toMatchObject({ key: "k", kills: 0 });
      expect(stored?.sent).toBeUndefined();
      expect(stored?.parked).toBeUndefined();
    });

    test("can raise its epoch", async () => {
      const partition = await filled(makeStore(), "k");
      const { epoch } = await partition.lead(signal(), candidate);
      const raised = await partition.raiseEpoch(epoch, epoch + 10);
      expect(raised).toBe(epoch + 10);
      expect(await partition.raiseEpoch(epoch + 10, 1)).toBe(epoch + 11);
      expect(await partition.mark(epoch, [])).toBe("fenced");
      expect(await partition.mark(epoch + 11, [])).not.toBe("fenced");
    });
  });

  describe(`${name}, other clients`, () => {
    test("are told of each change, and not of their own", async () => {
      const { first, second, changes, isTold } = await pair(makeStore());
      await second.put(action("own"), payload("own"));
      await first.put(action("k"), payload("k"));
      await isTold("put");
      expect(changes).toMatchObject([{ type: "put", action: action("k") }]);
      const { epoch } = await first.lead(signal(), candidate);
      await first.mark(epoch, [{ key: "k", sent, kills: 0 }]);
      await isTold("marked");
      await first.park(epoch, "k", "quarantined");
      await isTold("parked");
      await first.settle(epoch, [{ key: "k", outcome: "applied", args: [1] }]);
      await isTold("settled");
      expect(changes.at(-1)).toEqual({
        ...{ type: "settled", key: "k", outcome: "applied", args: [1] },
      });
      await first.remove("own", true);
      await isTold("removed");
    });

    test("are not told within the call, and not after they have closed", async () => {
      const { first, second, changes, isTold } = await pair(makeStore());
      const isDone = first.put(action("a"), payload("a"));
      expect(changes).toEqual([]);
      await isDone;
      await isTold("put");
      second.close();
      await first.put(action("b"), payload("b"));
      await first.contents();
      expect(changes).toHaveLength(1);
    });
  });
}
