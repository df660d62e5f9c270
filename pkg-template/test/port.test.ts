/**
 * The commands that the core writes, as `tests/contract/port.json` has them, mean to a store what they are
 * meant to: `tests/client/port.rs` shows that the core writes these, and reads what is answered here.
 */
import { readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { memoryOutboxStore } from "../src/memoryStore.js";
import type { StoreAnswer, StoreCommand } from "../src/outboxPort.js";
import type { StoreChange } from "../src/outboxStore.js";
import type { CorePort } from "../src/port.js";
import { StoreRunner } from "../src/storeRunner.js";

interface Step {
  command: StoreCommand;
  /** Null: there is none. */
  answer: StoreAnswer | null;
  /** What another client of the same store hears. */
  changes: StoreChange[];
}

const file = new URL("../../tests/contract/port.json", import.meta.url);
const { steps } = JSON.parse(readFileSync(file, "utf8")) as { steps: Step[] };

afterEach(() => {
  vi.restoreAllMocks();
});

test("a store takes the commands of the core, and gives the answers that it reads", async () => {
  vi.spyOn(performance, "now").mockReturnValue(1_000);
  const store = memoryOutboxStore();
  const heard: StoreChange[] = [];
  const partition = { namespace: "/", identity: "alice" };
  await store.open(partition, (changes) => heard.push(...changes));
  const answers: StoreAnswer[] = [];
  const core = {
    storeAnswered: (_socket: number, _ticket: number, answer: StoreAnswer) => answers.push(answer),
    storeChanged: () => undefined,
  } as unknown as CorePort;
  const runner = new StoreRunner(
    { core, socket: 0, name: "/", store },
    {
      handleStored: () => undefined,
      handleOpened: () => undefined,
      handleLessDurable: () => undefined,
      handleFailed: (code, error) => {
        throw new Error(code, { cause: error });
      },
    },
  );
  const done: Step[] = [];
  for (const [ticket, { command, answer }] of steps.entries()) {
    runner.run(ticket, command);
    if (answer) await vi.waitUntil(() => answers.length > 0, { interval: 1 });
    const [given = null] = answers.splice(0);
    done.push({ command, answer: given && named(given), changes: heard.splice(0) });
  }
  expect(JSON.parse(JSON.stringify({ steps: done }))).toEqual({ steps });
});

/** The id of a store is random. */
const named = (answer: StoreAnswer): StoreAnswer =>
  answer.type === "opened" ? { ...answer, clientId: "client" } : answer;
