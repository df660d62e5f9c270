import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import type { Sender } from "../src/sender.js";
import { errorData } from "./support/fakeCore.js";
import { connected, idle, recorder, sockeyeError, turn } from "./support/setUp.js";

const hooks = (prologue: boolean, gap: boolean) => [0, { prologue, gap }];

describe("client.continuity", () => {
  test("has the verdict on each connection", async () => {
    const { client, core } = await connected();
    const verdicts = recorder();
    client.continuity.subscribe(verdicts);
    core.events.continuity(0, { kind: "fresh", connection: 1, isLate: false });
    core.events.continuity(0, { kind: "resumed", connection: 2, isLate: false });
    const streams = [{ stream: "jobs", cause: "hole", from: 3, to: 4 }] as const;
    const gap = { kind: "gap", connection: 3, cause: "hole", streams, isLate: false } as const;
    core.events.continuity(0, gap);
    core.events.continuity(0, { ...gap, connection: 4, isLate: true });
    expect(verdicts.values).toEqual([
      undefined,
      { kind: "fresh", connection: 1 },
      { kind: "resumed", connection: 2 },
      gap,
    ]);
    expect(client.continuity.value).toBe(verdicts.values.at(-1));
    await client.destroy();
    expect(verdicts.ends).toEqual(["complete"]);
  });
});

describe("the causes of a gap", () => {
  const crate = readFileSync(new URL("../../src/client/continuity.rs", import.meta.url), "utf8");
  const causes = Array.from(crate.matchAll(/Self::\w+ => "(\w+)"/g), ([, cause]) => cause ?? "");
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

  test("are found", () => {
    expect(causes).toContain("no_proof");
    expect(causes.length).toBeGreaterThan(5);
  });

  test.each(causes)("have a type and an explanation: %s", (cause) => {
    expect(read("../src/continuityPort.ts")).toContain(`"${cause}"`);
    expect(read("../../docs/continuity.md")).toContain(`| \`${cause}\``);
  });
});

describe("onGap()", () => {
  const cause = "no_proof";
  const gap = { kind: "gap", connection: 2, cause, streams: [], isLate: false } as const;

  test("is asked for while somebody wants it", async () => {
    const { client, core } = await connected();
    const first = client.onGap(() => {});
    const second = client.onGap(() => {});
    first.unsubscribe();
    second.unsubscribe();
    expect(core.callsOf("setHooks")).toEqual([
      hooks(false, true),
      hooks(false, true),
      hooks(false, true),
      hooks(false, false),
    ]);
  });

  test("is awaited, one handler after the other", async () => {
    const { client, core } = await connected();
    const order: string[] = [];
    const ends: (() => void)[] = [];
    client.onGap(async (given) => {
      expect(given).toEqual(gap);
      order.push("first begins");
      await new Promise<void>((resolve) => ends.push(resolve));
      order.push("first ends");
    });
    client.onGap(() => void order.push("second"));
    core.events.continuity(0, gap);
    core.events.gapHookNeeded(0, 7);
    await turn();
    expect(order).toEqual(["first begins"]);
    expect(core.callsOf("gapDone")).toEqual([]);
    for (const end of ends) end();
    await turn();
    expect(order).toEqual(["first begins", "first ends", "second"]);
    expect(core.callsOf("gapDone")).toEqual([[0, 7]]);
  });

  test("is not called any more once it is unsubscribed, or the client destroyed", async () => {
    const { client, core } = await connected();
    const second = vi.fn();
    const third = vi.fn();
    client.onGap(async () => {
      subscription.unsubscribe();
      await client.destroy();
    });
    const subscription = client.onGap(second);
    client.onGap(third);
    core.events.continuity(0, gap);
    core.events.gapHookNeeded(0, 7);
    await turn();
    expect(second).not.toHaveBeenCalled();
    expect(third).not.toHaveBeenCalled();
  });

  test("is told of what was missed on a live connection, too", async () => {
    const { client, core } = await connected();
    const handler = vi.fn();
    client.onGap(handler);
    core.events.continuity(0, { kind: "resumed", connection: 2, isLate: false });
    core.events.continuity(0, { ...gap, isLate: true });
    core.events.gapHookNeeded(0, 3);
    await turn();
    expect(handler).toHaveBeenCalledExactlyOnceWith({ ...gap, isLate: true });
    expect(core.callsOf("gapDone")).toEqual([[0, 3]]);
  });

  test("goes on when a handler throws", async () => {
    const report = vi.fn();
    vi.stubGlobal("reportError", report);
    const { client, core } = await connected();
    client.onGap(() => Promise.reject(new Error("bad handler")));
    const other = vi.fn();
    client.onGap(other);
    core.events.continuity(0, gap);
    core.events.gapHookNeeded(0, 7);
    await turn();
    expect(report).toHaveBeenCalledOnce();
    expect(other).toHaveBeenCalledOnce();
    expect(core.callsOf("gapDone")).toEqual([[0, 7]]);
  });
});

describe("onConnected()", () => {
  /** Has a handler called; returns what it was given. */
  const prologue = async () => {
    const setting = await connected();
    let first: Sender | undefined;
    let end = () => {};
    setting.client.onConnected(async (sender) => {
      first = sender;
      await new Promise<void>((resolve) => (end = resolve));
    });
    setting.core.events.prologueNeeded(0, 5);
    await turn();
    if (!first) throw new Error("the handler was not called");
    return { ...setting, first, end };
  };

  test("sends first, and tells when it is done", async () => {
    const { client, core, first, end } = await prologue();
    const sent = recorder();
    client.onAnyOutgoing().subscribe(sent);
    expect(core.callsOf("setHooks")).toEqual([hooks(true, false)]);
    first.emit("hello", 1);
    expect(core.callsOf("emitFirst")).toEqual([[0, 5, '["hello",1]', undefined]]);
    const answer = first.request("who");
    const [[, , request] = []] = core.callsOf("requestFirst");
    expect(core.callsOf("requestFirst")).toEqual([[0, 5, request, '["who"]', undefined, 10_000]]);
    core.events.settled(request ?? -1, undefined, ["you"]);
    await expect(answer).resolves.toBe("you");
    expect(sent.values).toHaveLength(2);
    expect(core.callsOf("prologueDone")).toEqual([]);
    end();
    await turn();
    expect(core.callsOf("prologueDone")).toEqual([[0, 5]]);
  });

  test("can send no more when its time is over", async () => {
    const { client, core, first } = await prologue();
    core.refusal = errorData("disconnected");
    expect(() => first.emit("late")).toThrow(sockeyeError("disconnected"));
    await expect(first.request("late")).rejects.toEqual(sockeyeError("disconnected"));
    await client.destroy();
    expect(() => first.emit("late")).toThrow(sockeyeError("client_destroyed"));
    await expect(first.request("late")).rejects.toEqual(sockeyeError("client_destroyed"));
  });

  test("is told to a core that comes later", async () => {
    const { client, loader } = idle();
    client.onConnected(() => {});
    void client.connect();
    const core = await loader.succeed();
    expect(core.callsOf("setHooks")).toEqual([hooks(true, false)]);
  });

  test("counts each time that it is called", async () => {
    const { client, core } = await connected();
    const handler = vi.fn();
    const subscription = client.onConnected(handler);
    client.onConnected(handler);
    subscription.unsubscribe();
    core.events.prologueNeeded(0, 1);
    await turn();
    expect(handler).toHaveBeenCalledOnce();
  });
});

describe("emitLatest()", () => {
  test("gives the core each event with its key", async () => {
    const { client, core } = await connected();
    const sent = recorder();
    client.onAnyOutgoing().subscribe(sent);
    client.emitLatest("cursor", "move", { x: 1 });
    expect(core.callsOf("emitLatest")).toEqual([[0, "cursor", '["move",{"x":1}]', undefined]]);
    expect(sent.values).toEqual([{ event: "move", args: [{ x: 1 }] }]);
    core.refusal = errorData("buffer_full");
    expect(() => client.emitLatest("cursor", "move")).toThrow(sockeyeError("buffer_full"));
  });

  test("keeps only the newest of each key until the core is there", async () => {
    const { client, loader } = idle();
    for (let x = 0; x < 5; x += 1) client.emitLatest("a", "move", x);
    client.emitLatest("b", "move", 9);
    const core = await loader.succeed();
    expect(core.callsOf("emitLatest")).toEqual([
      [0, "a", '["move",4]', undefined],
      [0, "b", '["move",9]', undefined],
    ]);
  });

  test("keeps events of 1,000 keys at most", () => {
    const { client } = idle();
    for (let key = 0; key < 1_000; key += 1) client.emitLatest(String(key), "move");
    expect(() => client.emitLatest("more", "move")).toThrow(sockeyeError("buffer_full"));
    client.emitLatest("999", "move", 2);
  });

  test("throws what `emit` throws", async () => {
    const { client } = await connected();
    expect(() => client.emitLatest("a", "connect")).toThrow(sockeyeError("reserved_event"));
    await client.destroy();
    expect(() => client.emitLatest("a", "b")).toThrow(sockeyeError("client_destroyed"));
  });
});

describe("hold()", () => {
  test("keeps events for as long as anybody holds them, as many as the most that is asked", async () => {
    const { client, core } = await connected();
    const one = client.hold("welcome", 2);
    core.delivers("welcome", [1]);
    const other = client.hold("welcome", 1);
    core.delivers("welcome", [2]);
    other.unsubscribe();
    core.delivers("welcome", [3]);
    const got = recorder();
    client.on("welcome").subscribe(got);
    expect(got.values).toEqual([2, 3]);
    one.unsubscribe();
  });

  test("gives the first subscriber what came before, once", async () => {
    const { client, core } = await connected();
    client.hold("welcome", 10);
    core.delivers("welcome", [1]);
    core.delivers("welcome", [2]);
    const [first, second] = [recorder(), recorder()];
    client.on("welcome").subscribe(first);
    client.on("welcome").subscribe(second);
    core.delivers("welcome", [3]);
    expect(first.values).toEqual([1, 2, 3]);
    expect(second.values).toEqual([3]);
  });

  test("keeps the newest, and starts again when nobody subscribes any more", async () => {
    const { client, core } = await connected();
    client.hold("welcome", 2);
    client
      .on("welcome")
      .subscribe(() => {})
      .unsubscribe();
    for (const value of [1, 2, 3]) core.delivers("welcome", [value]);
    const values = recorder();
    client.on("welcome").subscribe(values);
    expect(values.values).toEqual([2, 3]);
  });

  test("ends when it is given back", async () => {
    const { client, core } = await connected();
    const held = client.hold("welcome", 2);
    core.delivers("welcome", [1]);
    held.unsubscribe();
    expect(core.names.has("welcome")).toBe(false);
    const values = recorder();
    client.on("welcome").subscribe(values);
    core.delivers("welcome", [2]);
    expect(values.values).toEqual([2]);
  });

  test("refuses what cannot be", async () => {
    const { client } = await connected();
    expect(() => client.hold("connect", 1)).toThrow(sockeyeError("reserved_event"));
    expect(() => client.hold("a", 0)).toThrow(sockeyeError("invalid_option"));
  });
});
