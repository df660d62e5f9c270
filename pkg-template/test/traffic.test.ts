import { describe, expect, test, vi } from "vitest";
import type { SockeyeError } from "../src/errors.js";
import type { Interceptor } from "../src/traffic.js";
import { connected, idle, recorder, sockeyeError, turn } from "./support/setUp.js";

const boom = new Error("boom");
const throwing = () => {
  throw boom;
};
const silent = () => vi.spyOn(console, "error").mockReturnValue();

/** A connected client with an interceptor. */
async function intercepted(...interceptors: Interceptor[]) {
  const setting = await connected();
  for (const interceptor of interceptors) setting.client.use(interceptor);
  const bodies = () => setting.core.callsOf("emit").map(([, body]) => JSON.parse(body) as unknown);
  return { ...setting, bodies };
}

describe("an outbound interceptor", () => {
  const stamp: Interceptor = {
    outbound: (event, [payload]) => [{ ...(payload as object), event }],
  };

  test("changes what is sent in every way, and what is told of it", async () => {
    const { client, core, bodies } = await intercepted(stamp);
    const { values, ...sent } = recorder();
    client.onAnyOutgoing().subscribe({ ...sent, next: ({ args }) => void values.push(args) });
    client.emit("a", { n: 1 });
    client.with({ volatile: true }).emit("b", { n: 2 });
    client.emitLatest("key", "c", { n: 3 });
    void client.request("d", { n: 4 });
    const action = client.enqueue("e", { n: 5 });
    expect(bodies()).toEqual([
      ["a", { n: 1, event: "a" }],
      ["b", { n: 2, event: "b" }],
    ]);
    const bodyOf = (method: "emitLatest" | "request" | "enqueue") =>
      JSON.parse(core.callsOf(method)[0]?.[2] as unknown as string) as unknown;
    expect(bodyOf("emitLatest")).toEqual(["c", { n: 3, event: "c" }]);
    expect(bodyOf("request")).toEqual(["d", { n: 4, event: "d" }]);
    expect(values).toHaveLength(5);
    expect(action.args).toEqual([{ n: 5, event: "e" }]);
  });

  test("changes what topics send, when they are made", async () => {
    const outbound = vi.fn<NonNullable<Interceptor["outbound"]>>(() => ["changed"]);
    const { client, core } = await intercepted({ outbound });
    const topic = client.topic({ join: ["join", 1], leave: ["leave", 2] });
    expect(outbound.mock.calls.map(([event, args]) => [event, args])).toEqual([
      ["join", [1]],
      ["leave", [2]],
    ]);
    topic.retain();
    expect(core.callsOf("retainTopic")[0]?.slice(2, 4)).toEqual([
      '["join","changed"]',
      '["leave","changed"]',
    ]);
  });

  test("changes what is said first on a connection", async () => {
    const { client, core } = await intercepted({ outbound: () => [7] });
    client.onConnected(async (first) => {
      first.emit("a", 1);
      await first.request("b", 1);
    });
    core.events.prologueNeeded(0, 3);
    await turn();
    expect(core.callsOf("emitFirst")[0]?.[2]).toBe('["a",7]');
    expect(core.callsOf("requestFirst")[0]?.[3]).toBe('["b",7]');
  });

  test("gets what the one before it has made, and may leave it", async () => {
    const add = (text: string): Interceptor => ({ outbound: (_, args) => [...args, text] });
    const { client, bodies } = await intercepted(add("1"), { outbound: () => {} }, {}, add("2"));
    client.emit("a", "0");
    expect(bodies()).toEqual([["a", "0", "1", "2"]]);
  });

  test("stops what is sent, which fails with a code", async () => {
    const { client, core } = await intercepted({ outbound: () => false });
    const told = vi.fn();
    client.onAnyOutgoing().subscribe(told);
    expect(() => client.emit("a")).toThrow(sockeyeError("vetoed"));
    expect(() => client.emitLatest("key", "a")).toThrow(sockeyeError("vetoed"));
    expect(() => client.enqueue("a")).toThrow(sockeyeError("vetoed"));
    expect(() => client.topic({ join: ["a"] })).toThrow(sockeyeError("vetoed"));
    await expect(client.request("a")).rejects.toEqual(sockeyeError("vetoed"));
    expect(core.calls).toEqual([]);
    expect(told).not.toHaveBeenCalled();
  });

  test("that throws stops it, too, with what it threw as the cause", async () => {
    const { client, core } = await intercepted({ outbound: throwing });
    expect(() => client.emit("a")).toThrow(sockeyeError("vetoed", { cause: boom }));
    await expect(client.request("a")).rejects.toEqual(sockeyeError("vetoed", { cause: boom }));
    expect(core.calls).toEqual([]);
  });

  test("cannot change the arguments of the caller by adding to them", async () => {
    const { client } = await intercepted({ outbound: (_, args) => [...args, 1] });
    const args = [0];
    client.emit("a", ...args);
    expect(args).toEqual([0]);
  });

  test("works before the core is there", async () => {
    const { client, loader } = idle();
    client.use({ outbound: () => ["changed"] });
    client.emit("a", 1);
    const core = await loader.succeed();
    expect(core.callsOf("emit")[0]?.[1]).toBe('["a","changed"]');
  });

  test("belongs to its namespace, until it is unsubscribed", async () => {
    const { client, bodies } = await connected().then((setting) => ({
      ...setting,
      bodies: () => setting.core.callsOf("emit").map(([, body]) => body),
    }));
    const subscription = client.use({ outbound: () => [1] });
    client.namespace("/other").emit("a");
    client.emit("a");
    subscription.unsubscribe();
    subscription.unsubscribe();
    client.emit("a");
    expect(bodies()).toEqual(['["a"]', '["a",1]', '["a"]']);
  });
});

describe("an inbound interceptor", () => {
  test("changes what listeners and responders get", async () => {
    const inbound = vi.fn<NonNullable<Interceptor["inbound"]>>((_, [text]) => [`${String(text)}!`]);
    const { client, core } = await intercepted({ inbound });
    const [one, all] = [recorder(), recorder()];
    const respond = vi.fn();
    client.on("a").subscribe(one);
    client.onAny().subscribe(all);
    client.respond("a", respond);
    expect(core.delivers("a", ["x"], { ackId: 1 })).toBe(true);
    expect(inbound).toHaveBeenCalledExactlyOnceWith("a", ["x"], "in");
    expect(one.values).toEqual(["x!"]);
    expect(all.values).toEqual([{ event: "a", args: ["x!"] }]);
    expect(respond).toHaveBeenCalledExactlyOnceWith("x!");
  });

  test("stops an event, which counts as delivered", async () => {
    const { client, core } = await intercepted({ inbound: () => false });
    const [told, errors] = [vi.fn(), vi.fn()];
    client.on("a").subscribe(told);
    client.errors.subscribe(errors);
    expect(core.delivers("a")).toBe(true);
    expect(told).not.toHaveBeenCalled();
    expect(errors).not.toHaveBeenCalled();
  });

  test("that throws stops it as one that was not delivered, and is told", async () => {
    silent();
    const { client, core } = await intercepted({ inbound: throwing });
    const told = vi.fn();
    const { values: errors, ...errorRecorder } = recorder<SockeyeError>();
    client.on("a").subscribe(told);
    client.errors.subscribe({ ...errorRecorder, next: (error) => void errors.push(error) });
    expect(core.delivers("a")).toBe(false);
    expect(told).not.toHaveBeenCalled();
    expect(errors).toEqual([sockeyeError("listener_error", { cause: boom })]);
  });

  test("may use the client, and end itself", async () => {
    const { client, core, bodies } = await intercepted();
    const told = vi.fn();
    const subscription = client.use({
      inbound: () => {
        client.emit("got");
        subscription.unsubscribe();
        return ["once"];
      },
    });
    client.on("a").subscribe(told);
    core.delivers("a", [1]);
    core.delivers("a", [2]);
    expect(told.mock.calls).toEqual([["once"], [2]]);
    expect(bodies()).toEqual([["got"]]);
  });
});

describe("an interceptor of acknowledgements", () => {
  const ack = vi.fn<NonNullable<Interceptor["ack"]>>((_, args) =>
    args.map((arg): unknown[] => [arg]),
  );

  test("changes what a request resolves with", async () => {
    ack.mockClear();
    const { client, core } = await intercepted({ ack });
    const answer = client.request("a");
    core.answers(0, 1);
    await expect(answer).resolves.toEqual([1]);
    expect(ack).toHaveBeenCalledExactlyOnceWith("a", [1], "in");
  });

  test("changes what is answered", async () => {
    ack.mockClear();
    const { client, core } = await intercepted({ ack });
    client.respond("a", () => 1);
    core.delivers("a", [], { ackId: 5 });
    await turn();
    expect(core.callsOf("acknowledge")[0]?.[3]).toBe("[[1]]");
    expect(ack).toHaveBeenCalledExactlyOnceWith("a", [1], "out");
  });

  test("changes what an action and a topic resolve with", async () => {
    const { client, core } = await intercepted({ ack });
    const action = client.enqueue("a");
    const topic = client.topic({ join: ["b"] });
    topic.retain();
    core.moves(action.id, "applied", { args: [2] });
    core.events.topic(0, topic.key, "live", undefined, [3]);
    await expect(action.result).resolves.toEqual([2]);
    await expect(topic.ready).resolves.toEqual([3]);
  });

  test("is not asked about a topic that nobody answered", async () => {
    ack.mockClear();
    const { client, core } = await intercepted({ ack });
    const topic = client.topic({ join: ["b"] });
    topic.retain();
    core.events.topic(0, topic.key, "live", undefined, []);
    await expect(topic.ready).resolves.toBeUndefined();
    expect(ack).not.toHaveBeenCalled();
  });

  test("keeps an answer from whoever waits for it", async () => {
    const { client, core } = await intercepted({ ack: () => false });
    const answer = client.request("a");
    core.answers(0, 1);
    await expect(answer).rejects.toEqual(sockeyeError("vetoed"));
    const action = client.enqueue("b");
    core.moves(action.id, "applied", { args: [2] });
    await expect(action.result).rejects.toEqual(sockeyeError("vetoed"));
    expect(action.status.value.state).toBe("applied");
    const topic = client.topic({ join: ["c"] });
    topic.retain();
    core.events.topic(0, topic.key, "live", undefined, [3]);
    await expect(topic.ready).rejects.toEqual(sockeyeError("vetoed"));
    expect(topic.status.value.state).toBe("live");
  });

  test("keeps an answer from the server", async () => {
    const { client, core } = await intercepted({ ack: () => false });
    const errors = vi.fn();
    client.errors.subscribe(errors);
    client.respond("a", () => 1);
    core.delivers("a", [], { ackId: 5 });
    await turn();
    expect(core.callsOf("acknowledge")).toEqual([]);
    expect(errors).not.toHaveBeenCalled();
  });

  test("that throws does, too, and is told", async () => {
    silent();
    const { client, core } = await intercepted({ ack: throwing });
    const errors = vi.fn();
    client.errors.subscribe(errors);
    client.respond("a", () => 1);
    core.delivers("a", [], { ackId: 5 });
    await turn();
    expect(core.callsOf("acknowledge")).toEqual([]);
    expect(errors).toHaveBeenCalledExactlyOnceWith(sockeyeError("listener_error", { cause: boom }));
    const answer = client.request("a");
    core.answers(0, 1);
    await expect(answer).rejects.toEqual(sockeyeError("vetoed", { cause: boom }));
  });
});

test("without interceptors and watchers an event is handed on as it is", async () => {
  const { client, core } = await connected();
  const args = ["a", 1, 2];
  const number = () => core.names.get("a") ?? -1;
  let told: unknown;
  client.on("a").subscribe((value) => {
    told = value as unknown;
  });
  const slice = vi.spyOn(args, "slice");
  core.events.delivered(0, number(), args, 1, -1);
  expect(told).toEqual([1, 2]);
  expect(slice).toHaveBeenCalledOnce();
});
