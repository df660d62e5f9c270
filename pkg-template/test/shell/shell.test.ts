/** The client before its facade is there, and after that. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Address } from "../../src/address.js";
import type { AnyClient } from "../../src/public.js";
import type { SockeyeError } from "../../src/errors.js";
import * as facade from "../../src/facade.js";
import type { ClientOptions } from "../../src/options.js";
import { ClientShell } from "../../src/shell/client.js";
import type { Modules } from "../../src/shell/fetchModulesFor.js";
import { FakeCore } from "../support/fakeCore.js";
import { recorder, sockeyeError, turn } from "../support/setUp.js";

const clients: AnyClient[] = [];
let shown: ReturnType<typeof vi.fn>;
beforeEach(() => {
  shown = vi.fn();
  vi.stubGlobal("reportError", shown);
});
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  for (const client of clients.splice(0)) await client.destroy();
});

/** A client, and what it fetches, which comes when the test says so. */
function shell(options: ClientOptions = {}, url: Address = "https://example.com/jobs") {
  const cores: FakeCore[] = [];
  const fetches: { resolve: (modules: Modules) => void; reject: (error: unknown) => void }[] = [];
  const fetchModules = () =>
    new Promise<Modules>((resolve, reject) => void fetches.push({ resolve, reject }));
  const createCore: Modules[1]["createCore"] = (coreOptions, events) => {
    const core = new FakeCore(coreOptions, events);
    cores.push(core);
    return Promise.resolve(core);
  };
  const surroundings = { run: (run: () => void) => run(), fetchModules };
  const made = new ClientShell(url, { autoConnect: false, ...options }, surroundings);
  const client = made as unknown as AnyClient;
  clients.push(client);
  const load = async () => {
    fetches.at(-1)?.resolve([facade, { createCore }]);
    await turn();
    return cores.at(-1) as FakeCore;
  };
  const fail = async () => {
    fetches.at(-1)?.reject(new TypeError("offline"));
    await turn();
  };
  return { client, cores, fetches, launch: made.launch, load, fail };
}

const bodies = (core: FakeCore) => core.callsOf("emit").map(([, body]) => body);

describe("before the facade is there", () => {
  test("everything has the value of a client that has been told nothing", () => {
    const { client, fetches } = shell({ identity: "ann" });
    expect(client.name).toBe("/jobs");
    expect(client.status.value).toEqual({ state: "idle" });
    expect(client.steadyStatus.value).toEqual({ state: "idle" });
    expect(client.continuity.value).toBeUndefined();
    expect([client.id, client.recovered, client.identity]).toEqual([undefined, false, "ann"]);
    expect(client.outbox.items.value).toEqual([]);
    expect(client.outbox.get("none")).toBeUndefined();
    expect(client.outbox.retry("none")).toBe(false);
    expect([client.outbox.durability, client.outbox.paused]).toEqual(["memory", false]);
    expect(client.metrics.value).toMatchObject({ outbox: { depth: 0 }, errors: {} });
    expect(client.dedup.statistics).toMatchObject({ identified: 0 });
    expect(client.dedup.snapshot()).toEqual({ version: 1, identity: "ann", positions: {} });
    expect(client.trace().entries).toEqual([]);
    expect(client.namespace("/jobs")).toBe(client);
    expect(client.namespace("other")).toBe(client.namespace("/other"));
    expect(fetches.length).toBe(0);
  });

  test("what is enqueued is stored nowhere, and then where the options say", async () => {
    vi.stubGlobal("indexedDB", {});
    const { client, load } = shell({ outbox: { durability: "relaxed" } });
    expect(client.outbox.durability).toBe("memory");
    client.outbox.resume();
    void client.connect().catch(() => {});
    await load();
    expect(client.outbox.durability).toBe("relaxed");
  });

  test("the values are the same ones as those of the facade", async () => {
    const { client, load } = shell();
    const known = () => ({
      metrics: client.metrics.value,
      statistics: client.dedup.statistics,
      items: client.outbox.items.value,
      continuity: client.continuity.value,
      durability: client.outbox.durability,
      snapshot: client.dedup.snapshot(),
    });
    const before = known();
    void client.connect();
    await load();
    expect(known()).toEqual({ ...before, snapshot: expect.anything() as object });
  });

  test("positions that are to be restored are kept", () => {
    const restore = { version: 1, identity: "", positions: { "/jobs": [] } } as const;
    const { client } = shell({ dedup: { restore } });
    expect(client.dedup.snapshot()).toEqual(restore);
  });

  test("one fetch is enough for all calls", async () => {
    const { client, fetches, load } = shell();
    void client.connect();
    void client.connect();
    client.emit("a");
    client.enqueue("b");
    client.namespace("/other").emit("c");
    await load();
    client.emit("d");
    expect(fetches.length).toBe(1);
  });

  test("subscriptions fetch nothing", () => {
    const { client, fetches } = shell();
    client.on("news").subscribe(() => {});
    client.respond("ask", () => 1);
    client.topic({ join: ["join"] }).retain();
    client.status.subscribe(() => {});
    expect(fetches.length).toBe(0);
  });
});

describe("what is asked before", () => {
  test("is asked of the facade in the same order, when it is there", async () => {
    const { client, load } = shell();
    client.use({ outbound: (_event, [first]) => [first, "seen"] });
    client.emit("a", 1);
    client.emitLatest("key", "b", 2);
    client.with({}).emit("c", 3);
    client.with({ volatile: true }).emit("dropped");
    const news = recorder();
    client.on("news").subscribe(news);
    const action = client.enqueue("save", { title: "x" });
    const answer = client.request("ask", 4);
    void client.connect();
    const core = await load();
    expect(bodies(core)).toEqual(['["a",1,"seen"]', '["c",3,"seen"]']);
    expect(core.callsOf("emitLatest").length).toBe(1);
    expect(core.callsOf("request")[0]?.[2]).toBe('["ask",4,"seen"]');
    expect(core.callsOf("enqueue")[0]?.[1]).toMatchObject({ key: action.id, name: "save" });
    core.says("connected");
    core.delivers("news", [5]);
    expect(news.values).toEqual([5]);
    core.answers(0, 6);
    expect(await answer).toBe(6);
  });

  test("is sent as it was when the call was made", async () => {
    const { client, load } = shell();
    const payload = {
      at: new Date(0),
      list: [1],
      bytes: new Uint8Array([1, 2]),
      toJSON: undefined,
    };
    client.emit("save", payload);
    payload.list.push(2);
    const core = await load();
    const [, body, attachments] = core.callsOf("emit")[0] ?? [];
    expect(JSON.parse(String(body))).toEqual([
      "save",
      {
        at: "1970-01-01T00:00:00.000Z",
        list: [1],
        bytes: { _placeholder: true, num: 0 },
      },
    ]);
    expect(attachments).toEqual([payload.bytes]);
  });

  test("throws at once what cannot be written, and what is too much", () => {
    const { client } = shell();
    const circular: unknown[] = [];
    circular.push(circular);
    expect(() => client.emit("a", circular)).toThrow(sockeyeError("not_serializable"));
    expect(() => client.emit("a", () => {})).toThrow(sockeyeError("not_serializable"));
    expect(() => client.enqueue("a", 1n)).toThrow(sockeyeError("not_serializable"));
    for (let count = 0; count < 1_000; count += 1) client.emit("a");
    expect(() => client.emit("a")).toThrow(sockeyeError("buffer_full"));
  });

  test("is refused at once when it is more than the outbox holds, and harms no other one", async () => {
    const { client, fetches, load } = shell({ outbox: { durability: "memory", maxItems: 2 } });
    const errors = recorder<SockeyeError>();
    client.errors.subscribe(errors);
    const taken = [client.enqueue("save", 1), client.enqueue("save", 2)];
    const refused = client.enqueue("save", 3);
    const error = sockeyeError("outbox_full");
    expect(errors.values).toEqual([error]);
    const status = recorder();
    refused.status.subscribe(status);
    expect(status.values).toEqual([{ state: "rejected", attempts: 0, error }]);
    expect(refused.status.value).toEqual({ state: "rejected", attempts: 0, error });
    await expect(refused.accepted).rejects.toEqual(error);
    await expect(refused.result).rejects.toEqual(error);
    expect(await refused.cancel()).toBe(true);
    expect(refused).toMatchObject({ event: "save", lane: "default", args: [3], attempts: 0 });
    const states: unknown[] = [];
    for await (const { state } of refused.status) states.push(state);
    expect(states).toEqual([]);
    expect(fetches.length).toBe(1);
    const core = await load();
    const ids = core.callsOf("enqueue").map(([, { key }]) => key);
    expect(ids).toEqual(taken.map(({ id }) => id));
    expect(status.values).toHaveLength(1);
    expect(errors.values).toHaveLength(1);
    expect(shown).not.toHaveBeenCalled();
  });

  test.each([
    { bound: 10_000, of: "actions", args: () => [] },
    { bound: 5, of: "bytes", args: () => ["x".repeat(9_999_000)] },
  ])("is refused beyond the default of $bound $of, too", ({ bound, args }) => {
    const { client } = shell();
    const states = Array.from(
      { length: bound + 1 },
      () => client.enqueue("save", ...args()).status.value.state,
    );
    expect(states.indexOf("rejected")).toBe(bound);
    expect(() => client.emit("a")).not.toThrow();
  });

  test("leaves room for others when the facade has taken it, and when it never will", async () => {
    const { client, launch, load } = shell();
    const rooms = () => [{ ...launch.sends }, { ...launch.actions }];
    const all = rooms();
    client.emit("a", "b");
    client.enqueue("save");
    expect(rooms()).toEqual([
      { calls: 999, length: 7_999_991 },
      { calls: 9_999, length: 49_999_992 },
    ]);
    await load();
    expect(rooms()).toEqual(all);
    const other = shell();
    other.client.emit("a");
    other.client.enqueue("save").accepted.catch(() => {});
    await other.client.destroy();
    expect(other.launch).toMatchObject({ sends: all[0], actions: all[1] });
  });

  test("counts together, whatever sends it, but for actions, which have bounds of their own", async () => {
    const { client, load } = shell({ outbox: { durability: "memory" } });
    for (let count = 0; count < 500; count += 1) {
      client.enqueue("save", count);
      client.emitLatest(`key ${count}`, "a");
      client.emit("a");
    }
    const full = sockeyeError("buffer_full");
    expect(() => client.emit("a")).toThrow(full);
    expect(() => client.emitLatest("key", "a")).toThrow(full);
    for (let count = 0; count < 1_000; count += 1) client.enqueue("save", count);
    expect(client.outbox.items.value).toEqual([]);
    expect((await load()).callsOf("enqueue")).toHaveLength(1_500);
  });

  test("is taken back when it is unsubscribed", async () => {
    const { client, load } = shell();
    const news = recorder();
    const controller = new AbortController();
    const subscription = client.on("news").subscribe(news);
    client.on("news").subscribe(news, { signal: controller.signal });
    const responder = client.respond("news", () => 1);
    subscription.unsubscribe();
    responder.unsubscribe();
    controller.abort();
    void client.connect();
    const core = await load();
    expect([subscription.closed, responder.closed]).toEqual([true, true]);
    expect([...core.names.keys()]).toEqual([]);
  });

  test("can be taken back later, too", async () => {
    const { client, load } = shell();
    const subscription = client.on("news").subscribe(() => {});
    void client.connect();
    const core = await load();
    expect([...core.names.keys()]).toEqual(["news"]);
    expect(subscription.closed).toBe(false);
    subscription.unsubscribe();
    expect([...core.names.keys()]).toEqual([]);
    expect(subscription.closed).toBe(true);
  });

  test("has an action live no longer than it may", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const { client, load } = shell();
    client.with({ ttlMs: 60_000 }).enqueue("save");
    vi.advanceTimersByTime(20_000);
    const core = await load();
    expect(core.callsOf("enqueue").map(([, { ttlMs }]) => ttlMs)).toEqual([40_000]);
  });

  test("and turns out to be wrong is told by `errors` and shown", async () => {
    const { client, load } = shell();
    const errors = recorder<SockeyeError>();
    client.errors.subscribe(errors);
    const ended = recorder();
    client.on("connect").subscribe(ended);
    const action = client.with({ ttlMs: 0 }).enqueue("save");
    void client.connect();
    await load();
    expect(errors.values).toEqual([sockeyeError("reserved_event"), sockeyeError("invalid_option")]);
    expect(ended.ends).toEqual(["complete"]);
    expect(shown).toHaveBeenCalledTimes(2);
    expect(action.status.value).toMatchObject({ state: "rejected" });
    await expect(action.accepted).rejects.toEqual(sockeyeError("invalid_option"));
  });

  test("iterates over what comes later", async () => {
    const { client, load } = shell();
    const iterator = client.on("news")[Symbol.asyncIterator]();
    const first = iterator.next();
    void client.connect();
    const core = await load();
    core.says("connected");
    core.delivers("news", [1]);
    expect(await first).toEqual({ done: false, value: 1 });
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect([...core.names.keys()]).toEqual([]);
  });
});

describe("states", () => {
  test("tell each subscriber the current one first, and none twice", async () => {
    const { client, load } = shell();
    const status = recorder();
    const items = recorder();
    const steady = recorder();
    client.status.subscribe(status);
    client.outbox.items.subscribe(items);
    client.continuity.subscribe(steady);
    void client.connect();
    const late = recorder();
    client.status.subscribe(late);
    const core = await load();
    core.says("connecting", { attempt: 1 });
    core.says("connected");
    expect(status.values).toEqual([
      { state: "idle" },
      { state: "connecting", attempt: 1 },
      { state: "connected", recovered: false },
    ]);
    expect(late.values).toEqual(status.values.slice(1));
    expect(items.values).toEqual([[]]);
    expect(steady.values).toEqual([undefined]);
    expect(client.status.value).toBe(status.values.at(-1));
  });

  test("an action has its id at once, and its states later", async () => {
    const { client, load } = shell({ randomId: () => "mine" });
    const action = client.with({ lane: "orders" }).enqueue("save", 1);
    expect(action).toMatchObject({ id: "mine", event: "save", lane: "orders", args: [1] });
    const states = recorder();
    action.status.subscribe(states);
    const core = await load();
    expect(client.outbox.get("mine")?.event).toBe("save");
    core.moves("mine", "queued");
    expect(states.values).toEqual([
      { state: "storing", attempts: 0 },
      { state: "queued", attempts: 0 },
    ]);
    await action.accepted;
  });

  test("a listener that throws is shown, stops nobody, and is told when the facade is there", async () => {
    const { client, load } = shell();
    const errors = recorder<SockeyeError>();
    client.errors.subscribe(errors);
    client.status.subscribe(() => {
      throw new Error("mine");
    });
    const status = recorder();
    client.status.subscribe(status);
    void client.connect();
    expect(status.values.length).toBe(2);
    expect(shown).toHaveBeenCalledTimes(2);
    await load();
    expect(errors.values).toEqual([sockeyeError("listener_error"), sockeyeError("listener_error")]);
    expect(shown).toHaveBeenCalledTimes(2);
  });
});

test("of what `emitLatest` is given before the facade is there, only the newest is kept", async () => {
  const { client, load } = shell();
  for (let x = 0; x < 1_500; x += 1) client.emitLatest("cursor", "cursor", { x });
  client.emitLatest("other", "cursor", { x: -1 });
  const core = await load();
  expect(core.callsOf("emitLatest").map(([, key, body]) => [key, body])).toEqual([
    ["cursor", '["cursor",{"x":1499}]'],
    ["other", '["cursor",{"x":-1}]'],
  ]);
});

describe("when the facade cannot be fetched", () => {
  test("it is tried again after a wait, with what waits", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { client, fail, load, fetches } = shell({ random: () => 0 });
    const errors = recorder<SockeyeError>();
    const status = recorder();
    client.errors.subscribe(errors);
    client.status.subscribe(status);
    client.emit("a", 1);
    const action = client.enqueue("save");
    const answer = client.request("ask");
    answer.catch(() => {});
    const attempt = client.connect();
    await fail();
    const cause = sockeyeError("load_failed");
    await expect(attempt).rejects.toEqual(cause);
    expect(errors.values).toEqual([cause]);
    const retryAt = expect.any(Number) as number;
    expect(client.status.value).toEqual({ state: "waiting", attempt: 2, retryAt, cause });
    vi.advanceTimersByTime(100);
    expect(fetches.length).toBe(2);
    expect(client.status.value).toEqual({ state: "connecting", attempt: 2, cause });
    const again = client.connect();
    const core = await load();
    expect(bodies(core)).toEqual(['["a",1]']);
    expect(core.callsOf("enqueue").length).toBe(1);
    expect(core.callsOf("request").length).toBe(1);
    expect(action.status.value.state).toBe("storing");
    core.says("connected");
    await again;
    expect(status.values.length).toBe(5);
  });

  test("a request takes no longer than it may, and can be given up", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { client, load } = shell();
    const given = new AbortController();
    const { signal } = given;
    const answers = [
      client.with({ timeoutMs: 50 }).request("ask", 1),
      client.with({ signal }).request("ask", 2),
      client.with({ signal: AbortSignal.abort() }).request("ask", 3),
      client.with({ timeoutMs: 51, signal }).request("ask", 4),
    ];
    const settled = Promise.allSettled(answers.slice(0, 3));
    vi.advanceTimersByTime(50);
    given.abort();
    const codes = (await settled).map((one) => (one as { reason: SockeyeError }).reason.code);
    expect(codes).toEqual(["ack_timeout", "aborted", "aborted"]);
    await expect(answers[3]).rejects.toEqual(sockeyeError("aborted"));
    const last = client.request("ask", 5);
    last.catch(() => {});
    const core = await load();
    expect(core.callsOf("request").map(([, , body]) => body)).toEqual(['["ask",5]']);
  });

  test("`reconnectNow` ends the wait, and `disconnect` the wish", async () => {
    const { client, fail, fetches } = shell();
    client.connect().catch(() => {});
    await fail();
    client.reconnectNow();
    expect(fetches.length).toBe(2);
    expect(client.status.value).toMatchObject({ state: "connecting", attempt: 2 });
    client.disconnect();
    expect(client.status.value).toEqual({
      state: "disconnected",
      cause: sockeyeError("client_disconnect"),
    });
    await fail();
    expect(client.status.value.state).toBe("disconnected");
  });

  test("it may take as long as an attempt", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { client, cores, load } = shell({ connectTimeoutMs: 500 });
    const attempt = client.connect();
    vi.advanceTimersByTime(500);
    await expect(attempt).rejects.toEqual(sockeyeError("load_failed"));
    await load();
    expect(cores).toEqual([]);
  });

  test("wrong options are told wherever somebody may look, and nothing works", async () => {
    const { client, load } = shell({ requestTimeoutMs: 0 });
    const errors = recorder<SockeyeError>();
    client.errors.subscribe(errors);
    const attempt = client.connect();
    await load();
    const cause = sockeyeError("invalid_option");
    await expect(attempt).rejects.toEqual(cause);
    expect(client.status.value).toEqual({ state: "disconnected", cause });
    expect(errors.values).toEqual([cause]);
    expect(shown).toHaveBeenCalledOnce();
    expect(() => client.emit("a")).toThrow(cause);
    await expect(client.request("a")).rejects.toEqual(cause);
    await expect(client.connect()).rejects.toEqual(cause);
  });
});

describe("destroying", () => {
  test("ends everything that waits", async () => {
    const { client, cores, load } = shell();
    const ended = [recorder(), recorder(), recorder()] as const;
    client.on("news").subscribe(ended[0]);
    client.status.subscribe(ended[1]);
    client.errors.subscribe(ended[2]);
    const iterator = client.on("news")[Symbol.asyncIterator]();
    const action = client.enqueue("save");
    const waiting = [client.connect(), client.request("ask"), action.accepted, action.result];
    const settled = Promise.allSettled(waiting);
    await client.destroy();
    const reason = sockeyeError("client_destroyed");
    expect(await settled).toEqual(waiting.map(() => ({ status: "rejected", reason })));
    expect(ended.map(({ ends }) => ends)).toEqual([["complete"], ["complete"], ["complete"]]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(client.status.value).toEqual({ state: "closed" });
    expect(action.status.value).toEqual({ state: "storing", attempts: 0 });
    await load();
    expect(cores).toEqual([]);
  });

  test("leaves what throws, as the facade does", async () => {
    const { client } = shell();
    await client.destroy();
    await client.destroy();
    const reason = sockeyeError("client_destroyed");
    expect(() => client.emit("a")).toThrow(reason);
    expect(() => client.enqueue("a")).toThrow(reason);
    expect(() => client.setIdentity("ann")).toThrow(reason);
    expect(() => client.dedup.snapshot()).toThrow(reason);
    expect(() => client.trace()).toThrow(reason);
    expect(() => client.namespace("/other")).toThrow(reason);
    await expect(client.request("a")).rejects.toEqual(reason);
    await expect(client.connect()).rejects.toEqual(reason);
    client.disconnect();
    client.reconnectNow();
    const late = recorder();
    client.on("news").subscribe(late);
    expect(late.ends).toEqual(["complete"]);
  });

  test("by a listener while the facade takes over leaves nothing", async () => {
    const { client, cores, load } = shell();
    client.outbox.items.subscribe(() => {});
    client.use({
      outbound: () => {
        void client.destroy();
      },
    });
    client.emit("a");
    client.emit("b");
    const attempt = client.connect();
    await load();
    await expect(attempt).rejects.toEqual(sockeyeError("client_destroyed"));
    expect(client.status.value).toEqual({ state: "closed" });
    expect(cores).toEqual([]);
  });

  test("at once, as strict mode does, fetches nothing", async () => {
    const { client, fetches } = shell({ autoConnect: true });
    await client.destroy();
    await turn();
    expect(fetches.length).toBe(0);
  });
});

describe("users", () => {
  test("what one has sent is not sent as another", async () => {
    const { client, load } = shell({ identity: "ann" });
    client.emit("a");
    client.setIdentity("bob");
    expect(client.identity).toBe("bob");
    client.emit("b");
    const core = await load();
    expect(bodies(core)).toEqual(['["b"]']);
    expect(core.callsOf("setIdentity")).toEqual([["bob"]]);
  });

  test("logging out leaves all namespaces; connecting comes back as nobody", async () => {
    const { client, load } = shell({ identity: "ann" });
    const status = recorder();
    client.status.subscribe(status);
    client.connect().catch(() => {});
    client.logout({ queue: "keep" });
    expect([client.identity, client.status.value.state]).toEqual([undefined, "disconnected"]);
    void client.connect();
    const core = await load();
    expect(core.callsOf("connect").length).toBe(1);
    expect(core.callsOf("setIdentity")).toEqual([]);
    expect(status.values.map((value) => (value as { state: string }).state)).toEqual([
      ...["idle", "connecting", "disconnected", "connecting"],
    ]);
  });
});

describe("connecting by itself", () => {
  test("is for the next turn, unless the application has said otherwise", async () => {
    const byItself = shell({ autoConnect: true });
    const told = shell({ autoConnect: true });
    told.client.disconnect();
    expect(byItself.client.status.value.state).toBe("idle");
    await turn();
    expect(byItself.client.status.value.state).toBe("connecting");
    expect(told.client.status.value.state).toBe("idle");
  });
});

describe("listeners that throw, change their mind or cause the next thing", () => {
  test("one of `errors` that throws is shown, and called once for each error", async () => {
    const { client, fail } = shell();
    const next = vi.fn(() => {
      throw new Error("in the listener");
    });
    client.errors.subscribe(next);
    client.connect().catch(() => {});
    await fail();
    expect(next).toHaveBeenCalledOnce();
    expect(shown).toHaveBeenCalledOnce();
    expect(client.status.value.state).toBe("waiting");
  });

  test("what they throw when the facade is there makes no second one", async () => {
    const { client, cores, fetches, load } = shell();
    const complete = () => {
      throw new Error("in the listener");
    };
    client.on("connect" as never).subscribe({ complete });
    client.emit("a");
    await load();
    expect([cores.length, fetches.length]).toEqual([1, 1]);
  });

  test("a throwing one keeps nobody else from being told of the end", async () => {
    const { client } = shell();
    client.on("a").subscribe({
      complete() {
        throw new Error("in the listener");
      },
    });
    const answer = client.request("ask");
    await client.destroy();
    await expect(answer).rejects.toEqual(sockeyeError("client_destroyed"));
  });

  test("`connect()` by who hears that the options are wrong rejects", async () => {
    const { client, load } = shell({ requestTimeoutMs: 0 });
    const attempts: Promise<void>[] = [];
    client.status.subscribe(({ state }) => {
      if (state === "disconnected") attempts.push(client.connect());
    });
    const first = client.connect();
    first.catch(() => {});
    await load();
    await expect(attempts[0]).rejects.toEqual(sockeyeError("invalid_option"));
    expect(client.status.value.state).toBe("disconnected");
  });

  test("nobody is told an earlier status after a later one", () => {
    const { client } = shell();
    client.connect().catch(() => {});
    client.status.subscribe(({ state }) => {
      if (state === "disconnected") client.connect().catch(() => {});
    });
    const status = recorder();
    client.status.subscribe(status);
    client.disconnect();
    expect(status.values.map((one) => (one as { state: string }).state)).toEqual([
      "connecting",
      "connecting",
    ]);
  });

  test("who unsubscribes when told by the facade is told no more", async () => {
    const { client, load } = shell();
    client.enqueue("save");
    const told = vi.fn();
    const subscription = client.outbox.items.subscribe((items) => {
      told(items.length);
      if (items.length > 0) subscription.unsubscribe();
    });
    await load();
    client.enqueue("save");
    expect(told.mock.calls).toEqual([[0], [1]]);
    expect(subscription.closed).toBe(true);
  });

  test("who subscribes after the end hears how it ended", async () => {
    const { client } = shell();
    await client.destroy();
    const status = recorder();
    client.status.subscribe(status);
    expect(status.values).toEqual([{ state: "closed" }]);
    expect(client.steadyStatus.value).toEqual({ state: "closed" });
  });
});

test("a namespace that comes after the facade is there at once", async () => {
  const { client, load } = shell();
  client.connect().catch(() => {});
  const core = await load();
  const late = client.namespace("/late");
  late.connect().catch(() => {});
  expect(late.status.value).toEqual({ state: "connecting", attempt: 1 });
  expect(core.callsOf("socket").at(-1)?.[0]).toBe("/late");
  expect(client.namespace("/late")).toBe(late);
});

describe("a namespace whose name no packet can carry", () => {
  const cause = sockeyeError("invalid_option");

  test("is told wherever somebody may look when the facade is there, and harms no other one", async () => {
    const { client, cores, load } = shell();
    const errors = recorder<SockeyeError>();
    client.errors.subscribe(errors);
    const wrong = client.namespace("/a,b");
    const attempt = wrong.connect();
    const answers = Promise.allSettled([attempt, wrong.request("a")]);
    client.emit("a");
    await load();
    const rejected = { status: "rejected", reason: cause };
    expect(await answers).toEqual([rejected, rejected]);
    expect(wrong.status.value).toEqual({ state: "disconnected", cause });
    expect(wrong.steadyStatus.value).toEqual({ state: "disconnected", cause });
    expect(errors.values).toEqual([cause]);
    expect(shown).toHaveBeenCalledOnce();
    expect(bodies(cores[0] as FakeCore)).toEqual(['["a"]']);
  });

  test("has nothing that works after that, and nothing that waits for ever", async () => {
    const { client, load } = shell();
    const wrong = client.namespace("/a,b");
    client.connect().catch(() => {});
    await load();
    await expect(wrong.connect()).rejects.toEqual(cause);
    await expect(wrong.request("a")).rejects.toEqual(cause);
    await expect(wrong.with({ timeoutMs: 5 }).request("a")).rejects.toEqual(cause);
    expect(() => wrong.emit("a")).toThrow(cause);
    expect(() => wrong.enqueue("a")).toThrow(cause);
    wrong.disconnect();
    expect(wrong.status.value).toEqual({ state: "disconnected", cause });
  });

  test("is refused at once after that, each time", async () => {
    const { client, load } = shell();
    client.connect().catch(() => {});
    await load();
    expect(() => client.namespace("/a,b")).toThrow(cause);
    expect(() => client.namespace("/a,b")).toThrow(cause);
    // What is written as in an address is read once.
    expect(client.namespace("/%2561").name).toBe("/%61");
  });
});

describe("what is given", () => {
  test("counts as it was when the call was made", async () => {
    const options = { identity: "ann", query: { a: "1" } };
    const { client, load } = shell(options);
    const how = { coalesceKey: "x" };
    client.with(how).enqueue("save", 1);
    how.coalesceKey = "y";
    options.identity = "bob";
    const core = await load();
    expect(client.identity).toBe("ann");
    expect(core.callsOf("enqueue")[0]?.[1]).toMatchObject({ coalesceKey: "x" });
  });

  test("leaves room again when it will not be sent", async () => {
    const { client } = shell();
    const all = new AbortController();
    const { signal } = all;
    const answers = Array.from({ length: 1_000 }, () => client.with({ signal }).request("ask"));
    await expect(client.request("ask")).rejects.toEqual(sockeyeError("buffer_full"));
    const settled = Promise.allSettled(answers);
    all.abort();
    await settled;
    expect(() => client.emit("a", "x".repeat(8_000_001))).toThrow(sockeyeError("buffer_full"));
    expect(() => client.emit("a", new ArrayBuffer(8_000_001))).toThrow(sockeyeError("buffer_full"));
    expect(() => client.emit("a")).not.toThrow();
  });
});
