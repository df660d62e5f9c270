/** The clock of the browser half of the core, which is asked once for many events. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as shim from "../../src/web/shim.js";

const { now, recently } = shim as { now: () => number; recently: () => number };

let clock = 0;

beforeEach(async () => {
  await Promise.resolve();
  clock = 1_000;
  vi.spyOn(performance, "now").mockImplementation(() => clock);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("asks the clock once in a turn", async () => {
  expect(recently()).toBe(1_000);
  clock = 2_000;
  expect(recently()).toBe(1_000);
  await Promise.resolve();
  expect(recently()).toBe(2_000);
});

test("asks the clock anew in the next turn though timers are faked", async () => {
  vi.useFakeTimers({ toFake: ["queueMicrotask", "setTimeout"] });
  expect(recently()).toBe(1_000);
  vi.useRealTimers();
  await Promise.resolve();
  clock = 2_000;
  expect(recently()).toBe(2_000);
});

test("is never behind what the clock has said since", () => {
  expect(recently()).toBe(1_000);
  clock = 2_000;
  expect(now()).toBe(2_000);
  expect(recently()).toBe(2_000);
});
