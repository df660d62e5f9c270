import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Client } from "../src/client.js";
import { idle, Loader, recorder, sockeyeError, turn } from "./support/setUp.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("connecting by itself", () => {
  const create = (autoConnect?: boolean) => {
    const loader = new Loader();
    const options = autoConnect === undefined ? {} : { autoConnect };
    return { loader, client: new Client("https://example.com", options, loader.createCore) };
  };

  test.each(["document", "importScripts"])("happens where there is a %s", async (mark) => {
    vi.stubGlobal(mark, {});
    const { loader, client } = create();
    expect(loader.count).toBe(0);
    expect(client.status.value).toEqual({ state: "idle" });
    await turn();
    expect(loader.count).toBe(1);
    expect(client.status.value).toEqual({ state: "connecting", attempt: 1 });
    expect((await loader.succeed()).callsOf("connect")).toEqual([[0]]);
  });

  test("does not happen elsewhere", async () => {
    const { loader, client } = create();
    await turn();
    expect(loader.count).toBe(0);
    expect(client.status.value).toEqual({ state: "idle" });
  });

  test("can be switched on and off", async () => {
    expect(await loadsAfterATurn(create(true))).toBe(1);
    vi.stubGlobal("document", {});
    expect(await loadsAfterATurn(create(false))).toBe(0);
  });

  test("happens once if the application has connected before", async () => {
    const { loader, client } = create(true);
    void client.connect();
    const core = await loader.succeed();
    expect(loader.count).toBe(1);
    expect(core.callsOf("connect")).toEqual([[0]]);
  });

  test("does not happen if the application has destroyed the client before", async () => {
    const { loader, client } = create(true);
    void client.destroy();
    expect(await loadsAfterATurn({ loader })).toBe(0);
    expect(client.status.value).toEqual({ state: "closed" });
  });

  test("does not happen if the application has disconnected before", async () => {
    const { loader, client } = create(true);
    client.disconnect();
    expect(await loadsAfterATurn({ loader })).toBe(0);
    void client.connect();
    expect(loader.count).toBe(1);
  });

  test("that fails rejects nothing that nobody handles", async () => {
    const onUnhandled = vi.fn();
    process.on("unhandledRejection", onUnhandled);
    const { loader } = create(true);
    await turn();
    await loader.fail(new Error("offline"));
    await turn();
    process.off("unhandledRejection", onUnhandled);
    expect(onUnhandled).not.toHaveBeenCalled();
  });

  async function loadsAfterATurn({ loader }: { loader: Loader }): Promise<number> {
    await turn();
    return loader.count;
  }
});

describe("loading", () => {
  test("waits until something needs the core", async () => {
    const { client, loader } = idle();
    client.on("a").subscribe(() => {});
    client.respond("b", () => undefined);
    client.namespace("/c");
    client.status.subscribe(() => {});
    await turn();
    expect(loader.count).toBe(0);
  });

  test.each([
    ["connect()", (client: Client) => void client.connect()],
    ["emit()", (client: Client) => client.emit("a")],
    ["request()", (client: Client) => void client.request("a").catch(() => {})],
    ["connect() of a namespace", (client: Client) => void client.namespace("/b").connect()],
  ])("starts with %s", async (_name, call) => {
    const { client, loader } = idle();
    call(client);
    await turn();
    expect(loader.count).toBe(1);
    await client.destroy();
  });

  test("happens once", async () => {
    const { client, loader } = idle();
    void client.connect();
    void client.namespace("/b").connect();
    client.emit("a");
    const core = await loader.succeed();
    client.emit("a");
    core.says("disconnected", { cause: "server_disconnect" });
    void client.connect();
    await turn();
    expect(loader.count).toBe(1);
  });

  test("keeps the order of what was asked for in the meantime", async () => {
    const { client, loader } = idle();
    const subscription = client.on("gone").subscribe(() => {});
    void client.connect();
    client.emit("first", 1);
    void client.request("second", 2);
    subscription.unsubscribe();
    client.namespace("/b").emit("third", 3);
    client.with({ volatile: true }).emit("fourth");
    client.reconnectNow();
    client.disconnect();
    const core = await loader.succeed();
    expect(core.calls).toEqual([
      ["socket", "/", false],
      ["socket", "/b", false],
      ["emit", 0, '["first",1]', undefined, false],
      ["request", 0, 0, '["second",2]', undefined, 10_000],
      ["emit", 1, '["third",3]', undefined, false],
    ]);
    expect(client.status.value).toMatchObject({
      state: "disconnected",
      cause: { code: "client_disconnect" },
    });
    core.calls.length = 0;
    client.emit("fifth");
    expect(core.calls).toEqual([["emit", 0, '["fifth"]', undefined, false]]);
  });
});

describe("what waits for the core", () => {
  const bodyOf = (length: number) => "x".repeat(length - '["a",""]'.length);

  test("is at most 8 MB", () => {
    const { client } = idle();
    client.emit("a", bodyOf(4_000_000));
    client.emit("a", bodyOf(4_000_000));
    expect(() => client.emit("a")).toThrow(sockeyeError("buffer_full"));
    expect(() => idle().client.emit("a", bodyOf(8_000_000))).not.toThrow();
    expect(() => idle().client.emit("a", bodyOf(8_000_001))).toThrow(sockeyeError("buffer_full"));
  });

  test("is at most 1,000 events", async () => {
    const { client, loader } = idle();
    const refused = countRefused(1_100, () => client.emit("a"));
    expect(refused).toBeGreaterThanOrEqual(100);
    expect((await loader.succeed()).callsOf("emit")).toHaveLength(1_100 - refused);
  });

  test("includes requests, which reject when there is no room", async () => {
    const { client } = idle();
    client.emit("a", bodyOf(8_000_000));
    await expect(client.request("b")).rejects.toEqual(sockeyeError("buffer_full"));
    expect(vi.getTimerCount(), "but that of the load").toBe(1);
  });

  test("has room again when it has been sent", async () => {
    const { client, loader } = idle();
    client.emit("a", bodyOf(8_000_000));
    await loader.succeed();
    expect(() => client.emit("a", "x".repeat(1_000))).not.toThrow();
  });

  function countRefused(times: number, emit: () => void): number {
    let refused = 0;
    for (let count = 0; count < times; count++) {
      try {
        emit();
      } catch (error) {
        expect(error).toEqual(sockeyeError("buffer_full"));
        refused++;
      }
    }
    return refused;
  }
});

describe("requests that wait for the core", () => {
  test("time out from the call", async () => {
    const { client, loader } = idle();
    const answer = client
      .with({ timeoutMs: 500 })
      .request("a")
      .catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(499);
    const settled = vi.fn();
    void answer.then(settled);
    await turn();
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(await answer).toEqual(sockeyeError("ack_timeout"));
    expect((await loader.succeed()).callsOf("request")).toEqual([]);
  });

  test("have the rest of their time when it is there", async () => {
    const { client, loader } = idle();
    void client.with({ timeoutMs: 500 }).request("a");
    await vi.advanceTimersByTimeAsync(200);
    const core = await loader.succeed();
    expect(core.callsOf("request")).toEqual([[0, 0, '["a"]', undefined, 300]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("can be aborted", async () => {
    const { client, loader } = idle();
    const controller = new AbortController();
    const answer = client.with({ signal: controller.signal }).request("a");
    controller.abort();
    await expect(answer).rejects.toEqual(sockeyeError("aborted"));
    expect((await loader.succeed()).callsOf("request")).toEqual([]);
  });

  test("reject if the core refuses them", async () => {
    const { client, loader } = idle();
    const answer = client.request("a").catch((error: unknown) => error);
    loader.core.refusal = { code: "too_many_requests", message: "m", hint: "h" };
    await loader.succeed();
    expect(await answer).toEqual(sockeyeError("too_many_requests"));
  });
});

describe("a load that fails", () => {
  const cause = new TypeError("Failed to fetch dynamically imported module");

  test("is told by errors, by the status and by connect()", async () => {
    vi.setSystemTime(1_000_000);
    const { client, loader } = idle({ random: () => 0.5 });
    const errors = recorder();
    client.errors.subscribe(errors);
    const promise = client.connect();
    promise.catch(() => {});
    await loader.fail(cause);
    const error = sockeyeError("load_failed", { cause });
    await expect(promise).rejects.toEqual(error);
    expect(errors.values).toEqual([error]);
    expect(client.status.value).toEqual({
      state: "waiting",
      attempt: 2,
      retryAt: 1_000_550,
      cause: error,
    });
  });

  test("is told to all namespaces that are to be connected", async () => {
    const { client, loader } = idle();
    const [admin, idler] = [client.namespace("/admin"), client.namespace("/idle")];
    const promise = admin.connect();
    promise.catch(() => {});
    await loader.fail(cause);
    await expect(promise).rejects.toEqual(sockeyeError("load_failed"));
    expect(admin.status.value).toMatchObject({ state: "waiting", attempt: 2 });
    expect([client, idler].map(({ status }) => status.value.state)).toEqual(["idle", "idle"]);
  });

  test("rejects the requests that waited", async () => {
    const { client, loader } = idle();
    const answers = [client.request("a"), client.namespace("/b").request("c")];
    const settled = Promise.allSettled(answers);
    await loader.fail(cause);
    const rejected = { status: "rejected", reason: sockeyeError("load_failed") };
    expect(await settled).toEqual([rejected, rejected]);
  });

  test("says wasm_unavailable if the core cannot run here", async () => {
    const { client, loader } = idle();
    const promise = client.connect();
    promise.catch(() => {});
    const data = { code: "wasm_unavailable", message: "forbidden", hint: "allow it", cause };
    await loader.fail(Object.assign(new Error(), data));
    await expect(promise).rejects.toEqual(
      sockeyeError("wasm_unavailable", { message: "forbidden", hint: "allow it", cause }),
    );
    expect(client.status.value).toMatchObject({ cause: sockeyeError("wasm_unavailable") });
  });

  test("is tried again after a wait, with all that waited", async () => {
    const { client, loader } = idle({ random: () => 0 });
    const got = vi.fn();
    client.on("a").subscribe(got);
    void client.connect();
    client.emit("b");
    await loader.fail(cause);
    await vi.advanceTimersByTimeAsync(99);
    expect(loader.count).toBe(1);
    const states = recorder();
    client.status.subscribe(states);
    await vi.advanceTimersByTimeAsync(1);
    expect(loader.count).toBe(2);
    const core = await loader.succeed();
    expect(core.callsOf("connect")).toEqual([[0]]);
    core.says("connecting", { attempt: 1 });
    core.says("connected");
    expect(states.values).toMatchObject([
      { state: "waiting", attempt: 2 },
      { state: "connecting", attempt: 2, cause: sockeyeError("load_failed", { cause }) },
      { state: "connecting", attempt: 2 },
      { state: "connected" },
    ]);
    expect(core.callsOf("emit")).toEqual([[0, '["b"]', undefined, false]]);
    core.delivers("a", [1]);
    expect(got).toHaveBeenCalledExactlyOnceWith(1);
  });

  test("is tried again at growing waits, counted until there is a connection", async () => {
    const { client, loader } = idle({ random: () => 1, reconnect: { capMs: 3_000 } });
    void client.connect();
    for (const [index, wait] of [1_000, 2_000, 3_000, 3_000].entries()) {
      await loader.fail(cause);
      expect(client.status.value).toMatchObject({
        state: "waiting",
        attempt: index + 2,
        retryAt: Date.now() + wait,
      });
      await vi.advanceTimersByTimeAsync(wait - 1);
      expect(loader.count).toBe(index + 1);
      await vi.advanceTimersByTimeAsync(1);
      expect(loader.count).toBe(index + 2);
    }
    const core = await loader.succeed();
    core.says("waiting", { attempt: 2, cause: "server_unreachable" });
    expect(client.status.value).toMatchObject({ state: "waiting", attempt: 6 });
    core.says("connected");
    core.says("waiting", { attempt: 1, cause: "transport_close" });
    expect(client.status.value).toMatchObject({ state: "waiting", attempt: 1 });
  });

  test("has no wait that is over the longest", async () => {
    const { client, loader } = idle({ random: () => 1, reconnect: { capMs: 50 } });
    void client.connect();
    await loader.fail(cause);
    await vi.advanceTimersByTimeAsync(50);
    expect(loader.count).toBe(2);
  });

  test("is one that takes longer than an attempt may; it is given up, and tried again", async () => {
    const { client, loader } = idle({ random: () => 0, connectTimeoutMs: 500 });
    const promise = client.connect();
    promise.catch(() => {});
    await vi.advanceTimersByTimeAsync(499);
    expect(loader.givenUp).toEqual([false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(loader.givenUp).toEqual([true]);
    await expect(promise).rejects.toMatchObject({ cause: { message: "it took too long" } });
    await vi.advanceTimersByTimeAsync(100);
    expect(loader.givenUp).toEqual([true, false]);
    await client.destroy();
    expect(loader.givenUp).toEqual([true, true]);
  });

  test("is tried again at once with reconnectNow(), and connect() does not hurry it", async () => {
    const { client, loader } = idle();
    void client.connect();
    await loader.fail(cause);
    const states = recorder();
    client.status.subscribe(states);
    const promise = client.connect();
    promise.catch(() => {});
    expect(loader.count).toBe(1);
    expect(states.values, "nothing new").toHaveLength(1);
    client.reconnectNow();
    expect(client.status.value).toMatchObject({ state: "connecting", attempt: 2 });
    client.reconnectNow();
    expect(loader.count).toBe(2);
    await loader.fail(cause);
    await expect(promise).rejects.toEqual(sockeyeError("load_failed"));
  });

  test("makes a namespace wait that joins", async () => {
    const { client, loader } = idle({ random: () => 1 });
    void client.connect();
    await loader.fail(cause);
    const admin = client.namespace("/admin");
    void admin.connect();
    expect(admin.status.value).toEqual(client.status.value);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(admin.status.value).toMatchObject({ state: "connecting", attempt: 2 });
    expect((await loader.succeed()).callsOf("connect")).toEqual([[0], [1]]);
  });

  test("is not tried again when the last one has disconnected", async () => {
    const { client, loader } = idle();
    const admin = client.namespace("/admin");
    void client.connect();
    void admin.connect();
    await loader.fail(cause);
    client.disconnect();
    expect(vi.getTimerCount()).toBe(1);
    admin.disconnect();
    expect(vi.getTimerCount()).toBe(0);
    for (const { status } of [client, admin]) {
      expect(status.value).toMatchObject({
        state: "disconnected",
        cause: { code: "client_disconnect" },
      });
    }
    void client.connect();
    expect(client.status.value).toEqual({ state: "connecting", attempt: 1 });
    expect(loader.count).toBe(2);
  });

  test("whose listener disconnects is not tried again", async () => {
    const { client, loader } = idle();
    const admin = client.namespace("/admin");
    client.status.subscribe(({ state }) => {
      if (state !== "waiting") return;
      client.disconnect();
      admin.disconnect();
    });
    void client.connect();
    void admin.connect();
    await loader.fail(cause);
    expect(vi.getTimerCount()).toBe(0);
    expect(admin.status.value).toMatchObject({ state: "disconnected" });
  });

  test("whose listener disconnects another namespace does not make that wait", async () => {
    const { client, loader } = idle();
    const admin = client.namespace("/admin");
    client.status.subscribe(({ state }) => state === "waiting" && admin.disconnect());
    void client.connect();
    void admin.connect();
    await loader.fail(cause);
    expect(client.status.value).toMatchObject({ state: "waiting" });
    expect(admin.status.value).toMatchObject({ state: "disconnected" });
  });

  test("whose listener ends the wait tells nobody that it waits", async () => {
    const { client, loader } = idle();
    const admin = client.namespace("/admin");
    client.status.subscribe(({ state }) => state === "waiting" && client.reconnectNow());
    void client.connect();
    void admin.connect();
    await loader.fail(cause);
    expect(loader.count).toBe(2);
    expect(admin.status.value).toMatchObject({ state: "connecting", attempt: 2 });
  });

  test("leaves requests the rest of their time, and is their end", async () => {
    const { client, loader } = idle({ random: () => 1 });
    void client.connect();
    const [short, long] = [1_500, 60_000].map((timeoutMs) =>
      client
        .with({ timeoutMs })
        .request("a")
        .catch((error: unknown) => error),
    );
    await loader.fail(cause);
    await vi.advanceTimersByTimeAsync(1_000);
    await loader.fail(cause);
    await vi.advanceTimersByTimeAsync(500);
    expect(await short).toEqual(sockeyeError("load_failed", { cause }));
    await vi.advanceTimersByTimeAsync(1_500);
    const core = await loader.succeed();
    expect(core.callsOf("request")).toEqual([[0, 1, '["a"]', undefined, 57_000]]);
    core.answers(0, "yes");
    expect(await long).toBe("yes");
  });

  test("is not tried again where the core cannot run", async () => {
    const { client, loader } = idle();
    void client.connect();
    const answer = client.request("a").catch((error: unknown) => error);
    const data = { code: "wasm_unavailable", message: "forbidden", hint: "allow it" };
    await loader.fail(Object.assign(new Error(), data));
    expect(client.status.value).toMatchObject({ state: "disconnected" });
    expect(await answer).toEqual(sockeyeError("wasm_unavailable"));
    expect(vi.getTimerCount()).toBe(0);
    void client.connect();
    expect(loader.count).toBe(2);
    (await loader.succeed()).says("waiting", { attempt: 2 });
    expect(client.status.value).toMatchObject({ state: "waiting", attempt: 2 });
  });

  test("leaves no timer in a client that is destroyed", async () => {
    const { client, loader } = idle();
    void client.connect();
    await loader.fail(cause);
    await client.destroy();
    expect(vi.getTimerCount()).toBe(0);
    client.reconnectNow();
    expect(loader.count).toBe(1);
  });

  test("is of no interest to a client that has been destroyed", async () => {
    const { client, loader } = idle();
    const errors = recorder();
    client.errors.subscribe(errors);
    void client.connect();
    await client.destroy();
    await loader.fail(cause);
    expect(client.status.value).toEqual({ state: "closed" });
    expect(errors.values).toEqual([]);
  });
});

test("loading that ends after destroy() leaves nothing", async () => {
  const { client, loader } = idle();
  client.on("a").subscribe(() => {});
  void client.connect();
  client.emit("b");
  await client.destroy();
  expect((await loader.succeed()).calls).toEqual([["destroy"]]);
});
