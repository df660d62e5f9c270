/** A lock that is held, waited for, let go of, and stolen. */
import { beforeEach, expect, test, vi } from "vitest";
import { HeldLock } from "../../src/worker/heldLock.js";
import { FakeBrowser } from "../support/fakeTabs.js";
import { turn } from "../support/setUp.js";

let browser: FakeBrowser;
beforeEach(() => {
  browser = new FakeBrowser();
});

/** A lock as another tab has it. */
function open() {
  const tab = browser.open();
  const [held, stolen] = [vi.fn(), vi.fn()];
  return { lock: new HeldLock("name", held, stolen, tab), held, stolen };
}

test("is held by one after the other, and not by who waits no more", async () => {
  const [first, second, third] = [open(), open(), open()];
  for (const { lock } of [first, second, third]) lock.hold();
  await turn();
  expect([first, second, third].map(({ held }) => held.mock.calls.length)).toEqual([1, 0, 0]);
  second.lock.release();
  first.lock.release();
  await turn();
  expect([first, second, third].map(({ held }) => held.mock.calls.length)).toEqual([1, 0, 1]);
  expect([first, second, third].map(({ lock }) => lock.isHeld)).toEqual([false, false, true]);
});

test("may be let go of by who hears that it is held", async () => {
  const { lock, held } = open();
  held.mockImplementation(() => lock.release());
  lock.hold();
  await turn();
  expect(held).toHaveBeenCalledOnce();
  expect(browser.held.size).toBe(0);
});

test("is held only if nobody else does, if that is asked", async () => {
  const [first, second] = [open(), open()];
  expect(await first.lock.holdIfFree()).toBe(true);
  expect(await second.lock.holdIfFree()).toBe(false);
  expect(second.held).not.toHaveBeenCalled();
  expect(second.lock.isHeld).toBe(false);
  first.lock.release();
  await turn();
  expect(await second.lock.holdIfFree()).toBe(true);
});

test("can be stolen: who had it hears of that, and who steals has it", async () => {
  const [first, second] = [open(), open()];
  first.lock.hold();
  await turn();
  second.lock.hold();
  second.lock.steal();
  await turn();
  expect(second.held).toHaveBeenCalledOnce();
  expect(first.stolen).toHaveBeenCalledOnce();
  expect([first.lock.isHeld, second.lock.isHeld]).toEqual([false, true]);
  second.lock.release();
  await turn();
  expect(second.stolen).not.toHaveBeenCalled();
  expect(browser.held.size).toBe(0);
});

test("is never held where there are no locks", async () => {
  const held = vi.fn();
  const lock = new HeldLock("name", held, undefined, browser.open({ hasLocks: false }));
  lock.hold();
  await turn();
  expect([held.mock.calls.length, lock.isHeld]).toEqual([0, false]);
});
