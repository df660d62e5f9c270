import { beforeEach, describe, expect, test, vi } from "vitest";
import { abandon, Instance } from "../src/instance.js";
import type { Exports, Timers } from "../src/wasm/glue.js";

const trap = new WebAssembly.RuntimeError("unreachable");
const boom = () => {
  throw trap;
};

/** What the last instance got from its maker. */
const made = vi.hoisted(() => ({
  guard: undefined as undefined | ((exports: object) => object),
  timers: undefined as undefined | object,
}));

vi.mock("../src/wasm/glue.js", () => ({
  makeGlue(guard: (exports: object) => object, timers: object) {
    Object.assign(made, { guard, timers });
    const none = class {};
    return { Client: none, Engine: none, Decoder: none };
  },
}));

type Guarded = Record<string, (...args: unknown[]) => unknown>;

/** An instance with these exports, as the glue calls them. */
function setUp(exports: Exports) {
  const instance = new Instance();
  const guarded = made.guard?.(exports) as Guarded;
  return { instance, guarded, timers: made.timers as Timers };
}

let handle = vi.fn();
beforeEach(() => (handle = vi.fn()));

describe("an instance", () => {
  test("passes calls on, and what stands beside the functions", () => {
    const memory = {};
    const add = vi.fn((one: number, other: number) => one + other);
    const { guarded } = setUp({ client_add: add, memory });
    expect(guarded["client_add"]?.(1, 2)).toBe(3);
    expect(guarded["memory"]).toBe(memory);
  });

  test("tells once that something in it has failed, and is never called again", () => {
    const other = vi.fn();
    const { instance, guarded } = setUp({ client_a: boom, client_b: other });
    instance.onFailed(handle);
    expect(() => guarded["client_a"]?.(1)).toThrow(trap);
    expect(() => guarded["client_a"]?.(1)).toThrow(trap);
    expect(() => guarded["client_b"]?.(1)).toThrow(trap);
    expect(instance.isAlive).toBe(false);
    expect(handle).toHaveBeenCalledExactlyOnceWith(trap);
    expect(other).not.toHaveBeenCalled();
  });

  test("throws nothing at timers and the garbage collector", () => {
    const { instance, guarded } = setUp({
      wasm_bindgen__convert__1: boom,
      __wbg_client_free: boom,
    });
    expect(guarded["wasm_bindgen__convert__1"]?.(1)).toBeUndefined();
    expect(instance.isAlive).toBe(false);
    expect(guarded["__wbg_client_free"]?.(1)).toBeUndefined();
  });

  test("takes a call of an object that was freed for no failure", () => {
    const { instance, guarded } = setUp({ client_a: boom });
    expect(() => guarded["client_a"]?.(0)).toThrow(trap);
    expect(instance.isAlive).toBe(true);
  });

  test("tells nobody who does not want to know any more", () => {
    const { instance, guarded } = setUp({ client_a: boom });
    instance.onFailed(handle)();
    expect(() => guarded["client_a"]?.(1)).toThrow();
    expect(handle).not.toHaveBeenCalled();
  });

  test("says nothing after it has failed, and ends what is left of it on the stack", () => {
    const { instance, guarded } = setUp({ client_a: boom });
    const told = vi.fn();
    const listeners = instance.hear({
      first: () => {
        told("first");
        expect(() => guarded["client_a"]?.(1)).toThrow();
      },
      second: () => void told("second"),
    });
    expect(listeners.first).toThrow(trap);
    expect(listeners.second).toThrow(trap);
    expect(told.mock.calls).toEqual([["first"]]);
  });

  test("clears its timers when it fails", () => {
    vi.useFakeTimers();
    const { guarded, timers } = setUp({ client_a: boom });
    timers.setTimeout(handle, 1);
    timers.clearTimeout(timers.setTimeout(handle, 2));
    vi.advanceTimersByTime(2);
    expect(handle).toHaveBeenCalledOnce();
    timers.setTimeout(handle, 1);
    expect(() => guarded["client_a"]?.(1)).toThrow();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  test("has everything abandoned, also what leaves the list meanwhile", () => {
    const open = new Set<{ abandon: () => void }>();
    const transport = { abandon: vi.fn(() => void open.delete(transport)) };
    const other = { abandon: vi.fn() };
    open.add(transport).add(other);
    abandon(open);
    expect(transport.abandon).toHaveBeenCalledOnce();
    expect(other.abandon).toHaveBeenCalledOnce();
  });
});
