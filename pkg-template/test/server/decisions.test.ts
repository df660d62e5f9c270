/** The contract's table with the memory store; other stores run it in tests/interop. */
import { afterEach, beforeEach, test, vi } from "vitest";
import { cases, runCase } from "../../../tests/contract/runCase.mjs";
import { ActionRejected, createServerHelper, memoryStore } from "../../src/server.js";

const leaseMs = 1_000;
const retentionMs = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each(cases.map((each) => [each.name, each] as const))("%s", async (_name, contractCase) => {
  let store = memoryStore();
  const world = {
    Rejected: ActionRejected,
    newHelper: (identify: () => string) =>
      createServerHelper({ store, leaseMs, retentionMs, identify, onError: () => {} }),
    memory: () => store.memory(),
    forget: () => (store = memoryStore()),
    waitLeases: () => vi.advanceTimersByTime(leaseMs),
    waitRetention: () => vi.advanceTimersByTime(retentionMs),
  };
  await runCase(world, contractCase);
});
