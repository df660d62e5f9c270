/** `onAny()` and `onAnyOutgoing()`. */
import { describe, expect, test, vi } from "vitest";
import { errorData } from "./support/fakeCore.js";
import { connected, idle, recorder, sockeyeError, turn } from "./support/setUp.js";

describe("onAny()", () => {
  test("gives each event with its name, whoever else listens", async () => {
    const { client, core } = await connected();
    const got = recorder();
    client.onAny().subscribe(got);
    client.on("heard").subscribe(() => {});
    core.delivers("heard", [1, "two"]);
    core.delivers("unheard");
    expect(got.values).toEqual([
      { event: "heard", args: [1, "two"] },
      { event: "unheard", args: [] },
    ]);
  });

  test("comes before those who listen to the name", async () => {
    const { client, core } = await connected();
    const order: string[] = [];
    client.on("a").subscribe(() => order.push("a"));
    client.onAny().subscribe(() => order.push("any"));
    core.delivers("a");
    expect(order).toEqual(["any", "a"]);
  });

  test("is of one namespace", async () => {
    const { client, core } = await connected();
    const [root, admin] = [recorder(), recorder()];
    client.onAny().subscribe(root);
    client.namespace("/admin").onAny().subscribe(admin);
    core.delivers("a", [], { socket: 1 });
    expect([root.values, admin.values]).toEqual([[], [{ event: "a", args: [] }]]);
  });

  test("asks the core once, and only while somebody listens", async () => {
    const { client, core } = await connected();
    const [first, second] = [client.onAny(), client.onAny()];
    expect(core.calls).toEqual([]);
    const subscriptions = [first.subscribe(() => {}), second.subscribe(() => {})];
    expect(core.any).toBeTypeOf("number");
    for (const subscription of subscriptions) subscription.unsubscribe();
    expect(core.calls.map(([name]) => name)).toEqual(["listenAny", "unlistenAny"]);
  });

  test("has a number that no name has", async () => {
    const { client, core } = await connected();
    client.on("a").subscribe(() => {});
    client.onAny().subscribe(() => {});
    client.on("b").subscribe(() => {});
    expect(new Set([...core.names.values(), core.any]).size).toBe(3);
  });

  test("is told to a core that comes later", async () => {
    const { client, loader } = idle();
    const got = recorder();
    client.onAny().subscribe(got);
    void client.connect();
    const core = await loader.succeed();
    core.delivers("a", [1]);
    expect(got.values).toEqual([{ event: "a", args: [1] }]);
  });

  test("does not answer for a responder, nor keep it from answering", async () => {
    const { client, core } = await connected();
    client.onAny().subscribe(() => {});
    client.respond("a", () => "yes");
    core.delivers("a", [], { ackId: 1 });
    core.delivers("b", [], { ackId: 2 });
    await turn();
    expect(core.callsOf("acknowledge")).toEqual([[0, 1, 1, '["yes"]', undefined]]);
  });

  test("whose listener unsubscribes another one is obeyed", async () => {
    const { client, core } = await connected();
    const got = vi.fn();
    const subscription = client.on("a").subscribe(got);
    client.onAny().subscribe(() => subscription.unsubscribe());
    core.delivers("a");
    expect(got).not.toHaveBeenCalled();
  });

  test("whose listener throws stops nobody", async () => {
    const { client, core } = await connected();
    const [errors, got] = [recorder(), vi.fn()];
    client.errors.subscribe(errors);
    client.onAny().subscribe(() => {
      throw new Error("mine");
    });
    client.on("a").subscribe(got);
    core.delivers("a");
    expect(got).toHaveBeenCalledOnce();
    expect(errors.values).toEqual([sockeyeError("listener_error")]);
  });

  test("completes with the client, also for those who come later", async () => {
    const { client } = await connected();
    const [before, after] = [recorder(), recorder()];
    client.onAny().subscribe(before);
    await client.destroy();
    client.onAny().subscribe(after);
    expect([before.ends, after.ends]).toEqual([["complete"], ["complete"]]);
  });
});

describe("onAnyOutgoing()", () => {
  test("gives each event and request with its name and arguments", async () => {
    const { client } = await connected();
    const got = recorder();
    client.onAnyOutgoing().subscribe(got);
    const file = new Uint8Array(1);
    client.emit("a", 1, file);
    void client.request("b", "two");
    client.with({ volatile: true }).emit("c");
    void client.with({ timeoutMs: 5 }).request("d");
    expect(got.values).toEqual([
      { event: "a", args: [1, file] },
      { event: "b", args: ["two"] },
      { event: "c", args: [] },
      { event: "d", args: [] },
    ]);
  });

  test("gives what has to wait, but not what is dropped", async () => {
    const { client, loader } = idle();
    const got = recorder();
    client.onAnyOutgoing().subscribe(got);
    client.emit("kept");
    client.with({ volatile: true }).emit("dropped");
    void client.connect();
    const core = await loader.succeed();
    client.with({ volatile: true }).emit("dropped");
    client.emit("kept, too");
    core.says("connected");
    client.with({ volatile: true }).emit("sent");
    expect(got.values.map((value) => (value as { event: string }).event)).toEqual([
      "kept",
      "kept, too",
      "sent",
    ]);
  });

  test("does not give what is refused", async () => {
    const { client, core } = await connected();
    const got = recorder();
    client.onAnyOutgoing().subscribe(got);
    core.refusal = errorData("buffer_full");
    expect(() => client.emit("a")).toThrow();
    await expect(client.request("b")).rejects.toEqual(sockeyeError("buffer_full"));
    expect(() => client.emit("connect")).toThrow();
    const signal = AbortSignal.abort();
    await expect(client.with({ signal }).request("c")).rejects.toEqual(sockeyeError("aborted"));
    expect(got.values).toEqual([]);
  });

  test("is of one namespace", async () => {
    const { client } = await connected();
    const got = recorder();
    client.onAnyOutgoing().subscribe(got);
    client.namespace("/admin").emit("a");
    expect(got.values).toEqual([]);
  });

  test("whose listener throws lets the event go all the same", async () => {
    const { client, core } = await connected();
    client.onAnyOutgoing().subscribe(() => {
      throw new Error("mine");
    });
    expect(() => client.emit("a")).not.toThrow();
    expect(core.callsOf("emit")).toHaveLength(1);
  });

  test("completes with the client, also for those who come later", async () => {
    const { client } = await connected();
    const [before, after] = [recorder(), recorder()];
    client.onAnyOutgoing().subscribe(before);
    await client.destroy();
    client.onAnyOutgoing().subscribe(after);
    expect([before.ends, after.ends]).toEqual([["complete"], ["complete"]]);
  });
});
