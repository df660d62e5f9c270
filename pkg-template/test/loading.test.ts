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
      ["emit", 0, '["first",1]', false],
      ["request", 0, 0, '["second",2]', 10_000],
      ["emit", 1, '["third",3]', false],
    ]);
    expect(client.status.value).toMatchObject({
      state: "disconnected",
      cause: { code: "client_disconnect" },
    });
    core.calls.length = 0;
    client.emit("fifth");
    expect(core.calls).toEqual([["emit", 0, '["fifth"]', false]]);
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
    expect(core.callsOf("request")).toEqual([[0, 0, '["a"]', 300]]);
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
    const { client, loader } = idle();
    const errors = recorder();
    client.errors.subscribe(errors);
    const promise = client.connect();
    promise.catch(() => {});
    await loader.fail(cause);
    const error = sockeyeError("load_failed", { cause });
    await expect(promise).rejects.toEqual(error);
    expect(errors.values).toEqual([error]);
    expect(client.status.value).toEqual({ state: "disconnected", cause: error });
  });

  test("is told to all namespaces", async () => {
    const { client, loader } = idle();
    const other = client.namespace("/b");
    const promise = other.connect();
    promise.catch(() => {});
    await loader.fail(cause);
    await expect(promise).rejects.toEqual(sockeyeError("load_failed"));
    expect(other.status.value).toMatchObject({ state: "disconnected" });
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

  test("may succeed at the next connect(), with all that waited", async () => {
    const { client, loader } = idle();
    const got = vi.fn();
    client.on("a").subscribe(got);
    void client.connect();
    client.emit("b");
    await loader.fail(cause);
    const promise = client.connect();
    expect(client.status.value).toEqual({ state: "connecting", attempt: 1 });
    expect(loader.count).toBe(2);
    const core = await loader.succeed();
    core.says("connected");
    await expect(promise).resolves.toBeUndefined();
    expect(core.callsOf("socket")).toEqual([["/", false]]);
    expect(core.callsOf("emit")).toEqual([[0, '["b"]', false]]);
    core.delivers("a", [1]);
    expect(got).toHaveBeenCalledExactlyOnceWith(1);
  });

  test("may be tried again by a listener of the status", async () => {
    const { client, loader } = idle();
    client.status.subscribe(({ state }) => {
      if (state === "disconnected" && loader.count < 2) void client.connect();
    });
    void client.connect();
    await loader.fail(cause);
    expect(loader.count).toBe(2);
    expect(client.status.value).toEqual({ state: "connecting", attempt: 1 });
  });

  test("may fail again", async () => {
    const { client, loader } = idle();
    void client.connect();
    await loader.fail(cause);
    const promise = client.connect();
    promise.catch(() => {});
    await loader.fail(cause);
    await expect(promise).rejects.toEqual(sockeyeError("load_failed"));
    expect(loader.count).toBe(2);
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
