/** What the core is told of who listens: it may leave out only what nobody wants. */
import { describe, expect, test } from "vitest";
import { buffer } from "../../src/streams/buffer.js";
import { conflate } from "../../src/streams/conflate.js";
import { latest } from "../../src/streams/latest.js";
import { connected } from "../support/setUp.js";

const everyFrame = { every: "frame" } as const;

describe("the pace of an event", () => {
  test.each([
    ["conflate() with a path", { keep: "newestOfEach", key: "symbol" }],
    ["conflate() with a function", { keep: "all" }],
    ["latest()", { keep: "newest" }],
    ["buffer()", { keep: "all" }],
  ])("of %s is told", async (name, wanted) => {
    const { client, core } = await connected();
    const source = client.on("quote");
    const streams = {
      "conflate() with a path": () => conflate(source, "symbol"),
      "conflate() with a function": () => conflate(source, String),
      "latest()": () => latest(source),
      "buffer()": () => buffer(source),
    };
    const subscription = streams[name as keyof typeof streams]().subscribe({});
    expect(core.callsOf("pace")).toEqual([[0, { ...everyFrame, ...wanted }]]);
    subscription.unsubscribe();
    expect(core.callsOf("pace").at(-1)).toEqual([0, undefined]);
    await client.destroy();
  });

  test("is none as long as somebody wants each event", async () => {
    const { client, core } = await connected();
    const newest = { ...everyFrame, keep: "newest" };
    const last = () => core.callsOf("pace").at(-1)?.[1];
    latest(client.on("quote")).subscribe({});
    latest(client.on("quote")).subscribe({});
    expect(core.callsOf("pace")).toEqual([[0, newest]]);
    for (const take of [
      () => client.on("quote").subscribe({}),
      () => client.onAny().subscribe({}),
      () => client.use({}),
      () => buffer(client.on("quote")).subscribe({}),
      () => client.namespace("/other").on("quote").subscribe({}),
    ]) {
      const other = take();
      expect(last()).toBeUndefined();
      other.unsubscribe();
      expect(last()).toEqual(newest);
    }
    await client.destroy();
  });

  test("is told to the next core, too", async () => {
    const { client, core, loader } = await connected();
    latest(client.on("quote")).subscribe({});
    core.dies();
    await Promise.resolve();
    const next = await loader.succeed();
    expect(next.callsOf("pace")).toEqual([[0, { ...everyFrame, keep: "newest" }]]);
    await client.destroy();
  });
});

test("conflate() reads the path of a field, and of no prototype", async () => {
  const { client, core } = await connected();
  const maps: unknown[] = [];
  conflate(client.on("quote"), "of.symbol", { limit: 2 }).subscribe((map) => void maps.push(map));
  core.delivers("quote", [{ of: { symbol: "A" }, price: 1 }]);
  core.delivers("quote", [{ of: { symbol: "A" }, price: 2 }]);
  core.delivers("quote", [{ of: null }]);
  expect(maps).toEqual([
    new Map<unknown, unknown>([
      ["A", { of: { symbol: "A" }, price: 2 }],
      [undefined, { of: null }],
    ]),
  ]);
  await client.destroy();
});
