import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  clients,
  connect,
  engineOf,
  errorLike,
  lastEngine,
  record,
  settle,
} from "./support/clients.js";
import { FakeEngine } from "./support/fakeEngine.js";

const URL = "http://localhost:3000";
const LOOP = ["reconnect_attempt", "reconnect_error", "reconnect_failed", "reconnect"];

beforeEach(() => {
  vi.useFakeTimers();
  FakeEngine.made = [];
});

afterEach(() => {
  vi.useRealTimers();
});

/** Lets a wait of the loop end, and the attempt fail. */
async function failAfter(delayMs: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(delayMs);
  lastEngine().fail();
}

describe.each(clients)("%s", (_name, { Manager }) => {
  const create = (options: object = {}) =>
    new Manager(URL, { randomizationFactor: 0, reconnectionDelay: 10, ...options });

  describe("the loop", () => {
    test("starts when the connection is lost, and ends when it is there again", async () => {
      const manager = create();
      const socket = manager.socket("/");
      const events = record(manager, ...LOOP, "open", "close");
      await connect(socket);
      lastEngine().end("transport close");
      await vi.advanceTimersByTimeAsync(9);
      expect(FakeEngine.made).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(FakeEngine.made).toHaveLength(2);
      lastEngine().open();
      expect(events).toEqual([
        ["open"],
        ["close", "transport close", undefined],
        ["reconnect_attempt", 1],
        ["open"],
        ["reconnect", 1],
      ]);
    });

    test("has reconnected before its sockets are let in", async () => {
      const manager = create();
      const socket = manager.socket("/");
      await connect(socket);
      const order: string[] = [];
      manager.on("reconnect", () => order.push(`reconnect, connected: ${socket.connected}`));
      socket.on("connect", () => order.push("connect"));
      lastEngine().end("transport close");
      await vi.advanceTimersByTimeAsync(10);
      await connect(socket, { sid: "sid-2" });
      expect(order).toEqual(["reconnect, connected: false", "connect"]);
      expect(socket.id).toBe("sid-2");
    });

    test("starts when the first attempt fails, which is not counted", async () => {
      const manager = create({ reconnectionAttempts: 2 });
      const socket = manager.socket("/");
      const events = record(manager, ...LOOP, "error");
      const errors = record(socket, "connect_error");
      const error = errorLike("xhr poll error");
      lastEngine().fail();
      await failAfter(10);
      await failAfter(20);
      expect(events).toEqual([
        ["error", error],
        ["reconnect_attempt", 1],
        ["error", error],
        ["reconnect_error", error],
        ["reconnect_attempt", 2],
        ["error", error],
        ["reconnect_failed"],
        ["reconnect_error", error],
      ]);
      expect(errors).toEqual([
        ["connect_error", error],
        ["connect_error", error],
        ["connect_error", error],
      ]);
      expect(socket.active).toBe(true);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(FakeEngine.made).toHaveLength(3);
    });

    test("can be started again when it has given up", async () => {
      const manager = create({ reconnectionAttempts: 1 });
      const socket = manager.socket("/");
      lastEngine().fail();
      await failAfter(10);
      const events = record(manager, "reconnect_attempt", "reconnect_failed");
      socket.connect();
      lastEngine().fail();
      await failAfter(10);
      expect(events).toEqual([["reconnect_attempt", 1], ["reconnect_failed"]]);
    });

    test("waits longer each time, up to the limit", async () => {
      create({ reconnectionDelayMax: 50 });
      lastEngine().fail();
      for (const delayMs of [10, 20, 40, 50, 50]) {
        const count = FakeEngine.made.length;
        await vi.advanceTimersByTimeAsync(delayMs - 1);
        expect(FakeEngine.made).toHaveLength(count);
        await vi.advanceTimersByTimeAsync(1);
        expect(FakeEngine.made).toHaveLength(count + 1);
        lastEngine().fail();
      }
    });

    test("starts from the first delay after a success", async () => {
      const manager = create();
      manager.socket("/");
      lastEngine().fail();
      await failAfter(10);
      await vi.advanceTimersByTimeAsync(20);
      lastEngine().open();
      expect(manager).toHaveProperty("backoff.attempts", 0);
      lastEngine().end("transport close");
      await vi.advanceTimersByTimeAsync(10);
      expect(FakeEngine.made).toHaveLength(4);
    });

    test("makes a new engine, whose listeners are the application's to add", async () => {
      const manager = create();
      const socket = manager.socket("/");
      await connect(socket);
      const first = engineOf(socket);
      first.end("transport close");
      await vi.advanceTimersByTimeAsync(10);
      expect(engineOf(socket)).not.toBe(first);
      expect(engineOf(socket).opts).toBe(first.opts);
    });

    test("does not start with reconnection: false", async () => {
      const manager = create({ reconnection: false });
      const socket = manager.socket("/");
      lastEngine().fail();
      socket.connect();
      await connect(socket);
      lastEngine().end("transport close");
      await vi.advanceTimersByTimeAsync(60_000);
      expect(FakeEngine.made).toHaveLength(2);
    });
  });

  describe("the loop is stopped", () => {
    test.each([
      ["by the last socket", "socket"],
      ["by the manager", "manager"],
      ["by reconnection(false)", "setting"],
    ])("%s while it waits", async (_case, by) => {
      const manager = create();
      const socket = manager.socket("/");
      const attempts = record(manager, "reconnect_attempt");
      lastEngine().fail();
      if (by === "socket") socket.disconnect();
      else if (by === "manager") manager._close();
      else manager.reconnection(false);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(attempts).toEqual([]);
    });

    test("by a listener of reconnect_attempt", async () => {
      const manager = create();
      const socket = manager.socket("/");
      const attempts = record(manager, "reconnect_attempt");
      manager.on("reconnect_attempt", () => socket.disconnect());
      lastEngine().fail();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(attempts).toHaveLength(1);
      expect(FakeEngine.made).toHaveLength(1);
    });

    test("and started again by that listener", async () => {
      const manager = create();
      const socket = manager.socket("/");
      const attempts = record(manager, "reconnect_attempt");
      manager.once("reconnect_attempt", () => socket.disconnect().connect());
      lastEngine().fail();
      await vi.advanceTimersByTimeAsync(10);
      expect(FakeEngine.made).toHaveLength(2);
      await failAfter(0);
      await vi.advanceTimersByTimeAsync(10);
      expect(attempts).toEqual([
        ["reconnect_attempt", 1],
        ["reconnect_attempt", 1],
      ]);
    });

    test("not by one of two sockets, which then stays away", async () => {
      const manager = create();
      const [one, two] = [manager.socket("/"), manager.socket("/two")];
      await connect(one);
      await connect(two);
      manager.on("reconnect_attempt", () => one.disconnect());
      lastEngine().end("transport close");
      await vi.advanceTimersByTimeAsync(10);
      lastEngine().open();
      expect(lastEngine().written).toEqual(["0/two,"]);
    });

    test("by disconnect() during an attempt", async () => {
      const manager = create();
      const socket = manager.socket("/");
      lastEngine().fail();
      await vi.advanceTimersByTimeAsync(10);
      socket.disconnect();
      expect(lastEngine().readyState).toBe("closed");
      await vi.advanceTimersByTimeAsync(60_000);
      expect(FakeEngine.made).toHaveLength(2);
    });
  });

  test("connect() does not hurry the loop", async () => {
    const manager = create();
    const socket = manager.socket("/");
    lastEngine().fail();
    socket.connect();
    expect(FakeEngine.made).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(10);
    expect(FakeEngine.made).toHaveLength(2);
  });

  describe("the time limit for an attempt", () => {
    test("is 20 seconds", async () => {
      const socket = create({ reconnection: false }).socket("/");
      const events = record(socket, "connect_error");
      const engine = lastEngine();
      await vi.advanceTimersByTimeAsync(19_999);
      expect(events).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      expect(events).toEqual([["connect_error", errorLike("timeout")]]);
      expect(engine.readyState).toBe("closed");
    });

    test("can be over at once", async () => {
      const manager = create({ timeout: 0, reconnection: false });
      const errors = record(manager, "error");
      await vi.advanceTimersByTimeAsync(0);
      expect(errors).toHaveLength(1);
    });

    test("can be none", async () => {
      const manager = create({ timeout: false });
      const errors = record(manager, "error");
      await vi.advanceTimersByTimeAsync(10_000_000);
      expect(errors).toEqual([]);
    });

    test("is over when the connection is open", async () => {
      const manager = create();
      const errors = record(manager, "error", "close");
      lastEngine().open();
      await vi.advanceTimersByTimeAsync(20_000);
      expect(errors).toEqual([]);
    });

    test("is heard of after the disconnection by nobody", async () => {
      const manager = create();
      const socket = manager.socket("/");
      const errors = record(manager, "error");
      socket.disconnect();
      await vi.advanceTimersByTimeAsync(20_000);
      expect(errors).toEqual([]);
    });
  });

  describe("an error of the engine", () => {
    test("is no connect_error when the socket is connected", async () => {
      const manager = create();
      const socket = manager.socket("/");
      await connect(socket);
      const events = record(socket, "connect_error");
      const errors = record(manager, "error");
      lastEngine().fail(new Error("websocket error"));
      await settle();
      expect([events.length, errors.length]).toEqual([0, 1]);
    });
  });

  describe("settings", () => {
    test("have defaults", () => {
      const manager = new Manager(URL, { autoConnect: false });
      expect(manager.reconnection()).toBe(true);
      expect(manager.reconnectionAttempts()).toBe(Infinity);
      expect(manager.reconnectionDelay()).toBe(1_000);
      expect(manager.reconnectionDelayMax()).toBe(5_000);
      expect(manager.randomizationFactor()).toBe(0.5);
      expect(manager.timeout()).toBe(20_000);
    });

    test("take 0 as none, except for the randomization and the time limit", () => {
      const manager = new Manager(URL, {
        autoConnect: false,
        reconnectionAttempts: 0,
        reconnectionDelay: 0,
        reconnectionDelayMax: 0,
        randomizationFactor: 0,
        timeout: 0,
      });
      expect(manager.reconnectionAttempts()).toBe(Infinity);
      expect(manager.reconnectionDelay()).toBe(1_000);
      expect(manager.reconnectionDelayMax()).toBe(5_000);
      expect(manager.randomizationFactor()).toBe(0);
      expect(manager.timeout()).toBe(0);
    });

    test("can be changed while the loop runs", async () => {
      const manager = create();
      lastEngine().fail();
      expect(manager.reconnectionDelay(100).reconnectionDelayMax(150)).toBe(manager);
      expect(manager.reconnectionAttempts(2).randomizationFactor(0).timeout(5)).toBe(manager);
      expect(manager.reconnection(true)).toBe(manager);
      const events = record(manager, "reconnect_failed");
      await failAfter(10);
      await vi.advanceTimersByTimeAsync(149);
      expect(FakeEngine.made).toHaveLength(2);
      await vi.advanceTimersByTimeAsync(1);
      expect(FakeEngine.made).toHaveLength(3);
      await vi.advanceTimersByTimeAsync(5); // The time limit of the attempt.
      expect(events).toEqual([["reconnect_failed"]]);
    });
  });
});

test.each(clients)(
  "%s: useNativeTimers takes the timers from before",
  async (_name, { Manager }) => {
    const manager = new Manager(URL, { useNativeTimers: true, timeout: 0, reconnection: false });
    const errors = record(manager, "error");
    vi.advanceTimersByTime(1_000);
    expect(errors).toEqual([]);
    vi.useRealTimers();
    await vi.waitFor(() => expect(errors).toHaveLength(1));
  },
);

test.each(clients)("%s: autoUnref lets Node end although timers run", (_name, { Manager }) => {
  vi.useRealTimers();
  const unref = vi.fn();
  vi.spyOn(globalThis, "setTimeout").mockReturnValue({ unref } as never);
  vi.spyOn(globalThis, "clearTimeout").mockReturnValue();
  const manager = new Manager(URL, { autoUnref: true });
  expect(unref).toHaveBeenCalledTimes(1); // That of the time limit.
  lastEngine().fail();
  expect(unref).toHaveBeenCalledTimes(2); // That of the wait.
  manager._close();
  new Manager(URL);
  expect(unref).toHaveBeenCalledTimes(2);
});
