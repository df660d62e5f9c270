import { beforeEach, describe, expect, test, vi } from "vitest";
import { describe as describeError } from "../src/descriptions.js";
import { memoryOutboxStore } from "../src/memoryStore.js";
import type { StoreCommand } from "../src/outboxPort.js";
import type { OutboxStore } from "../src/outboxStore.js";
import type { FakeCore } from "./support/fakeCore.js";
import { connected, connecting, idle, recorder, sockeyeError, turn } from "./support/setUp.js";

const trap = new WebAssembly.RuntimeError("unreachable");
const failure = sockeyeError("core_failed", { cause: trap });
const gone = sockeyeError("disconnected");
const room = { join: ["join", { room: 1 }], leave: ["leave", { room: 1 }] } as const;

/** The core fails, and everybody has been told. */
async function die(core: FakeCore) {
  core.dies(trap);
  await turn();
}

describe("a client whose core has failed", () => {
  test("makes another of what it knows", async () => {
    const { client, core, loader } = await connected({ auth: { token: 1 }, identity: "anna" });
    const admin = client.namespace("/admin");
    client.namespace("/unwanted");
    void admin.connect();
    client.on("news").subscribe(() => {});
    client.onGap(() => {});
    client.topic(room).retain();
    await die(core);
    expect(loader.count).toBe(2);
    const next = await loader.succeed();
    expect(next).not.toBe(core);
    expect(next.calls).toEqual([
      ["setIdentity", "anna"],
      ["socket", "/", true],
      ["socket", "/admin", false],
      ["socket", "/unwanted", false],
      ["listen", "news", 0],
      ["setHooks", 0, { prologue: false, gap: true }],
      [
        "retainTopic",
        0,
        '["join",{"room":1}]',
        '["join",{"room":1}]',
        '["leave",{"room":1}]',
        undefined,
      ],
      ["connect", 0],
      ["connect", 1],
    ]);
  });

  test("waits with the cause, tells it, and is connected again", async () => {
    const { client, core, loader } = await connected();
    const states = recorder<{ state: string }>();
    client.status.subscribe(states);
    const errors = recorder<Error>();
    client.errors.subscribe(errors);
    await die(core);
    expect(client.status.value).toMatchObject({ state: "waiting", attempt: 1, cause: failure });
    expect(errors.values).toEqual([failure]);
    const next = await loader.succeed();
    next.says("connecting", { attempt: 1 });
    next.says("connected");
    expect(states.values.map(({ state }) => state)).toEqual([
      ...["connected", "waiting", "connecting", "connected"],
    ]);
  });

  test("goes on with another one where nothing has failed, however often that happens", async () => {
    const { client, core, loader } = await connected();
    const errors = recorder<Error>();
    client.errors.subscribe(errors);
    const asked = expect(client.request("before")).rejects.toEqual(gone);
    let current = core;
    for (let time = 0; time < 5; time += 1) {
      current.events.coreFailed(describeError("disconnected"), undefined);
      await turn();
      expect(client.status.value).toMatchObject({ state: "waiting", cause: gone });
      current = await loader.succeed();
      current.says("connected");
    }
    await asked;
    expect(errors.values).toEqual([]);
    expect(loader.count).toBe(6);
  });

  test("tells nobody before whoever called the core has ended", async () => {
    const { client, core } = await connected();
    const told = vi.fn();
    client.errors.subscribe(told);
    core.onCall = ([name]) => {
      if (name === "emit") core.dies(trap);
    };
    expect(() => client.emit("a")).toThrow(failure);
    expect(client.status.value.state).toBe("connected");
    expect(told).not.toHaveBeenCalled();
    await turn();
    expect(told).toHaveBeenCalledExactlyOnceWith(failure);
  });

  test("rejects the requests that it was asked for, and sends what comes afterwards", async () => {
    const { client, core, loader } = await connected();
    const before = client.request("before");
    core.dies(trap);
    client.emit("after");
    const after = client.request("after");
    await expect(before).rejects.toEqual(failure);
    const next = await loader.succeed();
    expect(next.callsOf("emit")).toEqual([[0, '["after"]', undefined, false]]);
    expect(next.callsOf("request").map(([, , body]) => body)).toEqual(['["after"]']);
    next.answers(0, "yes");
    await expect(after).resolves.toBe("yes");
  });

  test("rejects a request during which it failed", async () => {
    const { client, core } = await connected();
    core.onCall = () => core.dies(trap);
    await expect(client.request("a")).rejects.toEqual(failure);
  });

  test("says that nothing is proved where there was a connection", async () => {
    const { client, core, loader } = await connected({ dedup: { restore: snapshot } });
    client.namespace("/other");
    core.events.continuity(0, { kind: "fresh", connection: 4, isLate: false });
    await die(core);
    const next = await loader.succeed();
    expect(next.options).toMatchObject({ unproved: ["/"], positions: {} });
    const gap = { kind: "gap", connection: 0, isLate: false, cause: "no_proof" } as const;
    next.events.continuity(0, gap);
    expect(client.continuity.value).toMatchObject({ kind: "gap", connection: 5 });
  });

  test("has topics idle until they are joined again", async () => {
    const { client, core, loader } = await connected();
    const topic = client.topic(room);
    topic.retain();
    core.events.topic(0, topic.key, "live", undefined, []);
    await die(core);
    expect(topic.status.value).toEqual({ state: "idle" });
    const next = await loader.succeed();
    next.events.topic(0, topic.key, "live", undefined, ["joined"]);
    await expect(topic.ready).resolves.toBe("joined");
  });

  test("stops with the fourth failure within a minute, and begins anew when asked", async () => {
    const { client, core, loader } = await connected();
    await die(core);
    for (let count = 0; count < 3; count++) await die(await loader.succeed());
    expect(loader.count).toBe(4);
    expect(client.status.value).toEqual({ state: "disconnected", cause: failure });
    const promise = client.connect();
    expect(loader.count).toBe(5);
    (await loader.succeed()).says("connected");
    await expect(promise).resolves.toBeUndefined();
    await die(loader.core);
    expect(client.status.value).toMatchObject({ state: "waiting" });
  });

  test("goes on after failures that are further apart", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      const { client, core, loader } = await connected();
      await die(core);
      for (let count = 0; count < 10; count++) {
        vi.advanceTimersByTime(20_001);
        await die(await loader.succeed());
        expect(client.status.value.state).toBe("waiting");
      }
    } finally {
      vi.useRealTimers();
    }
  });

  test("does not use a core that has failed while it came", async () => {
    const { client, loader } = idle();
    void client.connect().catch(() => {});
    const { core } = loader;
    core.dies(trap);
    await loader.succeed();
    expect(core.calls).toEqual([]);
    expect(loader.count).toBe(2);
    expect((await loader.succeed()).callsOf("connect")).toEqual([[0]]);
  });

  test("makes another also if the core fails while it is told everything", async () => {
    const { client, loader } = idle();
    client.on("news").subscribe(() => {});
    void client.connect().catch(() => {});
    const { core } = loader;
    core.onCall = ([name]) => {
      if (name === "socket") core.dies(trap);
    };
    await loader.succeed();
    const next = await loader.succeed();
    expect(next.callsOf("connect")).toEqual([[0]]);
    expect(next.names.has("news")).toBe(true);
    client.on("more").subscribe(() => {});
    expect(next.names.has("more")).toBe(true);
  });

  test("ends with the client", async () => {
    const { client, core, loader } = await connected();
    core.dies(trap);
    await client.destroy();
    await turn();
    expect(loader.count).toBe(1);
    expect(client.status.value).toEqual({ state: "closed" });
  });

  test("stays disconnected if nobody wanted a connection", async () => {
    const { client, core, loader } = await connected();
    client.disconnect();
    core.says("disconnected", { cause: "client_disconnect" });
    await die(core);
    expect((await loader.succeed()).callsOf("connect")).toEqual([]);
    expect(client.status.value).toMatchObject({ state: "disconnected" });
  });
});

const snapshot = { version: 1, identity: "", positions: { "/": [["s", "e", 3]] } } as const;

describe("what the core that has failed had asked for", () => {
  test("is no answer to the auth that the next one asks for", async () => {
    let answer: (payload: object) => void = () => {};
    const auth = () =>
      new Promise<Record<string, unknown>>((resolve) => (answer = resolve as never));
    const { core, loader } = await connecting({ auth });
    core.needsAuth(0);
    await die(core);
    const next = await loader.succeed();
    answer({ token: 1 });
    await turn();
    expect(next.callsOf("authenticate")).toEqual([]);
    next.needsAuth(0);
    answer({ token: 2 });
    await turn();
    expect(next.callsOf("authenticate")).toEqual([[0, 0, '{"token":2}']]);
  });

  test("is no hook of the next one that has ended", async () => {
    const { client, core, loader } = await connected();
    const ends: (() => void)[] = [];
    const hook = () => new Promise<void>((resolve) => void ends.push(resolve));
    client.onConnected(hook);
    client.onGap(hook);
    core.events.prologueNeeded(0, 1);
    core.events.continuity(0, { kind: "gap", connection: 0, isLate: false });
    core.events.gapHookNeeded(0, 1);
    await die(core);
    const next = await loader.succeed();
    for (const end of ends) end();
    await turn();
    expect(next.callsOf("prologueDone")).toEqual([]);
    expect(next.callsOf("gapDone")).toEqual([]);
  });

  test("is not sent first on the connection of the next one", async () => {
    const { client, core, loader } = await connected();
    let answer: Promise<unknown> | undefined;
    client.onConnected(async (first) => {
      await turn();
      first.emit("hello");
      answer = first.request("hello").catch((error: unknown) => error);
    });
    core.events.prologueNeeded(0, 1);
    core.dies(trap);
    await turn();
    const next = await loader.succeed();
    await turn();
    await expect(answer).resolves.toEqual(failure);
    expect(next.callsOf("emitFirst")).toEqual([]);
    expect(next.callsOf("requestFirst")).toEqual([]);
  });

  test("is no answer of a responder on the connection of the next one", async () => {
    const { client, core, loader } = await connected();
    let answer: (value: string) => void = () => {};
    client.respond("ask", () => new Promise((resolve) => (answer = resolve)));
    core.delivers("ask", [], { ackId: 1 });
    await die(core);
    const next = await loader.succeed();
    answer("late");
    await turn();
    expect(next.callsOf("acknowledge")).toEqual([]);
  });
});

describe("the outbox of a core that has failed", () => {
  let count = 0;
  beforeEach(() => (count = 0));
  const randomId = () => `id-${++count}`;

  const opened = async (store: OutboxStore = memoryOutboxStore()) => {
    const setting = await connected({ randomId, outbox: { store } });
    await open(setting.core);
    return { ...setting, store };
  };

  /** The core has the store opened. */
  const open = async (core: FakeCore) => {
    asks(core, 1, { type: "open", identity: "" });
    await turn();
  };

  const asks = (core: FakeCore, ticket: number, command: StoreCommand) =>
    core.events.store(0, ticket, command);

  const put = (core: FakeCore, ticket: number, key: string) => {
    const action = {
      ...{ key, event: "save", lane: "default", bytes: 9, attachmentCount: 0, kills: 0 },
      ...{ ackTimeoutMs: 10_000, resend: true },
    };
    asks(core, ticket, { type: "put", action, payload: { body: `["save"]` } });
  };

  const enqueuedIn = (core: FakeCore) => core.callsOf("enqueue").map(([, { key }]) => key);

  test("stores what was not stored, and not what was, in the order of the calls", async () => {
    const { client, core, loader } = await opened();
    const actions = ["first", "second"].map((name) => client.enqueue("save", name));
    put(core, 2, "id-1");
    core.dies(trap);
    const later = client.enqueue("save", "later");
    await turn();
    const next = await loader.succeed();
    const latest = client.enqueue("save", "latest");
    expect(enqueuedIn(next)).toEqual([]);
    await open(next);
    expect(enqueuedIn(next)).toEqual(["id-2", "id-3", "id-4"]);
    for (const key of ["id-1", "id-2", "id-3", "id-4"]) next.moves(key, "queued");
    const accepted = [...actions, later, latest].map((action) => action.accepted);
    await expect(Promise.all(accepted)).resolves.toHaveLength(4);
    expect(client.outbox.items.value.map(({ id }) => id)).toEqual(["id-1", "id-2", "id-3", "id-4"]);
  });

  test("waits for what the store has begun", async () => {
    const store = memoryOutboxStore();
    let finish: () => void = () => {};
    const slow: OutboxStore = {
      ...store,
      async open(...args) {
        const partition = await store.open(...args);
        const put = partition.put.bind(partition);
        partition.put = async (...given) => {
          await new Promise<void>((resolve) => (finish = resolve));
          return put(...given);
        };
        return partition;
      },
    };
    const { client, core, loader } = await opened(slow);
    client.enqueue("save");
    put(core, 2, "id-1");
    await turn();
    await die(core);
    const next = await loader.succeed();
    await open(next);
    expect(next.callsOf("storeAnswered")).toEqual([]);
    finish();
    await turn();
    expect(next.callsOf("storeAnswered")).toMatchObject([[0, 1, { actions: [{ key: "id-1" }] }]]);
    expect(enqueuedIn(next)).toEqual([]);
  });

  test("stores each once when the next core fails, too, before or after the store is open", async () => {
    const { client, core, loader } = await opened();
    client.enqueue("save", 1);
    await die(core);
    const second = await loader.succeed();
    client.enqueue("save", 2);
    // The store answers when this core is no more.
    asks(second, 1, { type: "open", identity: "" });
    await die(second);
    const third = await loader.succeed();
    await open(third);
    expect(enqueuedIn(third)).toEqual(["id-1", "id-2"]);
  });

  test("keeps what waits when the core fails while the outbox is opened", async () => {
    const { client, loader } = idle({ randomId, outbox: { store: memoryOutboxStore() } });
    client.enqueue("save", 1);
    client.enqueue("save", 2);
    const { core } = loader;
    core.onCall = ([name]) => {
      if (name === "openOutbox") core.dies(trap);
    };
    await loader.succeed();
    const next = await loader.succeed();
    await open(next);
    expect(enqueuedIn(next)).toEqual(["id-1", "id-2"]);
  });

  test("knows how an action has ended while nobody could tell", async () => {
    const { client, core, loader } = await opened();
    const ends = ["applied", "rejected", "cancelled", "forgotten"].map((name) => {
      const action = client.enqueue("save", name);
      put(core, 2, action.id);
      return action;
    });
    const [applied, rejected, cancelled, forgotten] = ends;
    await turn();
    for (const { id } of ends) core.moves(id, "queued");
    asks(core, 3, { type: "lead" });
    await turn();
    const settlements = [
      { key: "id-1", outcome: "applied" as const, args: ["yes"] },
      { key: "id-2", outcome: "rejected" as const },
    ];
    asks(core, 4, { type: "settle", epoch: 1, settlements });
    asks(core, 5, { type: "remove", key: "id-3", onlyUnsent: true });
    core.dies(trap);
    await turn();
    const next = await loader.succeed();
    await open(next);
    await expect(applied?.result).resolves.toBe("yes");
    await expect(rejected?.result).rejects.toEqual(sockeyeError("action_rejected"));
    await expect(cancelled?.result).rejects.toEqual(sockeyeError("action_cancelled"));
    expect(client.outbox.items.value).toMatchObject([{ id: forgotten?.id, state: "queued" }]);
  });

  test("cancels what was to be cancelled", async () => {
    const { client, core, loader } = await opened();
    const before = client.enqueue("save", "before");
    const meanwhile = client.enqueue("save", "meanwhile");
    put(core, 2, "id-1");
    put(core, 2, "id-2");
    await turn();
    for (const key of ["id-1", "id-2"]) core.moves(key, "queued");
    const cancelled = [before.cancel()];
    core.dies(trap);
    cancelled.push(meanwhile.cancel());
    await turn();
    const next = await loader.succeed();
    await open(next);
    for (const key of ["id-1", "id-2"]) next.moves(key, "queued");
    expect(next.callsOf("cancelAction")).toEqual([
      [0, "id-1"],
      [0, "id-2"],
    ]);
    for (const key of ["id-1", "id-2"]) next.moves(key, "cancelled");
    await expect(Promise.all(cancelled)).resolves.toEqual([true, true]);
  });

  test("keeps a store that is lost with the page", async () => {
    const { client, core, loader } = await connected({ randomId });
    client.enqueue("save");
    await open(core);
    put(core, 2, "id-1");
    await die(core);
    const next = await loader.succeed();
    await open(next);
    expect(next.callsOf("storeAnswered")).toMatchObject([[0, 1, { actions: [{ key: "id-1" }] }]]);
  });

  test("refuses what nobody has stored when the client stops", async () => {
    const { client, core, loader } = await opened();
    await die(core);
    for (let count = 0; count < 2; count++) await die(await loader.succeed());
    const action = client.enqueue("save");
    await die(await loader.succeed());
    await expect(action.accepted).rejects.toEqual(failure);
    expect(client.status.value.state).toBe("disconnected");
  });
});
