import { describe, expect, test, vi } from "vitest";
import { connected, connecting, idle, sockeyeError, turn } from "./support/setUp.js";

describe("connect()", () => {
  test("resolves when connected", async () => {
    const { core, promise } = await connecting();
    const resolved = vi.fn();
    void promise.then(resolved);
    core.says("connecting", { attempt: 1 });
    await turn();
    expect(resolved).not.toHaveBeenCalled();
    core.says("connected");
    await expect(promise).resolves.toBeUndefined();
  });

  test("resolves at once when connected already", async () => {
    const { client, core } = await connected();
    await expect(client.connect()).resolves.toBeUndefined();
    expect(core.calls).toEqual([]);
    expect(client.status.value).toEqual({ state: "connected", recovered: false });
  });

  test("gives the same promise until it has settled", async () => {
    const { client, core, promise } = await connecting();
    expect(client.connect()).toBe(promise);
    core.says("connected");
    core.says("disconnected", { cause: "server_disconnect" });
    const next = client.connect();
    expect(next).not.toBe(promise);
    expect(client.connect()).toBe(next);
    expect(core.callsOf("connect")).toEqual([[0], [0]]);
  });

  test("rejects with the error of the first attempt that fails", async () => {
    const { client, core, promise } = await connecting();
    core.fails("server_unreachable");
    core.says("waiting", { attempt: 2, retryInMs: 100, cause: "server_unreachable" });
    await expect(promise).rejects.toEqual(sockeyeError("server_unreachable"));
    expect(client.status.value).toMatchObject({ state: "waiting", attempt: 2 });
    core.says("connected");
    expect(client.status.value).toEqual({ state: "connected", recovered: false });
  });

  test("rejects when the client is disconnected for good", async () => {
    const { client, core, promise } = await connecting();
    client.disconnect();
    core.says("disconnected", { cause: "client_disconnect" });
    await expect(promise).rejects.toEqual(sockeyeError("client_disconnect"));
  });

  test("does not reject while the first attempt goes on", async () => {
    const { core, promise } = await connecting();
    const rejected = vi.fn();
    promise.catch(rejected);
    core.says("waiting", { attempt: 2, retryInMs: 100, cause: "transport_error" });
    await turn();
    expect(rejected).not.toHaveBeenCalled();
    core.fails("websocket_blocked");
    await expect(promise).rejects.toEqual(sockeyeError("websocket_blocked"));
  });

  test("has a promise that may be ignored", async () => {
    const onUnhandled = vi.fn();
    process.on("unhandledRejection", onUnhandled);
    const { client, core } = await connecting();
    core.fails("server_unreachable");
    await turn();
    void client.connect();
    await client.destroy();
    void client.connect();
    await turn();
    process.off("unhandledRejection", onUnhandled);
    expect(onUnhandled).not.toHaveBeenCalled();
  });

  test("waits for the next connection while the client tries again", async () => {
    const { client, core } = await connected();
    core.says("waiting", { attempt: 1, retryInMs: 100, cause: "transport_close" });
    const promise = client.connect();
    expect(client.status.value).toMatchObject({ state: "waiting", attempt: 1 });
    core.says("connecting", { attempt: 1, cause: "transport_close" });
    core.says("connected");
    await expect(promise).resolves.toBeUndefined();
  });

  test("rejects with the error of the next attempt while the client tries again", async () => {
    const { client, core } = await connecting();
    core.fails("server_unreachable");
    core.says("waiting", { attempt: 2, retryInMs: 100, cause: "server_unreachable" });
    const promise = client.connect();
    core.fails("connect_timeout");
    await expect(promise).rejects.toEqual(sockeyeError("connect_timeout"));
  });

  test("after the server's DISCONNECT connects again", async () => {
    const { client, core } = await connected();
    core.says("disconnected", { cause: "server_disconnect" });
    const promise = client.connect();
    expect(client.status.value).toEqual({ state: "connecting", attempt: 1 });
    expect(core.callsOf("connect")).toEqual([[0]]);
    core.says("connected");
    await promise;
  });

  test("gives what the server said when it refused", async () => {
    const { client, core, promise } = await connecting();
    const data = { message: "unauthorized", data: { code: 401 } };
    core.events.refused(0, data);
    core.fails("connect_refused", 0);
    core.says("disconnected", { cause: "connect_refused" });
    await expect(promise).rejects.toEqual(sockeyeError("connect_refused", { data }));
    expect(client.status.value).toMatchObject({ cause: { data } });
  });

  test("gives no data with any other error", async () => {
    const { client, core, promise } = await connecting();
    core.events.refused(0, { message: "unauthorized" });
    core.fails("connect_refused", 0);
    core.says("disconnected", { cause: "connect_refused" });
    await expect(promise).rejects.toBeDefined();
    const again = client.connect();
    core.fails("connect_timeout");
    await expect(again).rejects.toEqual(sockeyeError("connect_timeout", { data: undefined }));
  });

  test("rejects when the client is destroyed meanwhile", async () => {
    const { client, promise } = await connecting();
    await client.destroy();
    await expect(promise).rejects.toEqual(sockeyeError("client_destroyed"));
  });

  test("rejects when the client is destroyed while the core is being loaded", async () => {
    const { client } = idle();
    const promise = client.connect();
    await client.destroy();
    await expect(promise).rejects.toEqual(sockeyeError("client_destroyed"));
  });

  test("rejects after destroy()", async () => {
    const { client, loader } = idle();
    await client.destroy();
    await expect(client.connect()).rejects.toEqual(sockeyeError("client_destroyed"));
    expect(client.status.value).toEqual({ state: "closed" });
    expect(loader.count).toBe(0);
  });
});

describe("disconnect()", () => {
  test("disconnects its namespace", async () => {
    const { client, core } = await connected();
    client.disconnect();
    expect(core.calls).toEqual([["disconnect", 0]]);
  });

  test("keeps subscriptions and what waits to be sent", async () => {
    const { client, core } = await connected();
    const got = vi.fn();
    client.on("a").subscribe(got);
    client.disconnect();
    core.says("disconnected", { cause: "client_disconnect" });
    client.emit("b");
    expect(core.callsOf("emit")).toEqual([[0, '["b"]', undefined, false]]);
    void client.connect();
    core.says("connected");
    core.delivers("a", [1]);
    expect(got).toHaveBeenCalledExactlyOnceWith(1);
  });
});

describe("reconnectNow()", () => {
  test("asks the core to end the wait", async () => {
    const { client, core } = await connected();
    client.reconnectNow();
    expect(core.calls).toEqual([["reconnectNow"]]);
  });

  test("does nothing by itself", async () => {
    const { client, loader } = idle();
    client.reconnectNow();
    await turn();
    expect(loader.count).toBe(0);
    expect(client.status.value).toEqual({ state: "idle" });
  });
});
