/** What passes between a store and the core. */
import { expect, test, vi } from "vitest";
import { memoryOutboxStore } from "../src/memoryStore.js";
import type { Candidate, OutboxStore, StoreChange } from "../src/outboxStore.js";
import type { CoreEvents, CoreOptions } from "../src/port.js";
import { StoreRunner } from "../src/storeRunner.js";
import { FakeCore } from "./support/fakeCore.js";

/** Runs a store, and shows what it was given. */
function run() {
  const core = new FakeCore({} as CoreOptions, {} as CoreEvents);
  const inner = memoryOutboxStore();
  const seen: { tell?: (changes: readonly StoreChange[]) => void; candidate?: Candidate } = {};
  const store: OutboxStore = {
    durability: "memory",
    async open(place, handleChanges) {
      seen.tell = handleChanges;
      const partition = await inner.open(place, handleChanges);
      const lead = partition.lead.bind(partition);
      partition.lead = (signal, candidate) => {
        seen.candidate = candidate;
        return lead(signal, candidate);
      };
      return partition;
    },
  };
  const listener = {
    handleStored: vi.fn(),
    handleOpened: vi.fn(),
    handleLessDurable() {},
    handleFailed() {},
  };
  const runner = new StoreRunner({ core, socket: 3, name: "/", store }, listener);
  const answered = (count: number) =>
    vi.waitFor(() => expect(core.callsOf("storeAnswered")).toHaveLength(count));
  return { core, runner, seen, answered, listener };
}

test("news that were missed have the store read again, once, and the others are told", async () => {
  const { core, runner, seen, answered } = run();
  runner.run(0, { type: "open", identity: "" });
  await answered(1);
  const removed = { type: "removed", key: "k" } as const;
  seen.tell?.([{ type: "missed" }, removed, { type: "missed" }]);
  expect(core.callsOf("storeChanged")).toEqual([[3, [removed]]]);
  expect(core.callsOf("refreshOutbox")).toEqual([[3]]);
  seen.tell?.([removed]);
  expect(core.callsOf("refreshOutbox")).toHaveLength(1);
  seen.tell?.([{ type: "missed" }]);
  expect(core.callsOf("storeChanged")).toHaveLength(2);
  expect(core.callsOf("refreshOutbox")).toHaveLength(2);
});

test("a store that leads for the core learns from it whether it gets on", async () => {
  const { core, runner, seen, answered } = run();
  runner.run(0, { type: "open", identity: "" });
  runner.run(1, { type: "lead" });
  await answered(2);
  const { candidate } = seen;
  core.signs = 7;
  core.isReady = true;
  expect(candidate?.heard()).toBe(7);
  expect(candidate?.couldDrain()).toBe(true);
  expect(core.callsOf("signsOfLife")).toEqual([[3]]);
  runner.close();
  expect(candidate?.heard()).toBe(0);
  expect(candidate?.couldDrain()).toBe(false);
  expect(core.callsOf("signsOfLife")).toHaveLength(1);
});

test("what was asked for a user who has left since is told to nobody but the core", async () => {
  const { runner, answered, listener } = run();
  runner.run(1, { type: "open", identity: "bob" });
  runner.run(2, { type: "read" });
  runner.run(3, { type: "open", identity: "alice" });
  await answered(3);
  expect(listener.handleOpened).toHaveBeenCalledOnce();
  expect(listener.handleStored).toHaveBeenCalledOnce();
});
