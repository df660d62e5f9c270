import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ActionRejected, type ActionStore, memoryStore } from "../../src/server.js";
import { type Answer, connect, isSettled, setUp } from "./support.js";

type Acknowledge = (...args: unknown[]) => void;

const leaseMs = 1_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const status = ([{ $sockeye }]: Answer) => $sockeye["s"];

describe("a handler that knows nothing of keys", () => {
  test("sees the arguments as the application wrote them", async () => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    const handler = vi.fn((_payload: unknown, done: Acknowledge) => done("saved", 2));
    socket.on("save", handler);
    const answer = await enqueue("save", [{ text: "a" }]);
    expect(answer).toEqual([{ $sockeye: { k: "key 1", s: "applied" } }, "saved", 2]);
    expect(handler.mock.calls).toEqual([[{ text: "a" }, expect.any(Function)]]);
  });

  test("is called once for an action that comes twice at a time", async () => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    const { socket: another } = await connect(world);
    const waiting: Acknowledge[] = [];
    for (const each of [socket, another])
      each.on("save", (done: Acknowledge) => waiting.push(done));
    const first = enqueue("save");
    const envelope = {
      k: "key 1",
      c: "client",
      e: 1,
      n: 1,
      lane: "",
      m: await world.store.memory(),
    };
    const second = another.request("save", { $sockeye: envelope });
    expect(await isSettled(Promise.race([first, second]))).toBe(false);
    expect(waiting).toHaveLength(1);
    waiting[0]?.("saved");
    expect(await first).toEqual([{ $sockeye: { k: "key 1", s: "applied" } }, "saved"]);
    expect(await second).toEqual(await first);
    expect(waiting).toHaveLength(1);
  });

  test("is called once also if the action comes from another client's store or lane", async () => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    const waiting: Acknowledge[] = [];
    socket.on("save", (done: Acknowledge) => waiting.push(done));
    const first = enqueue("save", [], { k: "key" });
    const others = [
      enqueue("save", [], { k: "key", c: "copy", n: 1 }),
      enqueue("save", [], { k: "key", lane: "b", n: 1 }),
    ];
    expect(await isSettled(Promise.race(others))).toBe(false);
    waiting[0]?.("saved");
    expect(await Promise.all(others)).toEqual([await first, await first]);
    expect(waiting).toHaveLength(1);
  });

  test("keeps the order of a lane and holds up no other", async () => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    const calls: string[] = [];
    const waiting: Acknowledge[] = [];
    socket.on("save", (name: string, done: Acknowledge) => {
      calls.push(name);
      waiting.push(done);
    });
    const answers = [enqueue("save", ["a"]), enqueue("save", ["b"])];
    const other = enqueue("save", ["c"], { lane: "other", n: 1 });
    await isSettled(Promise.all(answers));
    expect(calls).toEqual(["a", "c"]);
    waiting[1]?.();
    expect(status(await other)).toBe("applied");
    waiting[0]?.();
    await answers[0];
    await isSettled(Promise.all(answers));
    waiting[2]?.();
    expect((await Promise.all(answers)).map(status)).toEqual(["applied", "applied"]);
    expect(calls).toEqual(["a", "c", "b"]);
  });

  test.each([
    [
      "throws it",
      () => {
        throw new ActionRejected({ why: "full" });
      },
    ],
    ["rejects with it", () => Promise.reject(new ActionRejected({ why: "full" }))],
    ["acknowledges with it", (done: Acknowledge) => done(new ActionRejected({ why: "full" }))],
  ])("rejects for good when it %s", async (_how, handler: (done: Acknowledge) => unknown) => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    const spy = vi.fn(handler);
    socket.on("save", spy);
    const rejected = [{ $sockeye: { k: "key 1", s: "rejected" } }, { why: "full" }];
    expect(await enqueue("save")).toEqual(rejected);
    expect(await enqueue("save", [], { k: "key 1", n: 1 })).toEqual(rejected);
    expect(spy).toHaveBeenCalledTimes(1);
    expect(world.errors).toEqual([]);
  });

  test("is asked again when it fails, after twice as long each time", async () => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    const failure = new Error("no database");
    socket.on("save", () => {
      throw failure;
    });
    const waits: unknown[] = [];
    for (let time = 0; time < 9; time += 1) {
      const [{ $sockeye }] = await enqueue("save", [], { k: "key", n: 1 });
      waits.push($sockeye["afterMs"]);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000));
    expect(world.errors[0]).toBe(failure);
    socket.removeAllListeners("save").on("save", (done: Acknowledge) => done());
    expect(status(await enqueue("save", [], { k: "key", n: 1 }))).toBe("applied");
  });

  test("is told of by its own error also if the store fails, too", async () => {
    const [mine, stores] = [new Error("mine"), new Error("the store's")];
    const store = { ...memoryStore(), release: () => Promise.reject(stores) };
    const world = setUp({ store });
    const { socket, enqueue } = await connect(world);
    socket.on("save", () => {
      throw mine;
    });
    expect(status(await enqueue("save"))).toBe("retry");
    expect(world.errors).toEqual([stores, mine]);
  });

  test("is asked again when nobody listens", async () => {
    const world = setUp();
    const { enqueue } = await connect(world);
    expect(status(await enqueue("unheard"))).toBe("retry");
    expect(world.errors).toEqual([new Error('no handler listens to "unheard"')]);
  });

  test("may answer after the lease: the client still gets it", async () => {
    const world = setUp({ leaseMs });
    const { socket, enqueue } = await connect(world);
    const waiting: Acknowledge[] = [];
    socket.on("save", (done: Acknowledge) => waiting.push(done));
    const first = enqueue("save");
    await isSettled(first);
    await vi.advanceTimersByTimeAsync(leaseMs);
    waiting[0]?.("late");
    expect(await first).toEqual([{ $sockeye: { k: "key 1", s: "applied" } }, "late"]);
    const again = await enqueue("save", [], { k: "key 1", n: 1 });
    expect(again).toEqual(await first);
    expect(waiting).toHaveLength(1);
  });

  test("may be asked again after the lease; the first outcome counts", async () => {
    const world = setUp({ leaseMs });
    const { socket, enqueue } = await connect(world);
    const waiting: Acknowledge[] = [];
    socket.on("save", (done: Acknowledge) => waiting.push(done));
    const first = enqueue("save");
    const second = enqueue("save", [], { k: "key 1", n: 1 });
    await isSettled(second);
    await vi.advanceTimersByTimeAsync(leaseMs);
    await isSettled(second);
    expect(waiting).toHaveLength(2);
    waiting[1]?.("second");
    expect((await second)[1]).toBe("second");
    waiting[0]?.("first");
    expect((await first)[1]).toBe("second");
  });

  test("is not asked for a socket that has gone", async () => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    const handler = vi.fn();
    socket.on("save", handler);
    const answer = enqueue("save");
    socket.connected = false;
    expect(await isSettled(answer)).toBe(false);
    expect(handler).not.toHaveBeenCalled();
  });

  test("answers what it said, whatever becomes of the object", async () => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    const result = { count: 1 };
    socket.on("save", (done: Acknowledge) => done(result));
    await enqueue("save");
    result.count = 2;
    expect((await enqueue("save", [], { k: "key 1", n: 1 }))[1]).toEqual({ count: 1 });
  });

  test("has done its work also if it answers with what cannot be sent", async () => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    socket.on("save", (done: Acknowledge) => done(1n));
    expect(await enqueue("save")).toEqual([{ $sockeye: { k: "key 1", s: "applied" } }]);
    expect(world.errors).toHaveLength(1);
  });

  test("is told of what it throws after its answer", async () => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    socket.on("save", (done: Acknowledge) => {
      done();
      throw new Error("afterwards");
    });
    expect(status(await enqueue("save"))).toBe("applied");
    expect(world.errors).toEqual([new Error("afterwards")]);
  });
});

describe("the middlewares of a socket", () => {
  test("see the event without its envelope, also of an event that has none", async () => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    const seen: unknown[] = [];
    socket.use((event: unknown[], next: () => void) => {
      seen.push([...event]);
      next();
    });
    socket.on("save", (_value: unknown, done: Acknowledge) => done());
    await enqueue("save", [1]);
    await socket.request("save", 2);
    expect(seen).toEqual([
      ["save", 1, expect.any(Function)],
      ["save", 2, expect.any(Function)],
    ]);
  });

  test("may end it for now: it can come again, and socket.io is told", async () => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    const veto = new Error("too many");
    const handler = vi.fn((done: Acknowledge) => done());
    const told = vi.fn();
    let isOpen = false;
    socket.on("error", told);
    socket.on("save", handler);
    socket.use((_event: unknown[], next: (error?: Error) => void) =>
      next(isOpen ? undefined : veto),
    );
    expect(status(await enqueue("save"))).toBe("retry");
    expect(told).toHaveBeenCalledWith(veto);
    expect(handler).not.toHaveBeenCalled();
    isOpen = true;
    expect(status(await enqueue("save", [], { k: "key 1", n: 1 }))).toBe("applied");
  });

  test("that go on twice have the work done once", async () => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    const handler = vi.fn((done: Acknowledge) => done());
    socket.on("save", handler);
    socket.use((_event: unknown[], next: () => void) => {
      next();
      next();
    });
    expect(status(await enqueue("save"))).toBe("applied");
    expect(handler).toHaveBeenCalledOnce();
  });

  test("may reject it for good, or answer themselves", async () => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    socket.use((event: unknown[], next: (error?: Error) => void) => {
      if (event[1] === "reject") next(new ActionRejected("no"));
      else (event.at(-1) as Acknowledge)("answered");
    });
    expect(await enqueue("save", ["reject"])).toEqual([
      { $sockeye: { k: "key 1", s: "rejected" } },
      "no",
    ]);
    expect((await enqueue("save", ["x"]))[1]).toBe("answered");
    expect((await enqueue("save", ["x"], { k: "key 2", n: 2 }))[1]).toBe("answered");
  });
});

describe("handle", () => {
  test("answers with what the work returns, and tells it the key and whose it is", async () => {
    const world = setUp({ identify: () => "ann" });
    const { socket, enqueue } = await connect(world);
    world.attached.handle(
      socket,
      "save",
      ({ afterCommit: _, ...context }, text: string, ...more: unknown[]) => ({
        context,
        text,
        more,
      }),
    );
    const context = { tx: undefined, key: "key 1", identity: "ann" };
    expect((await enqueue("save", ["a"]))[1]).toEqual({ context, text: "a", more: [] });
  });

  test("answers clients that know nothing of keys", async () => {
    const world = setUp();
    const { socket } = await connect(world);
    world.attached.handle(socket, "save", ({ key }, text: string) => [key ?? "no key", text]);
    expect(await socket.request("save", "a")).toEqual([["no key", "a"]]);
    socket.receive("save", "without an acknowledgement");
    await isSettled(Promise.resolve());
    expect(world.errors).toEqual([]);
  });

  test("tells others when its work is committed, and not if it fails", async () => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    const told: string[] = [];
    world.attached.handle(socket, "save", ({ afterCommit }, how: string) => {
      afterCommit(() => told.push(how));
      afterCommit(() => Promise.reject(new Error("deaf")));
      if (how === "fail") throw new Error("the application fails");
      if (how === "reject") throw new ActionRejected();
    });
    await enqueue("save", ["fail"], { n: 1 });
    await enqueue("save", ["reject"], { n: 1 });
    expect(told).toEqual([]);
    await enqueue("save", ["apply"], { k: "key", n: 2 });
    await enqueue("save", ["apply"], { k: "key", n: 2 });
    await socket.request("save", "plain");
    socket.receive("save", "fail");
    await isSettled(Promise.resolve());
    expect(told).toEqual(["apply", "plain"]);
    const messages = world.errors.map((error) => (error as Error).message);
    expect(messages.sort()).toEqual([
      "deaf",
      "deaf",
      ...Array<string>(2).fill("the application fails"),
    ]);
  });

  test("keeps a client's arguments apart from what the work is told", async () => {
    const world = setUp({ identify: () => "ann" });
    const { socket, enqueue } = await connect(world);
    world.attached.handle(socket, "save", ({ identity }) => identity);
    expect((await enqueue("save", [{ identity: "bob" }, { identity: "bob" }]))[1]).toBe("ann");
  });

  test("takes one work for an event of a socket, and sockets that are known", async () => {
    const world = setUp();
    const { socket } = await connect(world);
    world.attached.handle(socket, "save", () => 1);
    expect(() => world.attached.handle(socket, "save", () => 2)).toThrow("there is a handler");
    const { socket: stranger } = await connect(setUp());
    expect(() => world.attached.handle(stranger, "save", () => 2)).toThrow("before attach");
  });
});

describe("what clients must not be able to do", () => {
  test("a wrong envelope is refused and reaches no handler", async () => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    const handler = vi.fn();
    socket.on("save", handler);
    const data = { code: "invalid_envelope", message: "n is not a whole number from 1" };
    expect(await enqueue("save", [], { n: "1" })).toEqual([
      { $sockeye: { k: "key 1", s: "rejected" } },
      data,
    ]);
    expect(await socket.request("save", { $sockeye: null })).toEqual([
      { $sockeye: { k: "", s: "rejected" } },
      { code: "invalid_envelope", message: "is not an object" },
    ]);
    expect(handler).not.toHaveBeenCalled();
  });

  test("a payload too deep to be compared is refused", async () => {
    const world = setUp();
    const { enqueue } = await connect(world);
    const deep = JSON.parse("[".repeat(100_000) + "]".repeat(100_000)) as unknown;
    expect((await enqueue("save", [deep]))[1]).toMatchObject({ code: "invalid_envelope" });
  });

  test("an envelope without an acknowledgement throws nothing", async () => {
    const world = setUp();
    const { socket, hello } = await connect(world);
    const handler = vi.fn((done: Acknowledge) => done());
    socket.on("save", handler);
    socket.receive("save", { $sockeye: { k: "k", c: "c", e: 1, n: 1, lane: "", m: hello.memory } });
    socket.receive("save", { $sockeye: 1 });
    await isSettled(Promise.resolve());
    expect(handler).toHaveBeenCalledTimes(1);
    expect(world.errors).toEqual([]);
  });

  test("more than 1,000 waiting actions are asked to come again", async () => {
    const world = setUp();
    const { socket, enqueue } = await connect(world);
    let open = () => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    socket.on("save", (done: Acknowledge) => void opened.then(done));
    const answers = Array.from({ length: 1_000 }, () => enqueue("save"));
    expect(status(await enqueue("save"))).toBe("retry");
    open();
    expect((await Promise.all(answers)).every((answer) => status(answer) === "applied")).toBe(true);
  });
});

describe("a store or an application that fails", () => {
  const failing = (name: keyof ActionStore, failure: Error): ActionStore => ({
    ...memoryStore(),
    [name]: () => Promise.reject(failure),
  });

  test.each(["claim", "settle", "release"] as const)("asks again when %s fails", async (name) => {
    const failure = new Error(`no ${name}`);
    const world = setUp({ store: failing(name, failure) });
    const { socket, enqueue } = await connect(world);
    socket.on("save", (done: Acknowledge) => {
      if (name === "release") throw new Error("the application fails");
      done();
    });
    expect(status(await enqueue("save"))).toBe("retry");
    expect(world.errors).toContain(failure);
  });

  test("does no work again whose outcome the store could not take", async () => {
    const store = memoryStore();
    let isDown = false;
    const settle: ActionStore["settle"] = (...args) =>
      isDown ? Promise.reject(new Error("no Redis")) : store.settle(...args);
    const world = setUp({ store: { ...store, settle } });
    const { socket, enqueue } = await connect(world);
    let runs = 0;
    socket.on("save", (_text: string, done: Acknowledge) => done((runs += 1)));
    isDown = true;
    for (let time = 0; time < 2; time += 1) {
      expect(status(await enqueue("save", ["a"], { k: "key", n: 1 }))).toBe("retry");
    }
    expect(status(await enqueue("save", ["b"], { k: "key", n: 1 }))).toBe("conflict");
    isDown = false;
    expect((await enqueue("save", ["a"], { k: "key", n: 1 }))[1]).toBe(1);
    expect((await enqueue("save", ["c"], { k: "next", n: 2 }))[1]).toBe(2);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("nobody");
      },
    ],
    ["returns no string", () => undefined as unknown as string],
  ])("asks again when identify %s", async (_how, identify: () => string) => {
    const world = setUp({ identify });
    const { socket, enqueue } = await connect(world);
    socket.on("save", (done: Acknowledge) => done());
    expect(status(await enqueue("save"))).toBe("retry");
    expect(world.errors).toHaveLength(1);
  });

  test("is no trouble if what is told of errors throws", async () => {
    const logged = vi.spyOn(console, "error").mockReturnValue();
    const world = setUp({
      onError: () => {
        throw new Error("the logger");
      },
    });
    const { enqueue } = await connect(world);
    expect(status(await enqueue("unheard"))).toBe("retry");
    expect(logged).toHaveBeenCalledWith(new Error("the logger"));
  });
});
