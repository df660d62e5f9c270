/** A core on the other side of a border: everything that the facade and the core say to each other crosses. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Pace } from "../../src/pacing.js";
import { Host } from "../../src/worker/host.js";
import { commands, sendings, type Told, tellings } from "../../src/worker/messages.js";
import { cross, crossing, endAll, making } from "../support/crossing.js";
import { errorData, type FakeCore } from "../support/fakeCore.js";
import { FakeBrowser } from "../support/fakeTabs.js";
import { turn } from "../support/setUp.js";

let browser: FakeBrowser;
beforeEach(() => {
  browser = new FakeBrowser();
  vi.stubGlobal("navigator", browser.open().navigator);
});
afterEach(() => {
  endAll();
  vi.useRealTimers();
});

const crossed = (check: () => void) => vi.waitFor(check);

describe("what the facade asks", () => {
  test.each([...commands, "connect", "disconnect"] as const)(
    "%s crosses, as it is",
    async (name) => {
      const { page, core } = await cross();
      const isWish = name === "connect" || name === "disconnect";
      const args = isWish ? [0] : [0, { a: [1, "text"] }, ["x"]];
      const called = vi.spyOn(core, name as "judge").mockReturnValue();
      (page[name] as (...args: unknown[]) => void)(...args);
      await crossed(() => expect(called).toHaveBeenCalledExactlyOnceWith(...args));
    },
  );

  test.each([...sendings])(
    "%s crosses in its order, with and without attachments",
    async (name) => {
      const { page, core } = await cross();
      const bytes = Uint8Array.of(1, 2);
      const send = (...args: unknown[]) => (page[name] as (...args: unknown[]) => unknown)(...args);
      page.connect(0);
      expect(send(0, 1, "body", [bytes])).toBeUndefined();
      bytes[0] = 9; // it is sent as it was
      expect(send(0, 2, "body", undefined)).toBeUndefined();
      page.disconnect(0);
      await crossed(() => expect(core.calls.at(-1)).toEqual(["disconnect", 0]));
      expect(core.calls).toEqual([
        ["connect", 0],
        [name, 0, 1, "body", [Uint8Array.of(1, 2)]],
        [name, 0, 2, "body", undefined],
        ["disconnect", 0],
      ]);
    },
  );

  test("an attachment that cannot be cloned is refused at once, and nothing else with it", async () => {
    const { page, core } = await cross();
    page.connect(0);
    expect(page.emit(0, "body", [() => {}], false)).toMatchObject({ code: "not_serializable" });
    await crossed(() => expect(core.calls).toEqual([["connect", 0]]));
  });

  test("a reason that cannot be cloned is told, and nothing else is lost with it", async () => {
    const { page, core, events } = await cross();
    page.connect(0);
    page.nackAction(0, "key", [() => {}]);
    page.disconnect(0);
    await crossed(() => expect(core.calls.at(-1)).toEqual(["disconnect", 0]));
    expect(core.callsOf("nackAction")).toEqual([]);
    expect(events.reported).toHaveBeenCalledWith(
      expect.objectContaining({ code: "not_serializable" }),
    );
  });

  test("what is nested too deep to be cloned keeps nothing else from being told", async () => {
    const { page, core, events } = await cross();
    const deep: unknown = JSON.parse("[".repeat(10_000) + "]".repeat(10_000));
    page.listen("x", 3);
    await crossed(() => expect(core.callsOf("listen")).toHaveLength(1));
    core.events.delivered(0, 3, ["x", deep], 0, -1);
    await vi.waitFor(() => expect(events.reported).toHaveBeenCalledOnce());
    expect(events.reported).toHaveBeenCalledWith(expect.objectContaining({ code: "parse_error" }));
    core.events.settled(7, undefined, [deep]);
    core.events.action(0, "key", "applied", 1, undefined, [deep]);
    core.events.topic(0, "room", "live", undefined, [deep]);
    core.events.refused(0, deep);
    core.events.delivered(0, 3, ["x", 1], 0, -1);
    await vi.waitFor(() => expect(events.delivered).toHaveBeenCalled());
    const tooDeep = expect.objectContaining({ code: "parse_error" }) as unknown;
    expect(events.settled).toHaveBeenCalledExactlyOnceWith(7, tooDeep, []);
    expect(events.action).toHaveBeenCalledExactlyOnceWith(0, "key", "applied", 1, undefined, []);
    expect(events.topic).toHaveBeenCalledExactlyOnceWith(0, "room", "live", undefined, []);
    expect(events.refused).toHaveBeenCalledExactlyOnceWith(0, undefined);
    expect(events.delivered).toHaveBeenCalledExactlyOnceWith(0, 3, ["x", 1], 0, -1);
  });

  test("what the core refuses is told later: to whom it concerns", async () => {
    const { page, core, events } = await cross();
    const refusal = (core.refusal = errorData("buffer_full"));
    page.emit(0, "body", undefined, false);
    page.request(0, 5, "body", undefined, 1_000);
    page.enqueue(0, { key: "key" } as never, "body", undefined);
    await crossed(() => expect(events.action).toHaveBeenCalled());
    expect(events.reported).toHaveBeenCalledWith(refusal);
    expect(events.settled).toHaveBeenCalledWith(5, refusal, []);
    expect(events.action).toHaveBeenCalledWith(0, "key", "rejected", 0, refusal, []);
  });

  test("a namespace goes on where it was, and the next user's begins anew", async () => {
    const positions = { "/a": [["stream", "epoch", 3] as const] };
    const { page, core } = await cross({ positions, unproved: ["/b"] });
    const known: unknown[] = [];
    core.onCall = ([name]) => {
      const { positions, unproved } = core.options;
      if (name === "socket") known.push([positions, unproved]);
    };
    for (const name of ["/a", "/b", "/c"]) page.socket(name, false);
    await crossed(() => expect(known).toHaveLength(3));
    expect(known).toEqual([
      [positions, []],
      [{}, ["/b"]],
      [{}, []],
    ]);
    expect(page.positions(0)).toEqual(positions["/a"]);
    page.setIdentity("bob");
    await crossed(() => expect(core.callsOf("setIdentity")).toEqual([["bob"]]));
    expect(page.positions(0)).toEqual([]);
  });

  test("what was on its way is not the next user's", async () => {
    const { page, core, events } = await cross();
    page.socket("/", false);
    core.delivered[0] = [["stream", "epoch", 3]];
    core.kept = 1;
    core.events.delivered(0, 1, ["event", "alice's"], 0, -1);
    page.setIdentity("bob");
    await crossed(() => expect(core.callsOf("setIdentity")).toEqual([["bob"]]));
    await crossed(() => expect(core.callsOf("releaseDelivery")).toEqual([[1]]));
    core.events.delivered(0, 1, ["event", "bob's"], 0, -1);
    await crossed(() => expect(events.delivered).toHaveBeenCalled());
    expect(events.delivered.mock.calls.map(([, , args]) => args as unknown)).toEqual([
      ["event", "bob's"],
    ]);
  });

  test("a namespace is not disconnected by what happened before it was asked to connect", async () => {
    const { page, core, events } = await cross();
    const told = () => events.status.mock.calls.map(([, state]) => state as string);
    const tell = (state: "connected" | "disconnected") =>
      core.events.status(0, state, 0, 0, undefined, false);
    page.connect(0);
    await crossed(() => expect(core.callsOf("connect")).toHaveLength(1));
    tell("connected");
    await crossed(() => expect(told()).toEqual(["connected"]));
    tell("disconnected");
    page.disconnect(0);
    page.connect(0);
    await crossed(() => expect(core.callsOf("connect")).toHaveLength(2));
    tell("connected");
    await crossed(() => expect(told()).toEqual(["connected", "connected"]));
    tell("disconnected");
    await crossed(() => expect(told()).toEqual(["connected", "connected", "disconnected"]));
  });

  test("an action that was put aside can be tried again, others cannot", async () => {
    const { page, core, events } = await cross();
    vi.spyOn(core, "retryAction").mockReturnValue(false);
    expect(page.retryAction(0, "key")).toBe(false);
    core.events.action(0, "key", "unknown", 2, errorData("action_unknown"), []);
    await crossed(() => expect(events.action).toHaveBeenCalledOnce());
    expect(page.retryAction(0, "key")).toBe(true);
    // The core has no room for it: it is what it was.
    await crossed(() => expect(events.action).toHaveBeenCalledTimes(2));
    expect(events.action.mock.lastCall?.slice(0, 4)).toEqual([0, "key", "unknown", 2]);
    core.events.forgotten(0, "key");
    await crossed(() => expect(events.forgotten).toHaveBeenCalled());
    expect(page.retryAction(0, "key")).toBe(false);
  });

  test("figures come by themselves, and signs of life when they are asked for", async () => {
    const { page, core } = await cross();
    page.socket("/", false);
    core.statistics[0] = { identified: 4, duplicates: 3, evicted: 2, evictedStreams: 1 };
    core.outboxes[0] = { depth: 2, oldestMs: 30 };
    core.probeMs = 7;
    expect(page.dedupStatistics(0).identified).toBe(0);
    const bytes = page.traffic();
    await crossed(() => expect(page.dedupStatistics(0)).toEqual(core.statistics[0]));
    expect(page.outboxSize(0)).toEqual({ depth: 2, oldestMs: 30 });
    expect(page.probeRoundTripMs()).toBe(7);
    core.counted = Object.assign(core.counted ?? {}, { received: 10, sent: 20 });
    await crossed(() => expect(bytes).toEqual({ received: 10, sent: 20 }));
    core.signs = 3;
    core.isReady = true;
    expect(page.signsOfLife(0)).toBe(0);
    await crossed(() => expect(page.signsOfLife(0)).toBe(3));
    expect(page.couldDrain(0)).toBe(true);
  });
});

describe("what the core tells", () => {
  test.each([...tellings].filter((name) => name !== "coreFailed"))(
    "%s crosses, as it is",
    async (name) => {
      const { core, events } = await cross();
      const args = [0, { a: [1, "text"] }, ["x"]];
      (core.events[name] as (...args: unknown[]) => void)(...args);
      await crossed(() => expect(events[name]).toHaveBeenCalledExactlyOnceWith(...args));
    },
  );

  test("crosses in its order, and together while the page has not taken in what came before", async () => {
    const { core, events, told } = await cross();
    const before = told.length;
    for (let number = 0; number < 100; number++) {
      core.events.delivered(0, 1, ["event", number], 0, -1);
      await Promise.resolve(); // the end of a task, as far as the sides know
    }
    await crossed(() => expect(events.delivered).toHaveBeenCalledTimes(100));
    const numbers = events.delivered.mock.calls.map(([, , [, number]]) => number as number);
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, number) => number));
    expect(told.length - before).toBeLessThan(10);
  });

  test("a listener's failure crosses back, and positions follow what was delivered", async () => {
    const { page, core, events } = await cross();
    core.delivered[0] = [["stream", "epoch", 7]];
    core.kept = 12;
    events.delivered.mockReturnValueOnce(false);
    core.events.delivered(0, 1, ["event"], 0, -1);
    await crossed(() => expect(core.callsOf("failDelivery")).toEqual([[12]]));
    await crossed(() => expect(core.callsOf("releaseDelivery")).toEqual([[12]]));
    expect(core.calls.findIndex(([name]) => name === "failDelivery")).toBeLessThan(
      core.calls.findIndex(([name]) => name === "releaseDelivery"),
    );
    expect(page.positions(0)).toEqual([["stream", "epoch", 7]]);
  });

  test("what throws on the page keeps nothing else from being told", async () => {
    const { core, events } = await cross();
    const thrown: unknown[] = [];
    vi.stubGlobal("queueMicrotask", (run: () => void) => {
      void Promise.resolve()
        .then(run, undefined)
        .catch((error: unknown) => thrown.push(error));
    });
    events.failed.mockImplementationOnce(() => {
      throw new Error("a defect");
    });
    core.events.failed(0, errorData("http_error"));
    core.events.accepted(0, "first", false);
    await crossed(() => expect(events.accepted).toHaveBeenCalledOnce());
    core.events.accepted(0, "second", false);
    await crossed(() => expect(events.accepted).toHaveBeenCalledTimes(2));
    expect(thrown).toEqual([new Error("a defect")]);
  });

  test("goes on counting bytes where the core before has stopped", async () => {
    const { page, core } = await cross({ traffic: { received: 5, sent: 6 } });
    Object.assign(core.options.traffic ?? {}, { received: 10, sent: 20 });
    await crossed(() => expect(page.traffic()).toEqual({ received: 10, sent: 20 }));
  });

  test("nothing is told of a core that was destroyed", async () => {
    const { page, core, events, release } = await cross();
    page.destroy();
    core.events.accepted(0, "id", false);
    await crossed(() => expect(release).toHaveBeenCalledOnce());
    await turn();
    expect(core.callsOf("destroy")).toHaveLength(1);
    expect(events.accepted).not.toHaveBeenCalled();
    expect(page.isAlive()).toBe(false);
  });

  test("a page that takes nothing in loses the oldest events, but none that wants an answer", async () => {
    const { core, events } = await cross();
    const blocked = 25_000;
    for (let number = 0; number < blocked; number++) {
      core.kept = number + 1;
      core.events.delivered(0, 1, ["event", number], 0, number === 5 ? 7 : -1);
    }
    await crossed(() => expect(events.reported).toHaveBeenCalled());
    expect(events.reported.mock.calls).toEqual([
      [expect.objectContaining({ code: "buffer_full" })],
    ]);
    const seen = events.delivered.mock.calls.map(([, , [, number]]) => number as number);
    const kept = Array.from({ length: blocked - 10_001 }, (_, index) => 10_001 + index);
    await crossed(() => expect(events.delivered).toHaveBeenCalledTimes(kept.length + 1));
    expect(seen).toEqual([5, ...kept]);
    // Those that are numbered come again.
    const lost = core.callsOf("failDelivery").map(([delivery]) => delivery);
    expect(lost).toHaveLength(10_000);
    await crossed(() => expect(core.callsOf("releaseDelivery")).toHaveLength(blocked));
  });

  test("a page that takes nothing in loses no event that wants an answer, however many there are", async () => {
    const { core, events } = await cross();
    for (let number = 0; number < 20_010; number++) {
      core.events.delivered(0, 1, ["event", number], 0, number);
    }
    await crossed(() => expect(events.delivered).toHaveBeenCalledTimes(20_010));
    expect(events.reported).not.toHaveBeenCalled();
  });

  test("a page that leaves before there is a core leaves none", async () => {
    const { port1, port2 } = new MessageChannel();
    let core: FakeCore | undefined;
    port1.postMessage([["destroy"]]);
    port1.close();
    await new Host(port2, { options: crossing, lock: "lock" }).start(
      making((made) => (core = made)),
    );
    await crossed(() => expect(core?.callsOf("destroy")).toHaveLength(1));
  });

  test("a failure ends this side, too", async () => {
    const { page, core, events, release } = await cross();
    core.events.coreFailed(errorData("core_failed"), new Error("trap"));
    await crossed(() => expect(events.coreFailed).toHaveBeenCalledOnce());
    expect(events.coreFailed.mock.lastCall).toEqual([errorData("core_failed"), "Error: trap"]);
    expect(page.isAlive()).toBe(false);
    await crossed(() => expect(release).toHaveBeenCalledOnce());
  });
});

describe("an event of which not everything is wanted", () => {
  const quote = (symbol: string, price: number) => ["quote", { symbol, price }];

  /** Tells of quotes, each at the end of a task; returns what the page has been told of when it has asked. */
  async function quotes(pace: Pace | undefined, told: (core: FakeCore) => void) {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { page, core, events } = await cross();
    const seen = () => events.delivered.mock.calls.map(([, , args]) => args as unknown);
    page.pace?.(1, pace);
    page.connect(0);
    await crossed(() => expect(core.callsOf("connect")).toHaveLength(1));
    told(core);
    return { page, core, seen };
  }

  test("comes at once if nothing has come, then the newest of each key when the page asks", async () => {
    const pace = { every: 50, keep: "newestOfEach", key: "symbol" } as const;
    const { core, seen } = await quotes(pace, (core) => {
      for (const price of [1, 2, 3]) {
        core.events.delivered(0, 1, quote("A", price), 0, -1);
        core.events.delivered(0, 1, quote("B", price * 10), 0, -1);
      }
    });
    await crossed(() => expect(seen()).toEqual([quote("A", 1)]));
    vi.advanceTimersByTime(50);
    await crossed(() => expect(seen().slice(1)).toEqual([quote("B", 30), quote("A", 3)]));
    vi.advanceTimersByTime(50);
    await turn();
    core.events.delivered(0, 1, quote("A", 4), 0, -1);
    await crossed(() => expect(seen().slice(3)).toEqual([quote("A", 4)]));
  });

  test.each([
    ["newest", [3]],
    ["all", [2, 3]],
  ] as const)("keeps the %s", async (keep, expected) => {
    const { seen } = await quotes({ every: 50, keep }, (core) => {
      for (const number of [1, 2, 3]) core.events.delivered(0, 1, ["event", number], 0, -1);
    });
    await crossed(() => expect(seen()).toEqual([["event", 1]]));
    vi.advanceTimersByTime(50);
    await crossed(() => expect(seen().slice(1)).toEqual(expected.map((n) => ["event", n])));
  });

  test("is told apart by namespace, and never held back if the server wants an answer", async () => {
    const { seen } = await quotes({ every: 50, keep: "newest" }, (core) => {
      core.events.delivered(0, 1, ["event", "first"], 0, -1);
      core.events.delivered(0, 1, ["event", "held"], 0, -1);
      core.events.delivered(1, 1, ["event", "other namespace"], 0, -1);
      core.events.delivered(0, 1, ["event", "asked"], 0, 5);
    });
    await crossed(() => expect(seen()).toHaveLength(2));
    expect(seen()[1]).toEqual(["event", "asked"]);
    vi.advanceTimersByTime(50);
    await crossed(() => expect(seen()).toHaveLength(4));
    expect(seen().slice(2)).toEqual([
      ["event", "held"],
      ["event", "other namespace"],
    ]);
  });

  test("is kept by its own number, however late it comes", async () => {
    const { page, core, events } = await cross();
    page.pace?.(1, { every: 60_000, keep: "newest" });
    page.connect(0);
    await crossed(() => expect(core.callsOf("connect")).toHaveLength(1));
    const deliver = (delivery: number, event: number) => {
      core.kept = delivery;
      core.events.delivered(0, event, ["event", delivery], 0, -1);
    };
    deliver(1, 1);
    deliver(2, 1); // there is a newer one
    deliver(3, 1); // it is held back
    deliver(4, 2);
    const released = () => core.callsOf("releaseDelivery").map(([delivery]) => delivery);
    await crossed(() => expect(released()).toEqual([2, 1, 4]));
    events.delivered.mockReturnValue(false);
    page.pace?.(1, undefined);
    await crossed(() => expect(core.callsOf("failDelivery")).toEqual([[3]]));
    await crossed(() => expect(released()).toEqual([2, 1, 4, 3]));
  });

  test("is asked for in its new pace at once", async () => {
    const slow = { every: 10_000, keep: "all" } as const;
    const { page, core, seen } = await quotes(slow, (core) =>
      core.events.delivered(0, 1, ["event", 1], 0, -1),
    );
    await crossed(() => expect(seen()).toHaveLength(1));
    page.pace?.(1, { every: 50, keep: "newest" });
    page.connect(0);
    await crossed(() => expect(core.callsOf("connect")).toHaveLength(2));
    for (const number of [2, 3]) core.events.delivered(0, 1, ["event", number], 0, -1);
    await crossed(() => expect(seen()).toHaveLength(2));
    vi.advanceTimersByTime(50);
    await crossed(() => expect(seen().at(-1)).toEqual(["event", 3]));
  });

  test("comes whole, and what was held first, when somebody wants each", async () => {
    const { page, core, seen } = await quotes({ every: 50, keep: "newest" }, (core) => {
      for (const number of [1, 2]) core.events.delivered(0, 1, ["event", number], 0, -1);
    });
    page.pace?.(1, undefined);
    await crossed(() => expect(seen()).toEqual([1, 2].map((n) => ["event", n])));
    for (const number of [3, 4]) core.events.delivered(0, 1, ["event", number], 0, -1);
    await crossed(() => expect(seen()).toEqual([1, 2, 3, 4].map((n) => ["event", n])));
  });
});

describe("the worker's lock", () => {
  test("tells the page that the worker has ended, but for when the page is away", async () => {
    const page = new EventTarget();
    const { events, died, core } = await cross({ lifecycle: page });
    await crossed(() => expect(died).toHaveLength(1));
    page.dispatchEvent(new Event("pagehide"));
    expect(died).toHaveLength(0);
    await crossed(() => expect(core.callsOf("suspend")).toHaveLength(1));
    page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    await crossed(() => expect(died).toHaveLength(1));
    expect(core.callsOf("resume")).toEqual([[0]]);
    died[0]?.();
    expect(events.coreFailed).toHaveBeenCalledWith(
      expect.objectContaining({ code: "core_failed" }),
      undefined,
    );
  });
});

describe("the lock of a worker of several pages", () => {
  test("is held also while the page is away, which sees when it is back that the worker has ended", async () => {
    const page = new EventTarget();
    const { died, core } = await cross({ lifecycle: page }, "tab");
    await crossed(() => expect(died).toHaveLength(1));
    page.dispatchEvent(new Event("pagehide"));
    expect(died).toHaveLength(0);
    await crossed(() => expect(core.calls.at(-1)).toEqual(["suspend"]));
    expect(browser.held.has("lock")).toBe(true);
    page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    expect(died).toHaveLength(1);
  });

  test("is waited for as soon as the page is back if the worker has it only then", async () => {
    const page = new EventTarget();
    const { died } = await cross({ lifecycle: page }, "tab");
    page.dispatchEvent(new Event("pagehide"));
    await crossed(() => expect(browser.held.has("lock")).toBe(true));
    await turn();
    expect(died).toHaveLength(0);
    page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    await crossed(() => expect(died).toHaveLength(1));
  });
});

describe("a page that is away", () => {
  const pageshow = () => Object.assign(new Event("pageshow"), { persisted: true });

  test("is told nothing until it is back", async () => {
    const page = new EventTarget();
    const { core, events, told } = await cross({ lifecycle: page }, "tab", { isQuiet: true });
    page.dispatchEvent(new Event("pagehide"));
    await crossed(() => expect(core.calls.at(-1)).toEqual(["suspend"]));
    core.events.dropped(errorData("parse_error"));
    await turn();
    expect(told.flat().filter(([name]) => name === "dropped")).toEqual([]);
    page.dispatchEvent(pageshow());
    await crossed(() => expect(events.dropped).toHaveBeenCalledOnce());
  });

  test("says nothing that it says at first or when it is back before the worker can know that it is there", async () => {
    const page = new EventTarget();
    const other = browser.open();
    let release = () => {};
    void other.navigator.locks?.request(
      "tab",
      {},
      () => new Promise<void>((end) => (release = end)),
    );
    await turn();
    const { page: remote, core } = await cross({ lifecycle: page }, "tab");
    const bytes = Uint8Array.of(1);
    remote.connect(0);
    remote.emit(0, "body", [bytes], false);
    bytes[0] = 9; // it is sent as it was
    await turn();
    expect(core.calls).toEqual([]);
    release();
    await crossed(() => expect(core.calls).toHaveLength(2));
    expect(core.calls).toEqual([
      ["connect", 0],
      ["emit", 0, "body", [Uint8Array.of(1)], false],
    ]);
  });

  test("wants no other core before it is back", async () => {
    const page = new EventTarget();
    const { events, port } = await cross({ lifecycle: page });
    page.dispatchEvent(new Event("pagehide"));
    const data: Told[] = [["coreFailed", errorData("core_failed"), undefined]];
    port.dispatchEvent(new MessageEvent("message", { data }));
    expect(events.coreFailed).not.toHaveBeenCalled();
    page.dispatchEvent(pageshow());
    expect(events.coreFailed).toHaveBeenCalledOnce();
  });
});

describe("the page's lock", () => {
  /** Whether the page holds it, and the worker waits for it. */
  const isKnown = () => browser.held.has("tab") && browser.queueOf("tab").length === 1;

  test("is held while the page is there, and the core rests without it", async () => {
    const page = new EventTarget();
    const { core } = await cross({ lifecycle: page }, "tab");
    await crossed(() => expect(isKnown()).toBe(true));
    page.dispatchEvent(new Event("pagehide"));
    await crossed(() => expect(browser.held.has("tab")).toBe(false));
    await crossed(() => expect(core.calls.at(-1)).toEqual(["suspend"]));
    page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    await crossed(() => expect(isKnown()).toBe(true));
    expect(core.calls.at(-1)).toEqual(["resume", 0]);
    // The page ends without a word.
    browser.held.delete("tab");
    browser.grantNext("tab");
    await crossed(() => expect(core.calls.at(-1)).toEqual(["suspend"]));
  });

  test("is not there where the worker ends with the page", async () => {
    const { core } = await cross();
    await crossed(() => expect(browser.held.size).toBe(1));
    expect(browser.held.has("lock")).toBe(true);
    expect(core.callsOf("destroy")).toEqual([]);
  });
});

test("a page that is served no more, and then wants nothing more, is told of the end once", async () => {
  const handleEnded = vi.fn();
  const { page, events, told, host } = await cross({}, "tab", { handleEnded });
  host.dismiss(errorData("disconnected"));
  page.destroy();
  await crossed(() => expect(handleEnded).toHaveBeenCalled());
  await turn();
  expect(handleEnded).toHaveBeenCalledOnce();
  expect(told.flat().filter(([name]) => name === "destroyed")).toHaveLength(1);
  expect(events.coreFailed).not.toHaveBeenCalled(); // it was not there any more
});

test("the core ends with the page's port", async () => {
  const { core, port } = await cross();
  port.close();
  await crossed(() => expect(core.callsOf("destroy")).toHaveLength(1));
});

test("a core that cannot be made is told with its code", async () => {
  const { port1, port2 } = new MessageChannel();
  const told = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
  const error = Object.assign(new Error("no wasm"), errorData("wasm_unavailable"), {
    cause: new Error("csp"),
  });
  await new Host(port2, { options: crossing, lock: "lock" }).start(() => Promise.reject(error));
  expect(await told).toEqual([["unavailable", errorData("wasm_unavailable"), "Error: csp"]]);
  port1.close();
});
