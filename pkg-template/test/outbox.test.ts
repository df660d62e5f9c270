import { afterEach, describe, expect, test, vi } from "vitest";
import type { ActionStatus } from "../src/action.js";
import type { OutboxItem } from "../src/outbox.js";
import type { ActionState, StoreCommand } from "../src/outboxPort.js";
import { nest } from "../src/nest.js";
import { memoryOutboxStore } from "../src/memoryStore.js";
import type { OutboxStore } from "../src/outboxStore.js";
import { errorData } from "./support/fakeCore.js";
import { connected, idle, recorder, sockeyeError, turn } from "./support/setUp.js";

afterEach(() => void vi.useRealTimers());

/** Ids that a test can name. */
const numbered = () => {
  let count = 0;
  return { randomId: () => `id-${++count}` };
};

const storedAction = (key: string) => ({
  ...{ key, event: "save", lane: "default", order: 1, bytes: 9, attachmentCount: 0 },
  ...{ ageMs: 0, ackTimeoutMs: 1, resend: true, kills: 0 },
});

describe("enqueue()", () => {
  test("gives the action to the core and returns its handle at once", async () => {
    const { client, core } = await connected(numbered());
    const action = client.enqueue("save", { title: "é" }, 1);
    expect(action).toMatchObject({ id: "id-1", event: "save", lane: "default", attempts: 0 });
    expect(action.args).toEqual([{ title: "é" }, 1]);
    expect(action.status.value).toEqual({ state: "storing", attempts: 0 });
    const data = {
      ...{ key: "id-1", name: "save", lane: "default", ackTimeoutMs: 10_000, resend: true },
      ...{ bytes: 25, attachmentCount: 0 },
    };
    expect(core.callsOf("enqueue")).toEqual([[0, data, '["save",{"title":"é"},1]', undefined]]);
  });

  test("opens the outbox before its first action", async () => {
    const { client, core } = await connected({ outbox: { maxItems: 5, drainPerSecond: 2 } });
    client.enqueue("save");
    client.enqueue("save");
    expect(core.calls.map(([name]) => name)).toEqual(["openOutbox", "enqueue", "enqueue"]);
    expect(core.callsOf("openOutbox")).toEqual([
      [
        0,
        {
          ...{ maxItems: 5, maxBytes: 50_000_000, maxInFlight: 32, maxInFlightPerLane: 8 },
          ...{ ratePerSecond: 2, askBeforeFlush: false },
        },
      ],
    ]);
  });

  test("passes on what `with` says", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const { client, core } = await connected(numbered());
    const options = { lane: "a", ttlMs: 5, ackTimeoutMs: 6, coalesceKey: "k", resend: false };
    const bytes = Uint8Array.of(1, 2, 3);
    client.with(options).enqueue("save", bytes);
    const [[, data, , attachments] = []] = core.callsOf("enqueue");
    expect(data).toEqual({ key: "id-1", name: "save", ...options, bytes: 41, attachmentCount: 1 });
    expect(attachments).toEqual([bytes]);
  });

  test("writes the id into a copy of the first argument when there is a field for it", async () => {
    const { client, core } = await connected(numbered());
    const payload = { amount: 1 };
    client.with({ keyField: "idempotencyKey" }).enqueue("pay", payload);
    expect(payload).toEqual({ amount: 1 });
    const [[, , body] = []] = core.callsOf("enqueue");
    expect(body).toBe('["pay",{"amount":1,"idempotencyKey":"id-1"}]');
  });

  test.each<[string, unknown[]]>([
    ["a text", ["x"]],
    ["an array", [[]]],
    ["nothing", []],
    ["null", [null]],
  ])("throws when the field has no place: %s", async (_name, args) => {
    const { client, core } = await connected();
    const enqueue = () => client.with({ keyField: "k" }).enqueue("pay", ...args);
    expect(enqueue).toThrow(sockeyeError("invalid_option"));
    expect(core.calls).toEqual([]);
  });

  test("throws what `emit` throws, and keeps nothing", async () => {
    const { client, core } = await connected();
    expect(() => client.enqueue("connect")).toThrow(sockeyeError("reserved_event"));
    expect(() => client.enqueue("a", 1n)).toThrow(sockeyeError("not_serializable"));
    const values = Array.from({ length: 11 }, () => new Uint8Array(1));
    expect(() => client.enqueue("a", ...values)).toThrow(sockeyeError("too_many_attachments"));
    expect(() => client.with({ ttlMs: 0 })).toThrow(sockeyeError("invalid_option"));
    expect(core.calls).toEqual([]);
    expect(client.outbox.items.value).toEqual([]);
    await client.destroy();
    expect(() => client.enqueue("a")).toThrow(sockeyeError("client_destroyed"));
  });

  test("makes ids that differ, also where there is no `randomUUID`", async () => {
    const { client } = await connected();
    const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
    const { id } = client.enqueue("a");
    expect(id).toMatch(uuid);
    const { crypto } = globalThis;
    const getRandomValues = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes);
    vi.stubGlobal("crypto", { getRandomValues });
    const other = client.enqueue("a");
    expect(other.id).toMatch(uuid);
    expect(other.id).not.toBe(id);
  });

  test.each([undefined, "", 5, null])("throws when an id is %o", async (id) => {
    const { client, core } = await connected({ randomId: () => id as string });
    expect(() => client.enqueue("save")).toThrow(sockeyeError("invalid_option"));
    expect(core.callsOf("enqueue")).toEqual([]);
    expect(client.outbox.items.value).toEqual([]);
  });

  test("throws what makes its id throws, and keeps nothing", async () => {
    const randomId = () => {
      throw new Error("no id");
    };
    const { client, core } = await connected({ randomId });
    expect(() => client.enqueue("save")).toThrow("no id");
    expect(core.callsOf("enqueue")).toEqual([]);
    expect(client.outbox.items.value).toEqual([]);
  });

  test("throws when an id is given again", async () => {
    const { client } = await connected({ randomId: () => "same" });
    const action = client.enqueue("a");
    expect(() => client.enqueue("b")).toThrow(sockeyeError("duplicate_key"));
    expect(client.outbox.get("same")).toBe(action);
  });

  test("is told by onAnyOutgoing()", async () => {
    const { client } = await connected();
    const sent = recorder();
    client.onAnyOutgoing().subscribe(sent);
    client.enqueue("save", 1);
    expect(sent.values).toEqual([{ event: "save", args: [1] }]);
  });
});

describe("an action", () => {
  test("is accepted when it is stored, and has a result when it is applied", async () => {
    const { client, core } = await connected(numbered());
    const action = client.enqueue("save");
    const statuses = recorder();
    action.status.subscribe(statuses);
    const accepted = vi.fn();
    void action.accepted.then(accepted);
    await turn();
    expect(accepted).not.toHaveBeenCalled();
    core.moves("id-1", "queued");
    await expect(action.accepted).resolves.toBeUndefined();
    core.moves("id-1", "sending");
    core.moves("id-1", "sent", { attempts: 1 });
    core.moves("id-1", "applied", { attempts: 1, args: ["done"] });
    await expect(action.result).resolves.toBe("done");
    const states = (statuses.values as { state: ActionState }[]).map(({ state }) => state);
    expect(states).toEqual(["storing", "queued", "sending", "sent", "applied"]);
    expect(statuses.ends).toEqual(["complete"]);
    expect(action.attempts).toBe(1);
    expect(client.outbox.items.value).toEqual([]);
    expect(client.outbox.get("id-1")).toBeUndefined();
  });

  test.each<[ActionState, string]>([
    ["rejected", "action_rejected"],
    ["expired", "action_expired"],
    ["cancelled", "action_cancelled"],
    ["conflict", "action_conflict"],
    ["quarantined", "action_quarantined"],
    ["unknown", "action_unknown"],
  ])("that ends as %s has no result", async (state, code) => {
    const { client, core } = await connected(numbered());
    const action = client.enqueue("save");
    core.moves("id-1", "queued");
    core.moves("id-1", state, { args: [{ why: 1 }] });
    const error = sockeyeError(code as never, { data: { why: 1 } });
    await expect(action.result).rejects.toEqual(error);
    await expect(action.accepted).resolves.toBeUndefined();
    expect(action.status.value).toEqual({ state, attempts: 0, error });
  });

  test("has the error that the core gives", async () => {
    const { client, core } = await connected(numbered());
    const action = client.enqueue("save");
    core.moves("id-1", "queued");
    core.moves("id-1", "rejected", { error: "payload_too_large" });
    await expect(action.result).rejects.toEqual(sockeyeError("payload_too_large"));
  });

  test("that is not taken is told by its promises and by errors, and is forgotten", async () => {
    const { client, core } = await connected();
    const errors = recorder();
    client.errors.subscribe(errors);
    core.refusal = errorData("outbox_full");
    const action = client.enqueue("save");
    await expect(action.accepted).rejects.toEqual(sockeyeError("outbox_full"));
    await expect(action.result).rejects.toEqual(sockeyeError("outbox_full"));
    expect(action.status.value).toMatchObject({ state: "rejected" });
    expect(errors.values).toEqual([sockeyeError("outbox_full")]);
    expect(client.outbox.items.value).toEqual([]);
  });

  test("that the store does not take is not accepted", async () => {
    const { client, core } = await connected(numbered());
    const action = client.enqueue("save");
    core.moves("id-1", "rejected", { error: "storage_full" });
    await expect(action.accepted).rejects.toEqual(sockeyeError("storage_full"));
    expect(client.outbox.items.value).toEqual([]);
  });

  test("that is nested too deeply is refused before it is stored", async () => {
    const { client, core } = await connected();
    const nested = (depth: number): unknown => (depth === 0 ? '"[[[{\\' : [nested(depth - 1)]);
    const action = client.enqueue("save", nested(100));
    await expect(action.accepted).rejects.toEqual(sockeyeError("not_serializable"));
    expect(core.callsOf("enqueue")).toEqual([]);
    client.enqueue("save", nested(99));
    expect(core.callsOf("enqueue")).toHaveLength(1);
  });

  test("raises nothing when nobody looks at its promises", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const { client, core } = await connected(numbered());
    client.enqueue("save");
    core.moves("id-1", "queued");
    core.moves("id-1", "rejected");
    client.enqueue("save");
    core.moves("id-2", "rejected", { error: "storage_full" });
    await turn();
    await turn();
    expect(unhandled).not.toHaveBeenCalled();
    process.off("unhandledRejection", unhandled);
  });

  test("tells each listener every state in order, also when one causes the next or throws", async () => {
    vi.stubGlobal("reportError", vi.fn());
    const { client, core } = await connected(numbered());
    const action = client.enqueue("save");
    action.status.subscribe(({ state }) => {
      if (state === "queued") core.moves("id-1", "cancelled");
      throw new Error("bad listener");
    });
    const states: ActionState[] = [];
    action.status.subscribe(({ state }) => states.push(state));
    core.moves("id-1", "queued");
    expect(states).toEqual(["storing", "queued", "cancelled"]);
  });

  test("of the past or of nobody changes nothing", async () => {
    const { client, core } = await connected(numbered());
    core.moves("nobody", "applied");
    client.enqueue("save");
    core.moves("id-1", "applied");
    core.moves("id-1", "rejected");
    core.events.cancelRefused(0, "id-1");
    expect(client.outbox.items.value).toEqual([]);
  });
});

describe("cancel()", () => {
  test("resolves with true when the action was never sent", async () => {
    const { client, core } = await connected(numbered());
    const action = client.enqueue("save");
    core.moves("id-1", "queued");
    const cancelled = [action.cancel(), action.cancel()];
    expect(core.callsOf("cancelAction")).toEqual([[0, "id-1"]]);
    core.moves("id-1", "cancelled");
    await expect(Promise.all(cancelled)).resolves.toEqual([true, true]);
    await expect(action.cancel()).resolves.toBe(true);
  });

  test("resolves with false when it was sent, and its status goes on", async () => {
    const { client, core } = await connected(numbered());
    const action = client.enqueue("save");
    core.moves("id-1", "sent", { attempts: 1 });
    const cancelled = action.cancel();
    core.events.cancelRefused(0, "id-1");
    await expect(cancelled).resolves.toBe(false);
    core.moves("id-1", "applied", { args: [1] });
    await expect(action.result).resolves.toBe(1);
    await expect(action.cancel()).resolves.toBe(false);
  });

  test("resolves with false when the action ends meanwhile, or the client does", async () => {
    const { client, core } = await connected(numbered());
    const applied = client.enqueue("save").cancel();
    core.moves("id-1", "applied");
    await expect(applied).resolves.toBe(false);
    const action = client.enqueue("save");
    const open = action.cancel();
    await client.destroy();
    await expect(open).resolves.toBe(false);
    await expect(action.result).rejects.toEqual(sockeyeError("client_destroyed"));
    await expect(action.accepted).rejects.toEqual(sockeyeError("client_destroyed"));
  });
});

describe("before the core is there", () => {
  test("actions wait, load it, and are handed over in their order", async () => {
    const { client, loader } = idle(numbered());
    const first = client.enqueue("a");
    client.enqueue("b");
    expect(loader.count).toBe(1);
    expect(first.status.value.state).toBe("storing");
    expect(client.outbox.items.value.map(({ event }) => event)).toEqual(["a", "b"]);
    expect(client.outbox.get("id-1")).toBe(first);
    const core = await loader.succeed();
    expect(core.callsOf("enqueue").map(([, { key }]) => key)).toEqual(["id-1", "id-2"]);
  });

  test("their time to live runs", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const { client, loader } = idle();
    client.with({ ttlMs: 60_000 }).enqueue("a");
    client.with({ ttlMs: 10_000 }).enqueue("b");
    vi.advanceTimersByTime(20_000);
    const core = await loader.succeed();
    const left = core.callsOf("enqueue").map(([, { ttlMs }]) => ttlMs);
    expect(left, "what is over ends as it would have").toEqual([40_000, 1]);
  });

  test("they can be cancelled", async () => {
    const { client, loader } = idle(numbered());
    const action = client.enqueue("a");
    client.enqueue("b");
    await expect(action.cancel()).resolves.toBe(true);
    expect(action.status.value.state).toBe("cancelled");
    await expect(client.outbox.clear()).resolves.toBe(1);
    const core = await loader.succeed();
    expect(core.callsOf("enqueue")).toEqual([]);
  });

  test.each([
    ["items", { maxItems: 1 }],
    ["bytes", { maxBytes: 8 }],
  ])("no more %s wait than the outbox holds", async (_name, outbox) => {
    const { client } = idle({ outbox });
    client.enqueue("a");
    const action = client.enqueue("a");
    await expect(action.accepted).rejects.toEqual(sockeyeError("outbox_full"));
  });

  test("they end when it cannot be loaded", async () => {
    const { client, loader } = idle();
    const action = client.enqueue("a");
    await loader.fail(new Error("offline"));
    await expect(action.accepted).rejects.toEqual(sockeyeError("load_failed"));
    await expect(action.result).rejects.toEqual(sockeyeError("load_failed"));
    expect(client.outbox.items.value).toEqual([]);
  });

  test("what the outbox was told holds when it opens", async () => {
    const { client, loader } = idle();
    client.outbox.pause();
    expect(client.outbox.paused).toBe(true);
    expect(client.outbox.retry("nobody")).toBe(false);
    client.enqueue("a");
    const core = await loader.succeed();
    const calls = core.calls.map(([name]) => name);
    expect(calls.slice(calls.indexOf("openOutbox"))).toEqual([
      "openOutbox",
      "pauseOutbox",
      "enqueue",
    ]);
  });

  test("a store of its own is opened as soon as the core is there", async () => {
    const { client, loader } = idle({ outbox: { store: memoryOutboxStore } });
    void client.connect();
    const core = await loader.succeed();
    expect(core.callsOf("openOutbox")).toHaveLength(1);
    expect(client.outbox.durability).toBe("memory");
  });
});

describe("outbox.items", () => {
  test("tells changes that come together once", async () => {
    const { client, core } = await connected(numbered());
    const told: (readonly OutboxItem[])[] = [];
    client.outbox.items.subscribe((items) => told.push(items));
    for (let index = 0; index < 100; index += 1) client.enqueue("save", index);
    core.moves("id-1", "queued");
    await turn();
    expect(told.map(({ length }) => length)).toEqual([0, 100]);
    expect(told[1]?.[0]).toEqual({
      ...{ id: "id-1", event: "save", lane: "default", args: [0] },
      ...{ state: "queued", attempts: 0 },
    });
    expect(told[1]?.[1]?.state).toBe("storing");
  });

  test("keeps the items that have not changed", async () => {
    const { client, core } = await connected(numbered());
    client.enqueue("a");
    client.enqueue("b");
    const [first, second] = client.outbox.items.value;
    expect(client.outbox.items.value[0]).toBe(first);
    core.moves("id-2", "queued");
    expect(client.outbox.items.value[0]).toBe(first);
    expect(client.outbox.items.value[1]).not.toBe(second);
  });

  test("does nothing while nobody subscribes", async () => {
    const { client } = await connected();
    const microtasks = vi.spyOn(globalThis, "queueMicrotask");
    client.enqueue("a");
    expect(microtasks).not.toHaveBeenCalled();
  });

  test("completes with the client", async () => {
    const { client } = await connected();
    const items = recorder();
    client.outbox.items.subscribe(items);
    await client.destroy();
    expect(items.ends).toEqual(["complete"]);
  });
});

describe("the outbox", () => {
  test("is paused and resumed", async () => {
    const { client, core } = await connected();
    client.enqueue("a");
    client.outbox.pause();
    client.outbox.resume();
    expect(core.callsOf("pauseOutbox")).toEqual([[0]]);
    expect(core.callsOf("resumeOutbox")).toEqual([[0]]);
    expect(client.outbox.paused).toBe(false);
  });

  test("tries again what is unknown, with another promise for its result", async () => {
    const { client, core } = await connected(numbered());
    const action = client.enqueue("a");
    const statuses = recorder<ActionStatus>();
    action.status.subscribe(statuses);
    core.moves("id-1", "queued");
    core.moves("id-1", "unknown");
    await expect(action.result).rejects.toEqual(sockeyeError("action_unknown"));
    expect(client.outbox.get("id-1")).toBe(action);
    expect(client.outbox.retry("id-1")).toBe(true);
    expect(core.callsOf("retryAction")).toEqual([[0, "id-1"]]);
    const { result } = action;
    core.moves("id-1", "queued");
    core.moves("id-1", "applied", { args: ["now"] });
    await expect(result).resolves.toBe("now");
    expect(action.result).toBe(result);
    const states = statuses.values.map(({ state }) => state);
    expect(states).toEqual(["storing", "queued", "unknown", "queued", "applied"]);
  });

  test("rejects the result of a retry that the store has not taken, and tries again", async () => {
    const { client, core } = await connected(numbered());
    const action = client.enqueue("a");
    core.moves("id-1", "quarantined");
    client.outbox.retry("id-1");
    const refused = action.result;
    core.moves("id-1", "quarantined");
    await expect(refused).rejects.toEqual(sockeyeError("action_quarantined"));
    client.outbox.retry("id-1");
    core.moves("id-1", "queued");
    core.moves("id-1", "applied", { args: ["now"] });
    await expect(action.result).resolves.toBe("now");
  });

  test("clears what the filter names, and counts what that did", async () => {
    const { client, core } = await connected(numbered());
    for (const event of ["a", "b", "c", "d"]) client.enqueue(event);
    core.moves("id-1", "queued");
    core.moves("id-2", "sent");
    core.moves("id-3", "quarantined");
    core.onCall = ([name, , key]) => {
      if (name === "forgetAction") core.events.forgotten(0, key);
      if (name !== "cancelAction") return;
      if (key === "id-1") core.moves("id-1", "cancelled");
      else core.events.cancelRefused(0, key);
    };
    await expect(client.outbox.clear(({ event }) => event !== "d")).resolves.toBe(2);
    expect(core.callsOf("forgetAction")).toEqual([[0, "id-3"]]);
    expect(client.outbox.items.value.map(({ id }) => id)).toEqual(["id-2", "id-4"]);
  });

  test("counts nothing as cleared that the store has not removed", async () => {
    const { client, core } = await connected(numbered());
    client.enqueue("a");
    core.moves("id-1", "quarantined");
    const clear = client.outbox.clear();
    const again = client.outbox.clear();
    core.events.cancelRefused(0, "id-1");
    await expect(Promise.all([clear, again])).resolves.toEqual([0, 0]);
    expect(client.outbox.items.value.map(({ state }) => state)).toEqual(["quarantined"]);
    const last = client.outbox.clear();
    client.setIdentity("berta");
    await expect(last).resolves.toBe(0);
  });

  test("has nothing any more that another tab has cleared", async () => {
    const { client, core } = await connected(numbered());
    const action = client.enqueue("a");
    core.moves("id-1", "unknown");
    client.outbox.retry("id-1");
    core.events.forgotten(0, "id-1");
    expect(client.outbox.items.value).toEqual([]);
    await expect(action.result).rejects.toEqual(sockeyeError("action_cancelled"));
  });

  test("refuses actions when the store is not as durable as it has to be", async () => {
    const { client, core } = await connected({ outbox: { requireDurable: true } });
    const action = client.enqueue("a");
    await expect(action.accepted).rejects.toEqual(sockeyeError("not_durable"));
    expect(core.callsOf("enqueue")).toEqual([]);
  });

  test("takes actions with a durable store", async () => {
    const store = { ...memoryOutboxStore(), durability: "strict" as const };
    const { client, core } = await connected({ outbox: { requireDurable: true, store } });
    expect(client.outbox.durability).toBe("strict");
    client.enqueue("a");
    expect(core.callsOf("enqueue")).toHaveLength(1);
  });

  test.each([{ maxItems: 0 }, { maxBytes: 1.5 }, { maxInFlight: -1 }, { drainPerSecond: NaN }])(
    "refuses the options %o",
    (outbox) => {
      expect(() => idle({ outbox })).toThrow(sockeyeError("invalid_option"));
    },
  );
});

describe("outbox.nack()", () => {
  test("reports what its function throws, and rejects nothing", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const cause = new Error("the function");
    const { client, core } = await connected(numbered());
    const errors = recorder();
    client.errors.subscribe(errors);
    client.enqueue("save");
    core.moves("id-1", "sent", { attempts: 1 });
    client.outbox.nack("exception", () => {
      throw cause;
    });
    core.delivers("exception", [1]);
    expect(errors.values).toEqual([sockeyeError("listener_error", { cause })]);
    expect(core.callsOf("nackAction")).toEqual([]);
  });

  const exception = (data: unknown, pattern = "save") => ({
    ...{ status: "error", message: "no" },
    cause: { pattern, data },
  });

  test("rejects the oldest unanswered action that sent what NestJS complains of", async () => {
    const { client, core } = await connected(numbered());
    client.outbox.nack("exception", nest);
    for (const data of [1, 2, 2, 3]) client.enqueue("save", data);
    for (const key of ["id-2", "id-3", "id-4"]) core.moves(key, "sent");
    core.delivers("exception", [exception(2)]);
    expect(core.callsOf("nackAction")).toEqual([[0, "id-2", [exception(2)]]]);
    core.delivers("exception", [exception(1)]);
    core.delivers("exception", [exception(3, "other")]);
    core.delivers("exception", [{ status: "error" }]);
    core.delivers("exception", []);
    expect(core.callsOf("nackAction")).toHaveLength(1);
  });

  test("takes what the application makes of an event, until it is unsubscribed", async () => {
    const { client, core } = await connected(numbered());
    const subscription = client.outbox.nack("failed", (value) => ({ id: String(value) }));
    client.enqueue("save");
    core.moves("id-1", "sent");
    core.delivers("failed", ["id-1"]);
    subscription.unsubscribe();
    core.delivers("failed", ["id-1"]);
    expect(core.callsOf("nackAction")).toEqual([[0, "id-1", ["id-1"]]]);
  });
});

describe("beforeFlush", () => {
  const flush = async (beforeFlush: (items: readonly OutboxItem[]) => OutboxItem[]) => {
    const { client, core } = await connected({ ...numbered(), outbox: { beforeFlush } });
    for (const event of ["a", "b", "c"]) client.enqueue(event, 1);
    const keys = ["id-1", "id-2", "id-3"];
    core.events.flushAsked(0, 7, keys);
    await turn();
    return core;
  };

  test("is asked for by the core", async () => {
    const core = await flush((items) => [...items]);
    const [[, settings] = []] = core.callsOf("openOutbox");
    expect(settings).toMatchObject({ askBeforeFlush: true });
  });

  test("chooses what is sent, and in which order", async () => {
    const hook = vi.fn((items: readonly OutboxItem[]) => items.slice(1).reverse());
    const core = await flush(hook);
    expect(hook.mock.calls[0]?.[0]).toMatchObject([{ event: "a", args: [1] }, {}, {}]);
    expect(core.callsOf("flushPlan")).toEqual([[0, 7, ["id-3", "id-2"], ["id-1"]]]);
  });

  test("that throws leaves everything as it is", async () => {
    const report = vi.fn();
    vi.stubGlobal("reportError", report);
    const core = await flush(() => {
      throw new Error("bad hook");
    });
    expect(core.callsOf("flushPlan")).toEqual([[0, 7, ["id-1", "id-2", "id-3"], []]]);
    expect(report).toHaveBeenCalledOnce();
  });

  test.each([[true], [{}], [["id-1"]], [[undefined]], [[{ id: 1 }]]])(
    "that returns %j, which is no list of items, leaves everything as it is",
    async (plan) => {
      const report = vi.fn();
      vi.stubGlobal("reportError", report);
      const core = await flush(() => plan as OutboxItem[]);
      expect(core.callsOf("flushPlan")).toEqual([[0, 7, ["id-1", "id-2", "id-3"], []]]);
      expect(report).toHaveBeenCalledOnce();
    },
  );

  test("takes what else it is told for nothing: items that are not asked for, or twice", async () => {
    const core = await flush((items) => [
      ...items.slice(1, 2),
      ...items.slice(1).map((item) => ({ ...item })),
      { id: "another", event: "a", lane: "default", args: [], state: "queued", attempts: 0 },
    ]);
    expect(core.callsOf("flushPlan")).toEqual([[0, 7, ["id-2", "id-3"], ["id-1"]]]);
  });

  test("gives items that are the caller's: to change them changes nothing", async () => {
    const core = await flush((items) => {
      const own = items as unknown as { lane: string }[];
      for (const item of own) item.lane = "other";
      own.splice(0, 2);
      return undefined as unknown as OutboxItem[];
    });
    expect(core.callsOf("flushPlan")).toEqual([[0, 7, ["id-1", "id-2", "id-3"], []]]);
    expect(core.callsOf("enqueue").map(([, { lane }]) => lane)).toEqual(Array(3).fill("default"));
  });
});

describe("another user", () => {
  test("has other actions, and the first one's go on when that user is back", async () => {
    const store = memoryOutboxStore();
    const partition = await store.open({ namespace: "/", identity: "anna" }, () => {});
    const { client, core } = await connected({
      ...numbered(),
      identity: "anna",
      outbox: { store },
    });
    const [kept, ended] = [client.enqueue("save"), client.enqueue("save")];
    await partition.put(storedAction("id-1"), { body: "[]" });
    core.moves("id-1", "queued");
    core.moves("id-2", "sent", { attempts: 1 });
    const told: number[] = [];
    client.outbox.items.subscribe((items) => told.push(items.length));
    client.setIdentity("berta");
    expect(client.outbox.items.value).toEqual([]);
    expect(client.outbox.get("id-1")).toBeUndefined();
    const other = client.enqueue("save");
    await turn();
    client.setIdentity("anna");
    expect(client.outbox.get("id-1")).toBe(kept);
    core.events.store(0, 1, { type: "open", identity: "anna" });
    await turn();
    await expect(ended.result).rejects.toEqual(sockeyeError("action_unknown"));
    expect(client.outbox.items.value.map(({ id }) => id)).toEqual(["id-1"]);
    core.moves("id-1", "applied", { args: [1] });
    await expect(kept.result).resolves.toBe(1);
    expect(other.status.value.state).toBe("storing");
    expect(told.slice(0, 2)).toEqual([2, 1]);
  });

  test("sends nothing of what the one before had not stored", async () => {
    const { client, loader } = idle({ identity: "anna" });
    const action = client.enqueue("save");
    client.emitLatest("cursor", "move", 1);
    client.setIdentity("berta");
    await expect(action.accepted).rejects.toEqual(sockeyeError("identity_changed"));
    const core = await loader.succeed();
    expect(core.callsOf("enqueue")).toEqual([]);
    expect(core.callsOf("emitLatest")).toEqual([]);
  });

  test("tells the user before that an action was not taken, when the core says so", async () => {
    const { client, core } = await connected({ ...numbered(), identity: "anna" });
    const [lost, stored] = [client.enqueue("save"), client.enqueue("save")];
    core.moves("id-2", "queued");
    core.onCall = ([name]) => {
      if (name === "setIdentity") core.moves("id-1", "rejected", { error: "identity_changed" });
    };
    const told: string[] = [];
    client.errors.subscribe(({ code }) => told.push(code));
    client.setIdentity("berta");
    await expect(lost.accepted).rejects.toEqual(sockeyeError("identity_changed"));
    await expect(lost.result).rejects.toEqual(sockeyeError("identity_changed"));
    expect(told).toEqual(["identity_changed"]);
    core.onCall = () => {};
    client.setIdentity("anna");
    expect(client.outbox.items.value.map(({ id }) => id)).toEqual(["id-2"]);
    expect(stored.status.value.state).toBe("queued");
  });

  test("is nobody when the queue is discarded: its handles end", async () => {
    const { client, core } = await connected({ ...numbered(), identity: "anna" });
    const action = client.enqueue("save");
    core.moves("id-1", "queued");
    client.logout({ queue: "discard" });
    await expect(action.result).rejects.toEqual(sockeyeError("identity_changed"));
    client.setIdentity("anna");
    expect(client.outbox.items.value).toEqual([]);
  });

  test("does not keep the handles of the others from ending with the client", async () => {
    const { client } = await connected({ identity: "anna" });
    const action = client.enqueue("save");
    client.setIdentity("berta");
    await client.destroy();
    await expect(action.result).rejects.toEqual(sockeyeError("client_destroyed"));
  });
});

describe("the store", () => {
  /** A client whose store answers the commands that the core gives. */
  const opened = async (store = memoryOutboxStore()) => {
    const setting = await connected({ ...numbered(), outbox: { store } });
    let tickets = 0;
    const ask = async (command: StoreCommand) => {
      const ticket = ++tickets;
      setting.core.events.store(0, ticket, command);
      await turn();
      return setting.core.callsOf("storeAnswered").find((call) => call[1] === ticket)?.[2];
    };
    return { ...setting, ask, store };
  };
  const put = (key: string): StoreCommand => ({
    type: "put",
    action: storedAction(key),
    payload: { body: '["save",{"a":1}]' },
  });

  test("does what the core asks, and answers later", async () => {
    const { core, ask } = await opened();
    const opening = ask({ type: "open", identity: "" });
    expect(core.callsOf("storeAnswered")).toEqual([]);
    await expect(opening).resolves.toMatchObject({ type: "opened", actions: [], unreadable: [] });
    await expect(ask(put("k"))).resolves.toEqual({ type: "stored", order: 1, replaced: false });
    const loaded = { type: "loaded", payload: { body: '["save",{"a":1}]' } };
    await expect(ask({ type: "load", key: "k" })).resolves.toEqual(loaded);
    await expect(ask({ type: "load", key: "x" })).resolves.toEqual({ type: "missing" });
    const leading = await ask({ type: "lead" });
    expect(leading).toMatchObject({ type: "leading", epoch: 1, actions: [{ key: "k" }] });
    const mark = { key: "k", kills: 1 };
    const marked = { type: "marked", missing: [], earlier: [{ key: "k" }] };
    await expect(ask({ type: "mark", epoch: 1, marks: [mark] })).resolves.toMatchObject({
      ...marked,
      earlier: [],
    });
    await expect(ask({ type: "mark", epoch: 2, marks: [] })).resolves.toEqual({ type: "fenced" });
    const raised = ask({ type: "raiseEpoch", epoch: 1, atLeast: 5 });
    await expect(raised).resolves.toEqual({ type: "raised", epoch: 5 });
    const parked = { type: "park", epoch: 5, key: "k", parked: "unknown" } as const;
    await expect(ask(parked)).resolves.toEqual({ type: "done" });
    await expect(ask({ type: "unpark", key: "k" })).resolves.toMatchObject({ type: "stored" });
    await expect(ask({ type: "unpark", key: "x" })).resolves.toEqual({ type: "missing" });
    await expect(ask({ type: "read" })).resolves.toMatchObject({ type: "contents" });
    const removed = ask({ type: "remove", key: "k", onlyUnsent: true });
    await expect(removed).resolves.toEqual({ type: "removed" });
    await expect(ask({ type: "settle", epoch: 5, settlements: [] })).resolves.toEqual({
      type: "done",
    });
  });

  test("that fails is told to the core and by errors", async () => {
    const full = Object.assign(new Error("quota"), { code: "storage_full" });
    const store = { durability: "strict" as const, open: () => Promise.reject(full) };
    const { client, ask } = await opened(store);
    const errors = recorder();
    client.errors.subscribe(errors);
    const failed = { type: "failed", code: "storage_full" };
    await expect(ask({ type: "open", identity: "" })).resolves.toEqual(failed);
    await expect(ask({ type: "read" })).resolves.toEqual(failed);
    expect(errors.values[0]).toEqual(sockeyeError("storage_full", { cause: full }));
  });

  test("gives handles of what it held, and reads what they send when asked", async () => {
    const store = memoryOutboxStore();
    const first = await opened(store);
    await first.ask({ type: "open", identity: "" });
    await first.ask(put("k"));
    await first.ask(put("l"));
    const seen: unknown[] = [];
    const beforeFlush = (items: readonly OutboxItem[]) => {
      seen.push(...items);
      return items;
    };
    const second = await connected({ outbox: { store, beforeFlush } });
    second.core.events.store(0, 1, { type: "open", identity: "" });
    await turn();
    second.core.moves("k", "queued");
    const action = second.client.outbox.get("k");
    expect(action).toMatchObject({ id: "k", event: "save", args: undefined });
    await expect(action?.accepted).resolves.toBeUndefined();
    second.core.events.flushAsked(0, 1, ["k"]);
    await turn();
    expect(seen).toMatchObject([{ id: "k", args: [{ a: 1 }] }]);
    second.core.moves("l", "unknown");
    const unknown = second.client.outbox.get("l");
    await expect(unknown?.accepted, "it is in the store").resolves.toBeUndefined();
    await expect(unknown?.result).rejects.toEqual(sockeyeError("action_unknown"));
  });

  test("that cannot read what an action sends has it chosen without that", async () => {
    const store = memoryOutboxStore();
    const first = await opened(store);
    await first.ask({ type: "open", identity: "" });
    await first.ask(put("k"));
    const unreadable: OutboxStore = {
      durability: "strict",
      open: async (...args) => {
        const partition = await store.open(...args);
        const load = () => Promise.reject(new Error("encrypted with another key"));
        return Object.assign(partition, { load });
      },
    };
    const beforeFlush = vi.fn(() => []);
    const second = await connected({ outbox: { store: unreadable, beforeFlush } });
    second.core.events.store(0, 1, { type: "open", identity: "" });
    await turn();
    second.core.moves("k", "queued");
    second.core.events.flushAsked(0, 7, ["k"]);
    await turn();
    expect(beforeFlush).toHaveBeenCalledWith([
      expect.objectContaining({ id: "k", args: undefined }),
    ]);
    expect(second.core.callsOf("flushPlan")).toEqual([[0, 7, [], ["k"]]]);
  });

  test("tells what other clients do, each of one identity", async () => {
    const store = memoryOutboxStore();
    const first = await opened(store);
    const second = await opened(store);
    await first.ask({ type: "open", identity: "anna" });
    await second.ask({ type: "open", identity: "anna" });
    await first.ask(put("k"));
    const changes = [{ type: "put", action: { key: "k", order: 1 } }];
    expect(second.core.callsOf("storeChanged")).toMatchObject([[0, changes]]);
    second.core.moves("k", "queued");
    expect(second.client.outbox.get("k")).toBeDefined();
    await second.ask({ type: "open", identity: "berta" });
    await first.ask(put("l"));
    expect(second.core.callsOf("storeChanged")).toHaveLength(1);
  });

  test("lets another client lead when the first resigns or is destroyed", async () => {
    const store = memoryOutboxStore();
    const clients = [await opened(store), await opened(store), await opened(store)] as const;
    for (const { ask } of clients) await ask({ type: "open", identity: "" });
    const [first, second, third] = clients;
    await expect(first.ask({ type: "lead" })).resolves.toMatchObject({ epoch: 1 });
    await expect(second.ask({ type: "lead" })).resolves.toBeUndefined();
    await expect(third.ask({ type: "lead" })).resolves.toBeUndefined();
    await first.ask({ type: "resign" });
    expect(second.core.callsOf("storeAnswered").at(-1)?.[2]).toMatchObject({ epoch: 2 });
    await second.client.destroy();
    await turn();
    expect(third.core.callsOf("storeAnswered").at(-1)?.[2]).toMatchObject({ epoch: 3 });
  });

  test("lets another client lead when the first opens that of another identity", async () => {
    const store = memoryOutboxStore();
    const [first, second] = [await opened(store), await opened(store)];
    for (const { ask } of [first, second]) await ask({ type: "open", identity: "anna" });
    await first.ask({ type: "lead" });
    await second.ask({ type: "lead" });
    await first.ask({ type: "open", identity: "berta" });
    expect(second.core.callsOf("storeAnswered").at(-1)?.[2]).toMatchObject({ epoch: 2 });
  });

  test("says nothing any more when the client is destroyed", async () => {
    const { client, core, ask } = await opened();
    await ask({ type: "open", identity: "" });
    core.events.store(0, 99, { type: "read" });
    await client.destroy();
    await turn();
    expect(core.callsOf("storeAnswered").map(([, ticket]) => ticket)).toEqual([1]);
  });
});
