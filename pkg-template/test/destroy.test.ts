import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connected, connecting, idle, recorder, sockeyeError, turn } from "./support/setUp.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("destroy()", () => {
  test("ends the core, once", async () => {
    const { client, core } = await connected();
    await client.destroy();
    await client.destroy();
    expect(core.calls).toEqual([["destroy"]]);
  });

  test("has ended everything when it returns", async () => {
    const { client, core } = await connected();
    const statuses = recorder();
    client.status.subscribe(statuses);
    const done = client.destroy();
    expect(client.status.value).toEqual({ state: "closed" });
    expect(statuses.ends).toEqual(["complete"]);
    expect(core.calls).toEqual([["destroy"]]);
    await expect(done).resolves.toBeUndefined();
  });

  test("rejects all requests", async () => {
    const { client } = await connected();
    const answers = Promise.allSettled([
      client.request("a"),
      client.namespace("/admin").request("b"),
      client.with({ signal: new AbortController().signal }).request("c"),
    ]);
    await client.destroy();
    const rejected = { status: "rejected", reason: sockeyeError("client_destroyed") };
    expect(await answers).toEqual([rejected, rejected, rejected]);
  });

  test("rejects each request once, though the core settles it, too", async () => {
    const { client, core } = await connected();
    const settled = vi.fn();
    client.request("a").then(settled, settled);
    core.onCall = ([method]) => {
      if (method === "destroy") core.rejects(0, "client_destroyed");
    };
    await client.destroy();
    await turn();
    expect(settled.mock.calls).toEqual([[sockeyeError("client_destroyed")]]);
  });

  test("completes all streams, once", async () => {
    const { client } = await connected();
    const admin = client.namespace("/admin");
    const ends = [1, 2, 3, 4, 5, 6].map(() => recorder());
    const streams = [
      client.on("a"),
      client.on("a"),
      admin.on("a"),
      client.status,
      admin.status,
      client.errors,
    ];
    const subscriptions = streams.map((stream, index) => stream.subscribe(ends[index] ?? {}));
    await client.destroy();
    await client.destroy();
    expect(ends.map(({ ends }) => ends)).toEqual(streams.map(() => ["complete"]));
    expect(subscriptions.map(({ closed }) => closed)).toEqual(streams.map(() => true));
  });

  test("lets nothing reach the core any more", async () => {
    const { client, core } = await connected();
    const subscription = client.on("a").subscribe(() => {});
    const responder = client.respond("b", () => undefined);
    await client.destroy();
    core.calls.length = 0;
    subscription.unsubscribe();
    responder.unsubscribe();
    client.on("c").subscribe(() => {});
    client.disconnect();
    client.reconnectNow();
    await turn();
    expect(core.calls).toEqual([]);
  });

  test("lets an answer and an auth payload that come too late pass", async () => {
    const onUnhandled = vi.fn();
    process.on("unhandledRejection", onUnhandled);
    const report = vi.fn();
    vi.stubGlobal("reportError", report);
    const late: (() => void)[] = [];
    const wait = () =>
      new Promise<Record<string, unknown>>((resolve) => late.push(() => resolve({})));
    const { client, core } = await connected({ auth: wait });
    client.respond("a", wait);
    core.delivers("a", [], { ackId: 1 });
    core.needsAuth(1);
    await client.destroy();
    await turn();
    for (const finish of late) finish();
    await turn();
    process.off("unhandledRejection", onUnhandled);
    expect(late).toHaveLength(2);
    expect(core.calls.slice(1)).toEqual([["destroy"]]);
    expect(onUnhandled).not.toHaveBeenCalled();
    expect(report).not.toHaveBeenCalled();
  });

  test("completes at once what is subscribed to later", async () => {
    const { client, core } = await connected();
    await client.destroy();
    const [events, statuses, errors] = [recorder(), recorder(), recorder()];
    client.on("a").subscribe(events);
    client.status.subscribe(statuses);
    client.errors.subscribe(errors);
    expect(events).toMatchObject({ values: [], ends: ["complete"] });
    expect(statuses).toMatchObject({ values: [{ state: "closed" }], ends: ["complete"] });
    expect(errors).toMatchObject({ values: [], ends: ["complete"] });
    expect(client.on("a").subscribe(events).closed).toBe(true);
    expect(await client.on("a")[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
    expect(core.names.size).toBe(0);
  });

  test("refuses responders and events from then on", async () => {
    const { client } = await connected();
    await client.destroy();
    expect(() => client.respond("a", () => undefined)).toThrow(sockeyeError("client_destroyed"));
    expect(() => client.emit("a")).toThrow(sockeyeError("client_destroyed"));
  });

  test("leaves no timer", async () => {
    const { client } = await connected();
    void client.request("a").catch(() => {});
    await client.destroy();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("lets go of AbortSignals", async () => {
    const { client } = await connected();
    const { signal } = new AbortController();
    const [add, remove] = [
      vi.spyOn(signal, "addEventListener"),
      vi.spyOn(signal, "removeEventListener"),
    ];
    client.on("a").subscribe(() => {}, { signal });
    client
      .with({ signal })
      .request("b")
      .catch(() => {});
    await client.destroy();
    await turn();
    expect(add).toHaveBeenCalledTimes(2);
    expect(remove).toHaveBeenCalledTimes(2);
  });

  test("works on a client that has done nothing", async () => {
    const { client, loader } = idle();
    await client.destroy();
    expect(client.status.value).toEqual({ state: "closed" });
    expect(loader.count).toBe(0);
  });

  test("works while the core is being loaded", async () => {
    const { client, loader } = idle();
    const events = recorder();
    client.on("a").subscribe(events);
    const promise = client.connect();
    const answer = client.request("b");
    const settled = Promise.allSettled([promise, answer]);
    await client.destroy();
    const rejected = { status: "rejected", reason: sockeyeError("client_destroyed") };
    expect(await settled).toEqual([rejected, rejected]);
    expect(events.ends).toEqual(["complete"]);
    expect((await loader.succeed()).calls).toEqual([["destroy"]]);
  });

  test("rejects nothing that nobody handles", async () => {
    const onUnhandled = vi.fn();
    process.on("unhandledRejection", onUnhandled);
    const { client } = await connecting();
    await client.destroy();
    await turn();
    process.off("unhandledRejection", onUnhandled);
    expect(onUnhandled).not.toHaveBeenCalled();
  });
});

describe("destroy() inside a listener", () => {
  test("of an event keeps it from the others", async () => {
    const { client, core } = await connected();
    const [first, later] = [recorder(), recorder()];
    client.on("a").subscribe(() => void client.destroy());
    client.on("a").subscribe(later);
    client.on("b").subscribe(first);
    core.delivers("a", [1]);
    core.delivers("a", [2]);
    expect(later).toMatchObject({ values: [], ends: ["complete"] });
    expect(first.ends).toEqual(["complete"]);
    expect(core.callsOf("destroy")).toHaveLength(1);
  });

  test("of the status ends all", async () => {
    const { client, core } = await connecting();
    const after = recorder<{ state: string }>();
    client.status.subscribe(({ state }) => {
      if (state === "connected") void client.destroy();
    });
    client.status.subscribe(after);
    core.says("connected");
    expect(client.status.value).toEqual({ state: "closed" });
    expect(after.ends).toEqual(["complete"]);
    expect(core.callsOf("destroy")).toHaveLength(1);
  });

  test("of errors ends all", async () => {
    const { client, core, promise } = await connecting();
    promise.catch(() => {});
    client.errors.subscribe(() => void client.destroy());
    core.fails("server_unreachable");
    expect(client.status.value).toEqual({ state: "closed" });
    await expect(promise).rejects.toEqual(sockeyeError("server_unreachable"));
  });

  test("of the end is nothing new", async () => {
    const { client, core } = await connected();
    client.on("a").subscribe({ complete: () => void client.destroy() });
    await client.destroy();
    expect(core.callsOf("destroy")).toHaveLength(1);
  });
});
