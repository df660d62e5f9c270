import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { decode } from "../src/decode.js";
import { Client } from "../src/client.js";
import {
  connected,
  connecting,
  idle,
  Loader,
  recorder,
  sockeyeError,
  turn,
} from "./support/setUp.js";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("reportError", vi.fn());
});
afterEach(() => void vi.useRealTimers());

describe("status", () => {
  test("connect() during a later attempt does not turn the status back", async () => {
    const { client, core } = await connecting();
    core.fails("server_unreachable");
    core.says("connecting", { attempt: 3, cause: "server_unreachable" });
    void client.connect();
    expect(client.status.value).toMatchObject({
      state: "connecting",
      attempt: 3,
      cause: { code: "server_unreachable" },
    });
  });

  test("a listener that connects does not reorder the status for later subscribers", async () => {
    const { client, core } = await connected();
    client.status.subscribe(({ state }) => {
      if (state === "disconnected") void client.connect();
    });
    const later = recorder<{ state: string }>();
    client.status.subscribe(later);
    core.says("disconnected", { cause: "server_disconnect" });
    expect(later.values.at(-1)).toEqual(client.status.value);
  });

  test("connect() in a status listener connects, though an older connect() is pending", async () => {
    const { client, core, promise } = await connecting();
    promise.catch(() => {});
    client.status.subscribe(({ state }) => {
      if (state === "disconnected") void client.connect();
    });
    core.calls.length = 0;
    client.disconnect();
    core.says("disconnected", { cause: "client_disconnect" });
    expect(core.callsOf("connect")).toEqual([[0]]);
  });

  test("stays closed, whatever the core says after destroy()", async () => {
    const { client, core } = await connected();
    const admin = client.namespace("/admin");
    await client.destroy();
    core.says("connected", { socket: 1 });
    core.says("disconnected", { cause: "server_disconnect" });
    expect([client.status.value, admin.status.value]).toEqual([
      { state: "closed" },
      { state: "closed" },
    ]);
  });

  test("auth is not asked for after destroy()", async () => {
    const auth = vi.fn(() => ({}));
    const { client, core } = await connected({ auth });
    await client.destroy();
    core.needsAuth(1);
    expect(auth).not.toHaveBeenCalled();
  });

  test("a signal that aborts during the first value ends the subscription", async () => {
    const { client, core } = await connected();
    const controller = new AbortController();
    const listener = vi.fn(() => controller.abort());
    client.status.subscribe(listener, { signal: controller.signal });
    core.says("waiting", { attempt: 1 });
    expect(listener).toHaveBeenCalledOnce();
  });
});

describe("connect()", () => {
  test("is not rejected by a dropped binary packet", async () => {
    const { core, promise } = await connecting();
    core.events.dropped({ code: "binary_unsupported", message: "", hint: "" });
    core.says("connected");
    await expect(promise).resolves.toBeUndefined();
  });

  test("of a namespace made after destroy() rejects", async () => {
    const { client, loader } = idle();
    await client.destroy();
    let settled = false;
    const connect = async () => client.namespace("/admin").connect();
    connect().catch(() => (settled = true));
    await turn();
    expect(settled).toBe(true);
    expect(loader.count).toBe(0);
  });
});

describe("before the core is there", () => {
  test("1,000 events can wait, whatever else has been asked for", () => {
    const { client } = idle();
    void client.connect();
    for (let n = 0; n < 5; n++) client.on(`event ${n}`).subscribe(() => {});
    for (let n = 0; n < 1_000; n++) client.emit("a");
    expect(() => client.emit("a")).toThrow(sockeyeError("buffer_full"));
  });

  test("10,000 subscriptions leave nothing", async () => {
    const { client, loader } = idle();
    for (let n = 0; n < 10_000; n++)
      client
        .on("a")
        .subscribe(() => {})
        .unsubscribe();
    void client.connect();
    client.emit("b");
    expect((await loader.succeed()).calls.length).toBeLessThan(10);
  });

  test("a volatile event is dropped instead of failing with buffer_full, and takes no room", () => {
    const { client } = idle();
    const volatile = client.with({ volatile: true });
    for (let n = 0; n < 900; n++) client.emit("a");
    for (let n = 0; n < 300; n++) expect(() => volatile.emit("a")).not.toThrow();
    expect(() => client.emit("a")).not.toThrow();
  });

  test("an aborted request leaves no timer", async () => {
    const { client } = idle();
    const controller = new AbortController();
    client
      .with({ signal: controller.signal })
      .request("a")
      .catch(() => {});
    controller.abort();
    await turn();
    expect(vi.getTimerCount(), "but that of the load").toBe(1);
  });

  test("an aborted request makes room", async () => {
    const { client } = idle();
    const controller = new AbortController();
    client
      .with({ signal: controller.signal })
      .request("a", "x".repeat(7_999_900))
      .catch(() => {});
    controller.abort();
    await turn();
    expect(() => client.emit("b", "x".repeat(1_000))).not.toThrow();
  });

  test("destroy() leaves no timer", async () => {
    const { client } = idle();
    client.request("a").catch(() => {});
    await client.destroy();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a failed load leaves no timer", async () => {
    const { client, loader } = idle();
    client.request("a").catch(() => {});
    await loader.fail(new Error("offline"));
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a request that a failed load rejects has its cause", async () => {
    const { client, loader } = idle();
    const answer = client.request("a").catch((error: unknown) => error);
    const cause = new Error("offline");
    await loader.fail(cause);
    expect(await answer).toMatchObject({ cause });
  });

  test("after a failed load, emit() does not connect what is disconnected", async () => {
    const { client, loader } = idle();
    void client.connect();
    await loader.fail(new Error("offline"));
    client.disconnect();
    client.emit("a");
    expect((await loader.succeed()).callsOf("connect")).toEqual([]);
  });

  test("a namespace that nobody has connected stays idle when loading fails", async () => {
    const { client, loader } = idle();
    const admin = client.namespace("/admin");
    void client.connect();
    await loader.fail(new Error("offline"));
    expect(admin.status.value).toEqual({ state: "idle" });
  });

  test("disconnect() while loading ends connect() and the status at once", async () => {
    const { client } = idle();
    const promise = client.connect();
    const settled = vi.fn();
    promise.catch(settled);
    client.disconnect();
    await turn();
    expect(client.status.value).toMatchObject({
      state: "disconnected",
      cause: { code: "client_disconnect" },
    });
    expect(settled).toHaveBeenCalledOnce();
  });

  test("what a listener sends while the queue is sent comes after it", async () => {
    const { client, loader } = idle();
    void client.connect();
    client.disconnect();
    client.emit("first");
    loader.core.onCall = ([method]) => {
      if (method === "disconnect") loader.core.says("disconnected", { cause: "client_disconnect" });
    };
    client.status.subscribe(({ state }) => {
      if (state === "disconnected") client.emit("second");
    });
    const core = await loader.succeed();
    expect(core.callsOf("emit").map(([, body]) => body)).toEqual(['["first"]', '["second"]']);
  });

  test("destroy() in a listener while the queue is sent stops it", async () => {
    const { client, loader } = idle();
    void client.connect();
    client.disconnect();
    void client.namespace("/admin").connect();
    loader.core.onCall = ([method]) => {
      if (method === "disconnect") loader.core.says("disconnected", { cause: "client_disconnect" });
    };
    client.status.subscribe(({ state }) => {
      if (state === "disconnected") void client.destroy();
    });
    const core = await loader.succeed();
    expect(core.calls.at(-1)).toEqual(["destroy"]);
  });

  test("what a listener disconnects while the core starts is not connected", async () => {
    const { client, loader } = idle();
    const admin = client.namespace("/admin");
    void client.connect();
    void admin.connect();
    loader.core.onCall = ([method, socket]) => {
      if (method === "connect" && socket === 0) loader.core.says("waiting", { attempt: 2 });
    };
    client.status.subscribe(({ state }) => {
      if (state === "waiting") admin.disconnect();
    });
    const core = await loader.succeed();
    expect(core.callsOf("connect")).toEqual([[0]]);
    expect(core.callsOf("disconnect")).toEqual([[1]]);
  });

  test("a core that throws is told, not kept as if nothing had happened", async () => {
    const { client, loader } = idle();
    const promise = client.connect().catch((error: unknown) => error);
    loader.core.onCall = ([method]) => {
      if (method === "connect") throw new WebAssembly.RuntimeError("unreachable");
    };
    await loader.succeed();
    expect(await promise).toEqual(sockeyeError("load_failed"));
    client.reconnectNow();
    expect(loader.count).toBe(2);
    const second = await loader.succeed();
    expect(second.callsOf("socket")).toEqual([["/", false]]);
  });
});

describe("other", () => {
  test("the cause of each namespace's auth_failed is its own", async () => {
    const causes = [new Error("root"), new Error("admin")];
    const { client, core, promise } = await connecting({
      auth: () => Promise.reject(causes[0] as Error),
    });
    const admin = client.namespace("/admin", { auth: () => Promise.reject(causes[1] as Error) });
    const other = admin.connect();
    core.needsAuth(1);
    core.needsAuth(1, { socket: 1 });
    await turn();
    core.fails("auth_failed", 0);
    core.fails("auth_failed", 1);
    await expect(promise).rejects.toMatchObject({ cause: causes[0] });
    await expect(other).rejects.toMatchObject({ cause: causes[1] });
  });

  test("iterator_overflow ends the subscription at once", async () => {
    const { client, core } = await connected();
    const iterator = client.on("a")[Symbol.asyncIterator]();
    const first = iterator.next();
    core.delivers("a", [0]);
    await first;
    for (let n = 0; n <= 10_001; n++) core.delivers("a", [n]);
    expect(core.names.size).toBe(0);
    await iterator.next().catch(() => {});
  });

  test("return() ends an iteration that waits", async () => {
    const { client, core } = await connected();
    const iterator = client.on("a")[Symbol.asyncIterator]();
    void iterator.next();
    await turn();
    void iterator.return?.();
    await turn();
    expect(core.names.size).toBe(0);
  });

  test("a responder is not called after destroy()", async () => {
    const { client, core } = await connected();
    const responder = vi.fn();
    const subscription = client.respond("a", responder);
    client.on("a").subscribe(() => void client.destroy());
    core.delivers("a", [], { ackId: 1 });
    expect(responder).not.toHaveBeenCalled();
    expect(subscription.closed).toBe(true);
  });

  test("a damaged module rejects once, with nothing unhandled", async () => {
    vi.useRealTimers();
    const onUnhandled = vi.fn();
    process.on("unhandledRejection", onUnhandled);
    await expect(decode(btoa("no zlib data"), 1)).rejects.toThrow();
    await turn();
    await turn();
    process.off("unhandledRejection", onUnhandled);
    expect(onUnhandled).not.toHaveBeenCalled();
  });

  test("a throwing complete of a late subscriber is reported, not thrown", async () => {
    const { client } = await connected();
    await client.destroy();
    const bad = {
      complete: () => {
        throw new Error("bad");
      },
    };
    expect(() => client.on("a").subscribe(bad)).not.toThrow();
    expect(() => client.status.subscribe(bad)).not.toThrow();
    expect(() => client.errors.subscribe(bad)).not.toThrow();
  });

  test("loading that rejects with nothing is told, too", async () => {
    const { client, loader } = idle();
    const promise = client.connect().catch((error: unknown) => error);
    await loader.fail(undefined);
    expect(await promise).toEqual(sockeyeError("load_failed"));
  });

  test("reconnectNow() in a listener of errors after a failed load loads again", async () => {
    const { client, loader } = idle();
    client.errors.subscribe(() => {
      if (loader.count < 2) client.reconnectNow();
    });
    void client.connect();
    await loader.fail(new Error("offline"));
    expect(loader.count).toBe(2);
  });

  test("a client that is destroyed by its last listener of autoConnect makes no core", async () => {
    const loader = new Loader();
    const client = new Client("https://example.com", { autoConnect: true }, loader.createCore);
    client.status.subscribe(({ state }) => {
      if (state === "connecting") void client.destroy();
    });
    await turn();
    expect(client.status.value).toEqual({ state: "closed" });
    expect(loader.count).toBe(0);
  });

  test("a signal of a request that is over in the queue cancels nothing", async () => {
    const { client, loader } = idle();
    const controller = new AbortController();
    client
      .with({ signal: controller.signal })
      .request("a")
      .catch(() => {});
    controller.abort();
    expect((await loader.succeed()).callsOf("cancel")).toEqual([]);
  });

  test("the same request aborted synchronously right after its answer cancels nothing", async () => {
    const { client, core } = await connected();
    const controller = new AbortController();
    const answer = client.with({ signal: controller.signal }).request("a");
    core.answers(0, 1);
    controller.abort();
    await answer;
    expect(core.callsOf("cancel")).toEqual([]);
  });
});

describe("a listener of the status", () => {
  test("may disconnect and connect again: the client is connected in the end", async () => {
    const { client, core } = await connected();
    client.disconnect();
    const promise = client.connect();
    expect(core.calls.map(([name]) => name)).toEqual(["disconnect", "connect"]);
    core.says("disconnected", { cause: "client_disconnect" });
    core.says("connecting", { attempt: 1 });
    core.says("connected");
    await expect(promise).resolves.toBeUndefined();
    expect(client.status.value).toEqual({ state: "connected", recovered: false });
  });

  test("that destroys the client is told that it is closed", async () => {
    const { client, core } = await connecting();
    const told: string[] = [];
    client.status.subscribe({
      next({ state }) {
        told.push(state);
        if (state === "connected") void client.destroy();
      },
      complete: () => told.push("complete"),
    });
    core.says("connected");
    expect(told).toEqual(["connecting", "connected", "closed", "complete"]);
  });

  test("that subscribes another has it told each status once", async () => {
    const { client, core } = await connected();
    const told: string[] = [];
    const first = client.status.subscribe(({ state }) => {
      if (state !== "disconnected") return;
      void client.connect();
      first.unsubscribe();
      client.status.subscribe((status) => told.push(status.state));
    });
    core.says("disconnected", { cause: "server_disconnect" });
    expect(told).toEqual(["disconnected", "connecting"]);
  });
});

test("auth that gives no object fails the attempt instead of sending it", async () => {
  const auth = (() => "token") as unknown as () => Record<string, unknown>;
  const { core } = await connecting({ auth });
  core.needsAuth(1);
  await turn();
  expect(core.callsOf("authenticate")).toEqual([]);
  expect(core.callsOf("failAuthentication")).toEqual([[0, 1]]);
});
