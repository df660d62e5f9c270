import { afterEach, describe, expect, test, vi } from "vitest";
import { allowOrigins, createServerHelper, memoryStore } from "../../src/server.js";
import { Turns } from "../../src/server/turns.js";
import { connect, isSettled, setUp } from "./support.js";

afterEach(() => void vi.useRealTimers());

describe("createServerHelper", () => {
  test.each([0, -1, 1.5, NaN, Infinity, "1" as unknown as number])(
    "takes no %s for a number",
    (bad) => {
      const store = memoryStore();
      for (const options of [
        { retentionMs: bad },
        { leaseMs: bad },
        ...["maxEvents", "maxStreams", "maxAgeMs"].map((name) => ({ log: { [name]: bad } })),
      ]) {
        expect(() => createServerHelper({ store, ...options })).toThrow(RangeError);
      }
    },
  );
});

describe("memoryStore", () => {
  const answerTo = async (world: ReturnType<typeof setUp>, key: string) => {
    const { socket, enqueue } = await connect(world);
    socket.on("save", (done: () => void) => done());
    const [{ $sockeye }] = await enqueue("save", [], { k: key, c: key });
    return $sockeye["s"];
  };

  test("says that it has another memory when it has to forget", async () => {
    const world = setUp({ store: memoryStore({ maxKeys: 2 }) });
    const memory = await world.store.memory();
    expect(await answerTo(world, "a")).toBe("applied");
    expect(await answerTo(world, "b")).toBe("applied");
    expect(await answerTo(world, "a")).toBe("applied");
    expect(await world.store.memory()).toBe(memory);
    expect(await answerTo(world, "c")).toBe("applied");
    expect(await world.store.memory()).not.toBe(memory);
  });

  test("keeps no more lanes either, in whatever lanes a known key comes", async () => {
    const world = setUp({ store: memoryStore({ maxKeys: 3 }) });
    const memory = await world.store.memory();
    const { socket, enqueue } = await connect(world);
    socket.on("save", (done: () => void) => done());
    for (const lane of ["a", "b", "c"]) await enqueue("save", [], { k: "key", n: 1, lane });
    expect(await world.store.memory()).toBe(memory);
    await enqueue("save", [], { k: "key", n: 1, lane: "d" });
    expect(await world.store.memory()).not.toBe(memory);
  });

  test("keeps a claim that another has by now", async () => {
    const store = memoryStore();
    const envelope = {
      key: "key",
      client: "c",
      epoch: 1,
      seq: 1,
      lane: "",
      memory: await store.memory(),
    };
    const action = { identity: "", envelope, hash: "hash", keepMs: 60_000 };
    await store.claim(action, "mine", 30_000);
    await store.release(action, "another's");
    expect(await store.claim(action, "third", 30_000)).toEqual({ kind: "retry" });
    await store.release(action, "mine");
    expect(await store.claim(action, "third", 30_000)).toHaveProperty("kind", "apply");
  });

  test("does not count keys whose time is over", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const world = setUp({ store: memoryStore({ maxKeys: 2 }), retentionMs: 1_000 });
    const memory = await world.store.memory();
    for (const key of ["a", "b", "c", "d", "e"]) {
      expect(await answerTo(world, key)).toBe("applied");
      vi.advanceTimersByTime(1_000);
    }
    expect(await world.store.memory()).toBe(memory);
  });
});

describe("Turns", () => {
  test("lets works with a common name wait for each other, and no others", async () => {
    const turns = new Turns();
    const begun: string[] = [];
    const ends = new Map<string, () => void>();
    const work = (title: string, ...names: string[]) =>
      turns.take(names, () => {
        begun.push(title);
        return new Promise<void>((resolve) => ends.set(title, resolve));
      });
    const all = [work("1", "a"), work("2", "a", "b"), work("3", "b"), work("4", "c")];
    await isSettled(Promise.all(all));
    expect(begun).toEqual(["1", "4"]);
    for (const title of ["1", "2", "3", "4"]) {
      ends.get(title)?.();
      await isSettled(Promise.all(all));
    }
    expect(begun).toEqual(["1", "4", "2", "3"]);
    await Promise.all(all);
  });

  test("goes on after work that fails", async () => {
    const turns = new Turns();
    const failed = turns.take(["a"], () => Promise.reject(new Error("no")));
    const next = turns.take(["a"], () => Promise.resolve("next"));
    await expect(failed).rejects.toThrow("no");
    expect(await next).toBe("next");
  });
});

describe("allowOrigins", () => {
  const decide = (origin: string | undefined) => {
    const told = vi.fn();
    allowOrigins(["https://app.example.com"])({ headers: { origin } }, told);
    return told.mock.calls[0]?.[1] as boolean;
  };

  test.each([
    ["https://app.example.com", true],
    [undefined, true],
    ["https://app.example.com.evil.example", false],
    ["http://app.example.com", false],
    ["https://APP.example.com:443", false],
    ["null", false],
    ["", false],
  ])("decides about %s", (origin, isAllowed) => {
    expect(decide(origin)).toBe(isAllowed);
  });
});
