import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Subscription } from "../src/observable.js";
import { connected, idle, recorder, sockeyeError } from "./support/setUp.js";

describe("on()", () => {
  test("gives the one argument of an event", async () => {
    const { client, core } = await connected();
    const got = vi.fn();
    client.on("job").subscribe(got);
    const job = { id: 1 };
    core.delivers("job", [job]);
    expect(got).toHaveBeenCalledExactlyOnceWith(job);
    expect(got.mock.calls[0]?.[0]).toBe(job);
  });

  test.each<[string, unknown[], unknown]>([
    ["no argument: undefined", [], undefined],
    ["an undefined argument", [undefined], undefined],
    ["null", [null], null],
    ["one array, as it is", [[1, 2]], [1, 2]],
    ["two arguments as a tuple", [1, "a"], [1, "a"]],
    ["three arguments as a tuple", [1, null, [2]], [1, null, [2]]],
  ])("gives %s", async (_name, args, value) => {
    const { client, core } = await connected();
    const events = recorder();
    client.on("a").subscribe(events);
    core.delivers("a", args);
    expect(events.values).toEqual([value]);
  });

  test("subscribes nobody by itself", async () => {
    const { client, core } = await connected();
    client.on("a");
    expect(core.calls).toEqual([]);
  });

  test("tells events apart", async () => {
    const { client, core } = await connected();
    const [a, b] = [vi.fn(), vi.fn()];
    client.on("a").subscribe(a);
    client.on("b").subscribe(b);
    core.delivers("b", [1]);
    core.delivers("a", [2]);
    core.delivers("c", [3]);
    expect(a.mock.calls).toEqual([[2]]);
    expect(b.mock.calls).toEqual([[1]]);
  });

  test.each(["__proto__", "constructor", "toString", "", "0", "ünïcode 🐟", "a,b", '"'])(
    "takes %j for a name like any other",
    async (name) => {
      const { client, core } = await connected();
      const got = vi.fn();
      client.on(name).subscribe(got);
      core.delivers(name, ["yes"]);
      expect(got).toHaveBeenCalledExactlyOnceWith("yes");
    },
  );

  test.each([
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
  ])("refuses the reserved name %s", (name) => {
    const { client } = idle();
    expect(() => client.on(name)).toThrow(sockeyeError("reserved_event"));
    expect(() => client.on(name)).toThrow(name);
  });

  test("takes names that only look reserved", () => {
    const { client } = idle();
    for (const name of ["error", "Connect", "connected", "reconnect", "message"]) {
      expect(() => client.on(name)).not.toThrow();
    }
  });

  test("may be called before the core is there", async () => {
    const { client, loader } = idle();
    const got = vi.fn();
    client.on("a").subscribe(got);
    void client.connect();
    const core = await loader.succeed();
    core.says("connected");
    core.delivers("a", [1]);
    expect(got).toHaveBeenCalledExactlyOnceWith(1);
  });

  test("ignores an event that arrives after the last unsubscription", async () => {
    const { client, core } = await connected();
    const subscription = client.on("a").subscribe(() => {});
    const [, event] = core.callsOf("listen")[0] ?? [];
    subscription.unsubscribe();
    expect(() => core.events.delivered(0, event ?? 0, ["a", 1], 1, -1)).not.toThrow();
    expect(() => core.events.delivered(7, event ?? 0, ["a", 1], 1, -1)).not.toThrow();
  });
});

describe("subscribers", () => {
  test("are told in the order in which they subscribed", async () => {
    const { client, core } = await connected();
    const order: number[] = [];
    const events = client.on("a");
    events.subscribe(() => order.push(1));
    client.on("a").subscribe(() => order.push(2));
    events.subscribe({ next: () => order.push(3) });
    core.delivers("a");
    expect(order).toEqual([1, 2, 3]);
  });

  test("may be the same function twice", async () => {
    const { client, core } = await connected();
    const got = vi.fn();
    const first = client.on("a").subscribe(got);
    client.on("a").subscribe(got);
    core.delivers("a");
    expect(got).toHaveBeenCalledTimes(2);
    first.unsubscribe();
    core.delivers("a");
    expect(got).toHaveBeenCalledTimes(3);
  });

  test("may be the same observer twice", async () => {
    const { client, core } = await connected();
    const events = recorder();
    const first = client.on("a").subscribe(events);
    client.on("a").subscribe(events);
    first.unsubscribe();
    core.delivers("a", [1]);
    expect(events.values).toEqual([1]);
  });

  test("may have no interest in values", async () => {
    const { client, core } = await connected();
    const complete = vi.fn();
    client.on("a").subscribe({ complete });
    core.delivers("a");
    await client.destroy();
    expect(complete).toHaveBeenCalledOnce();
  });

  test("are called as methods of their observer", async () => {
    const { client, core } = await connected();
    const observer = {
      seen: [] as unknown[],
      next(value: unknown) {
        this.seen.push(value);
      },
    };
    client.on("a").subscribe(observer);
    core.delivers("a", [1]);
    expect(observer.seen).toEqual([1]);
  });

  test("outlive reconnections without being registered again", async () => {
    const { client, core } = await connected();
    const got = vi.fn();
    client.on("a").subscribe(got);
    for (let round = 0; round < 3; round++) {
      core.says("waiting", { attempt: 1, cause: "transport_close" });
      core.says("connecting", { attempt: 1, cause: "transport_close" });
      core.says("connected");
      core.delivers("a", [round]);
    }
    expect(got.mock.calls).toEqual([[0], [1], [2]]);
    expect(core.calls).toEqual([["listen", "a", 0]]);
  });
});

describe("unsubscribing", () => {
  test("ends the values", async () => {
    const { client, core } = await connected();
    const got = vi.fn();
    client.on("a").subscribe(() => {});
    const subscription = client.on("a").subscribe(got);
    expect(subscription.closed).toBe(false);
    subscription.unsubscribe();
    expect(subscription.closed).toBe(true);
    core.delivers("a");
    expect(got).not.toHaveBeenCalled();
  });

  test("says nothing to the observer", async () => {
    const { client } = await connected();
    const events = recorder();
    client.on("a").subscribe(events).unsubscribe();
    expect(events.ends).toEqual([]);
  });

  test("twice is once", async () => {
    const { client, core } = await connected();
    const got = vi.fn();
    const subscription = client.on("a").subscribe(() => {});
    client.on("a").subscribe(got);
    subscription.unsubscribe();
    subscription.unsubscribe();
    expect(core.callsOf("unlisten")).toEqual([]);
    core.delivers("a");
    expect(got).toHaveBeenCalledOnce();
  });

  test("inside the own listener ends it at once", async () => {
    const { client, core } = await connected();
    const got = vi.fn(() => subscription.unsubscribe());
    const subscription: Subscription = client.on("a").subscribe(got);
    const other = vi.fn();
    client.on("a").subscribe(other);
    core.delivers("a");
    core.delivers("a");
    expect(got).toHaveBeenCalledOnce();
    expect(other).toHaveBeenCalledTimes(2);
  });

  test("inside the own listener, the last one, lets go of the event", async () => {
    const { client, core } = await connected();
    const subscription: Subscription = client.on("a").subscribe(() => subscription.unsubscribe());
    core.delivers("a");
    expect(core.calls).toEqual([
      ["listen", "a", 0],
      ["unlisten", "a"],
    ]);
  });

  test("another's inside a listener keeps the value from it", async () => {
    const { client, core } = await connected();
    const later = vi.fn();
    client.on("a").subscribe(() => subscription.unsubscribe());
    const subscription = client.on("a").subscribe(later);
    core.delivers("a");
    expect(later).not.toHaveBeenCalled();
  });

  test("an earlier one's inside a listener ends it for the next value", async () => {
    const { client, core } = await connected();
    const earlier = vi.fn();
    const subscription = client.on("a").subscribe(earlier);
    const later = vi.fn(() => subscription.unsubscribe());
    client.on("a").subscribe(later);
    core.delivers("a");
    core.delivers("a");
    expect(earlier).toHaveBeenCalledOnce();
    expect(later).toHaveBeenCalledTimes(2);
  });

  test("and subscribing again inside a listener goes on with the next value", async () => {
    const { client, core } = await connected();
    const got: unknown[] = [];
    const again = vi.fn();
    const subscription: Subscription = client.on("a").subscribe((value) => {
      got.push(value);
      subscription.unsubscribe();
      client.on("a").subscribe(again);
    });
    core.delivers("a", [1]);
    core.delivers("a", [2]);
    expect(got).toEqual([1]);
    expect(again.mock.calls).toEqual([[2]]);
  });
});

test("whoever subscribes inside a listener gets the next value first", async () => {
  const { client, core } = await connected();
  const inner = vi.fn();
  let subscribed = false;
  client.on("a").subscribe(() => {
    if (!subscribed) client.on("a").subscribe(inner);
    subscribed = true;
  });
  core.delivers("a", [1]);
  expect(inner).not.toHaveBeenCalled();
  core.delivers("a", [2]);
  expect(inner.mock.calls).toEqual([[2]]);
});

test("a listener may emit and request", async () => {
  const { client, core } = await connected();
  client.on("a").subscribe((value) => {
    client.emit("b", value);
    void client.request("c", value);
  });
  core.delivers("a", [1]);
  expect(core.callsOf("emit")).toEqual([[0, '["b",1]', undefined, false]]);
  expect(core.callsOf("request")).toEqual([[0, 0, '["c",1]', undefined, 10_000]]);
});

describe("a listener that throws", () => {
  const cause = new Error("bad listener");
  const bad = () => {
    throw cause;
  };

  test("is reported, and the others are called all the same", async () => {
    const report = vi.fn();
    vi.stubGlobal("reportError", report);
    const { client, core } = await connected();
    const errors = recorder();
    client.errors.subscribe(errors);
    const [before, after] = [vi.fn(), vi.fn()];
    client.on("a").subscribe(before);
    client.on("a").subscribe(bad);
    client.on("a").subscribe(after);
    core.delivers("a");
    expect(before).toHaveBeenCalledOnce();
    expect(after).toHaveBeenCalledOnce();
    expect(report).toHaveBeenCalledExactlyOnceWith(cause);
    expect(errors.values).toEqual([sockeyeError("listener_error", { cause })]);
  });

  test("stays subscribed", async () => {
    const report = vi.fn();
    vi.stubGlobal("reportError", report);
    const { client, core } = await connected();
    client.on("a").subscribe(bad);
    core.delivers("a");
    core.delivers("a");
    expect(report).toHaveBeenCalledTimes(2);
  });

  test("at the end of the stream is reported, too", async () => {
    const report = vi.fn();
    vi.stubGlobal("reportError", report);
    const { client } = await connected();
    const others = recorder();
    client.on("a").subscribe({ complete: bad });
    client.on("a").subscribe(others);
    await client.destroy();
    expect(report).toHaveBeenCalledExactlyOnceWith(cause);
    expect(others.ends).toEqual(["complete"]);
  });

  test("may throw anything", async () => {
    const report = vi.fn();
    vi.stubGlobal("reportError", report);
    const { client, core } = await connected();
    const errors = recorder();
    client.errors.subscribe(errors);
    client.on("a").subscribe(() => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- applications do
      throw "a string";
    });
    core.delivers("a");
    expect(report).toHaveBeenCalledExactlyOnceWith("a string");
    expect(errors.values).toEqual([sockeyeError("listener_error", { cause: "a string" })]);
  });
});

describe("an AbortSignal", () => {
  test("ends a subscription", async () => {
    const { client, core } = await connected();
    const got = vi.fn();
    const { signal, abort } = controlled();
    const subscription = client.on("a").subscribe(got, { signal });
    core.delivers("a");
    abort();
    core.delivers("a");
    expect(got).toHaveBeenCalledOnce();
    expect(subscription.closed).toBe(true);
    expect(core.callsOf("unlisten")).toEqual([["a"]]);
  });

  test("that has aborted before lets none begin", async () => {
    const { client, core } = await connected();
    const events = recorder();
    const subscription = client.on("a").subscribe(events, { signal: AbortSignal.abort() });
    expect(subscription.closed).toBe(true);
    expect(core.calls).toEqual([]);
    const statuses = recorder();
    client.status.subscribe(statuses, { signal: AbortSignal.abort() });
    expect([events, statuses]).toMatchObject([
      { values: [], ends: [] },
      { values: [], ends: [] },
    ]);
  });

  test("may end many", async () => {
    const { client, core } = await connected();
    const { signal, abort } = controlled();
    for (const name of ["a", "b", "c"]) client.on(name).subscribe(() => {}, { signal });
    abort();
    expect(core.names.size).toBe(0);
  });

  test("is let go of when the subscription ends", async () => {
    const { client } = await connected();
    const { signal } = controlled();
    const remove = vi.spyOn(signal, "removeEventListener");
    const add = vi.spyOn(signal, "addEventListener");
    client
      .on("a")
      .subscribe(() => {}, { signal })
      .unsubscribe();
    client.on("a").subscribe(() => {}, { signal });
    await client.destroy();
    expect(remove.mock.calls.map(([, listener]) => listener)).toEqual(
      add.mock.calls.map(([, listener]) => listener),
    );
    expect(add).toHaveBeenCalledTimes(2);
  });

  test("inside a listener ends the subscription at once", async () => {
    const { client, core } = await connected();
    const { signal, abort } = controlled();
    const got = vi.fn(abort);
    client.on("a").subscribe(got, { signal });
    core.delivers("a");
    core.delivers("a");
    expect(got).toHaveBeenCalledOnce();
  });

  test("may be undefined", async () => {
    const { client, core } = await connected();
    const got = vi.fn();
    client.on("a").subscribe(got, { signal: undefined });
    core.delivers("a");
    expect(got).toHaveBeenCalledOnce();
  });

  function controlled() {
    const controller = new AbortController();
    return { signal: controller.signal, abort: () => controller.abort() };
  }
});

describe("what the core is told", () => {
  test("is listen with the first and unlisten with the last subscriber of a name", async () => {
    const { client, core } = await connected();
    const subscriptions = [1, 2, 3].map(() => client.on("a").subscribe(() => {}));
    expect(core.calls).toEqual([["listen", "a", 0]]);
    for (const subscription of subscriptions) {
      expect(core.callsOf("unlisten")).toEqual([]);
      subscription.unsubscribe();
    }
    expect(core.callsOf("unlisten")).toEqual([["a"]]);
  });

  test("counts the subscribers of all namespaces together", async () => {
    const { client, core } = await connected();
    const [root, admin] = [vi.fn(), vi.fn()];
    const first = client.on("a").subscribe(root);
    const second = client.namespace("/admin").on("a").subscribe(admin);
    core.delivers("a", [1], { socket: 1 });
    core.delivers("a", [0], { socket: 0 });
    first.unsubscribe();
    expect(core.callsOf("unlisten")).toEqual([]);
    core.delivers("a", [2], { socket: 1 });
    core.delivers("a", [3], { socket: 0 });
    second.unsubscribe();
    expect(core.callsOf("listen")).toEqual([["a", 0]]);
    expect(core.callsOf("unlisten")).toEqual([["a"]]);
    expect(root.mock.calls).toEqual([[0]]);
    expect(admin.mock.calls).toEqual([[1], [2]]);
  });

  test("counts a responder like a subscriber", async () => {
    const { client, core } = await connected();
    const subscription = client.on("a").subscribe(() => {});
    const responder = client.respond("a", () => undefined);
    subscription.unsubscribe();
    expect(core.callsOf("unlisten")).toEqual([]);
    responder.unsubscribe();
    expect(core.names.size).toBe(0);
  });

  test("balances after 10,000 subscriptions, and no value reaches a former one", async () => {
    const { client, core } = await connected();
    const got = vi.fn();
    for (let round = 0; round < 10_000; round++) {
      client.on("a").subscribe(got).unsubscribe();
    }
    expect(core.callsOf("listen")).toHaveLength(10_000);
    expect(core.callsOf("unlisten")).toHaveLength(10_000);
    expect(core.names.size).toBe(0);
    client.on("a").subscribe(() => {});
    core.delivers("a");
    expect(got).not.toHaveBeenCalled();
  });

  test("balances with 1,000 subscriptions at once", async () => {
    const { client, core } = await connected();
    const got = vi.fn();
    const subscriptions = Array.from({ length: 1_000 }, () => client.on("a").subscribe(got));
    core.delivers("a");
    expect(got).toHaveBeenCalledTimes(1_000);
    for (const subscription of subscriptions) subscription.unsubscribe();
    expect(core.calls).toEqual([
      ["listen", "a", 0],
      ["unlisten", "a"],
    ]);
  });
});

describe("outside browsers", () => {
  beforeEach(() => void vi.stubGlobal("reportError", undefined));
  afterEach(() => vi.unstubAllGlobals());

  test("what a listener throws shows on the console", async () => {
    const show = vi.spyOn(console, "error").mockImplementation(() => {});
    const { client, core } = await connected();
    const cause = new Error("bad listener");
    client.on("a").subscribe(() => {
      throw cause;
    });
    core.delivers("a");
    expect(show).toHaveBeenCalledExactlyOnceWith(cause);
  });
});
