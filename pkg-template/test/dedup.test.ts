import { describe, expect, test, vi } from "vitest";
import { type DedupOptions, resolveDedup } from "../src/dedup.js";
import type { DedupSnapshot } from "../src/dedup.js";
import type { SockeyeError } from "../src/errors.js";
import { connected, connecting, idle, sockeyeError, turn } from "./support/setUp.js";

describe("the option dedup", () => {
  test("has documented defaults, with and without de-duplication by id", () => {
    const defaults = {
      ...{ dedupWindow: 4_096, dedupTtlMs: 600_000, dedupStreams: 10 },
      ...{ countUnheard: false, positions: {} },
    };
    for (const dedup of [undefined, false, {}] as const) {
      const { core, advanceOnError } = resolveDedup(dedup);
      expect(core).toEqual({ ...defaults, readers: {}, keepPositions: false });
      expect(advanceOnError).toBe(false);
    }
  });

  test("reaches the core", async () => {
    const id = (event: string) => event;
    const positions = { "/": [["s", "e", 3]] } as const;
    const { core } = await connecting({
      dedup: {
        ...{ id, stream: "meta.room", order: "no", only: ["a"] },
        ...{ window: 1, ttlMs: 2, streams: 3, persist: true },
        ...{ restore: { version: 1, identity: "", positions } },
      },
    });
    expect(core.options).toMatchObject({
      readers: { id, stream: "meta.room", order: "no", only: ["a"] },
      ...{ dedupWindow: 1, dedupTtlMs: 2, dedupStreams: 3, countUnheard: true, positions },
      keepPositions: true,
    });
  });

  const snapshot = (version: unknown) =>
    ({ restore: { version, identity: "", positions: {} } as DedupSnapshot }) satisfies DedupOptions;

  test.each<[string, DedupOptions]>([
    ["no window", { window: 0 }],
    ["half a window", { window: 1.5 }],
    ["a huge window", { window: 1_000_001 }],
    ["no time", { ttlMs: 0 }],
    ["no streams", { streams: 0 }],
    ["an empty path", { id: "" }],
    ["a path with a hole", { stream: "a..b" }],
    ["no path", { order: 5 as unknown as string }],
    ["a snapshot of another version", snapshot(2)],
    ["no snapshot", snapshot(undefined)],
  ])("is refused with %s", (_, dedup) => {
    expect(() => idle({ dedup })).toThrow(sockeyeError("invalid_option"));
  });

  test("tells of a function that throws", async () => {
    const { client, core } = await connected({ dedup: { id: () => "x" } });
    const errors: SockeyeError[] = [];
    client.errors.subscribe((error) => errors.push(error));
    const cause = new Error("no id");
    core.events.readerFailed(cause);
    expect(errors).toEqual([sockeyeError("listener_error", { cause })]);
    expect(errors[0]?.message).toMatch(/`dedup`/);
  });
});

describe("an event", () => {
  const boom = () => {
    throw new Error("boom");
  };

  test("counts as delivered when nobody throws, and when nobody is left who listens", async () => {
    const { client, core } = await connected();
    const subscription = client.on("a").subscribe(() => {});
    expect(core.delivers("a")).toBe(true);
    const number = core.names.get("a") ?? -1;
    subscription.unsubscribe();
    expect(core.events.delivered(0, number, ["a"], 1, -1)).toBe(true);
    expect(core.events.delivered(7, number, ["a"], 1, -1)).toBe(true);
  });

  test("does not when a listener throws, until the next one", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const { client, core } = await connected();
    const told = vi.fn();
    const throwing = client.on("a").subscribe(boom);
    client.on("a").subscribe(told);
    expect(core.delivers("a")).toBe(false);
    expect(told).toHaveBeenCalledOnce();
    throwing.unsubscribe();
    expect(core.delivers("a")).toBe(true);
  });

  test("does not when one throws who listens to all", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const { client, core } = await connected();
    client.onAny().subscribe(boom);
    expect(core.delivers("a")).toBe(false);
  });

  test("does all the same if that is wanted", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const { client, core } = await connected({ dedup: { advanceOnError: true } });
    client.on("a").subscribe(boom);
    expect(core.delivers("a")).toBe(true);
  });
});

describe("client.dedup", () => {
  test("sums up what was counted in all namespaces", async () => {
    const { client, core } = await connected();
    client.namespace("/admin");
    core.statistics.push(
      { identified: 10, duplicates: 3, evicted: 2, evictedStreams: 1 },
      { identified: 1, duplicates: 1, evicted: 1, evictedStreams: 1 },
    );
    expect(client.dedup.statistics).toEqual({
      ...{ identified: 11, duplicates: 4, evicted: 3, evictedStreams: 2 },
    });
  });

  test("has counted nothing before the core is there", () => {
    const { client } = idle();
    expect(client.dedup.statistics).toEqual({
      ...{ identified: 0, duplicates: 0, evicted: 0, evictedStreams: 0 },
    });
  });

  test("gives a snapshot that survives JSON and is taken again", async () => {
    const { client, core } = await connected();
    client.namespace("/admin");
    core.delivered.push([["s", "e", 3]], [["t", "", 4]]);
    const restore = JSON.parse(JSON.stringify(client.dedup.snapshot())) as DedupSnapshot;
    expect(restore.positions).toEqual({ "/": [["s", "e", 3]], "/admin": [["t", "", 4]] });
    const { client: next } = idle({ dedup: { restore } });
    expect(next.dedup.snapshot()).toEqual(restore);
  });

  test("gives one to the same user only", async () => {
    const restore = { version: 1, identity: "alice", positions: { "/": [["s", "e", 3]] } } as const;
    const { client } = idle({ identity: "alice", dedup: { restore } });
    expect(client.dedup.snapshot()).toEqual(restore);
    const { core } = await connecting({ identity: "bob", dedup: { restore } });
    expect(core.options.positions).toEqual({});
  });

  test("forgets what it was given with the user", async () => {
    const restore = { version: 1, identity: "alice", positions: { "/": [["s", "e", 3]] } } as const;
    const { client, loader } = idle({ identity: "alice", dedup: { restore } });
    client.setIdentity("bob");
    expect(client.dedup.snapshot()).toEqual({ version: 1, identity: "bob", positions: {} });
    void client.connect();
    expect((await loader.succeed()).options.positions).toEqual({});
  });

  test("gives none after the end", async () => {
    const { client } = await connected();
    await client.destroy();
    await turn();
    expect(() => client.dedup.snapshot()).toThrow(sockeyeError("client_destroyed"));
  });
});
