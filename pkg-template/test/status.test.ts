import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { DisconnectReason } from "../src/status.js";
import type { SockeyeErrorCode } from "../src/errors.js";
import { connected, connecting, idle, recorder, sockeyeError } from "./support/setUp.js";

describe("the status", () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => void vi.useRealTimers());

  test("is idle until somebody asks for a connection", () => {
    expect(idle().client.status.value).toEqual({ state: "idle" });
  });

  test("is connecting as soon as connect() is called", () => {
    const { client } = idle();
    void client.connect();
    expect(client.status.value).toEqual({ state: "connecting", attempt: 1 });
  });

  test("is what the core says", async () => {
    const { client, core } = await connecting();
    core.says("connected");
    expect(client.status.value).toEqual({ state: "connected", recovered: false });
    core.says("waiting", { attempt: 3, retryInMs: 2_500, cause: "ping_timeout" });
    expect(client.status.value).toEqual({
      state: "waiting",
      attempt: 3,
      retryAt: 1_002_500,
      cause: sockeyeError("ping_timeout"),
      reason: "ping timeout",
    });
    core.says("connecting", { attempt: 3, cause: "ping_timeout" });
    expect(client.status.value).toEqual({
      state: "connecting",
      attempt: 3,
      cause: sockeyeError("ping_timeout"),
    });
    core.says("disconnected", { cause: "server_disconnect" });
    expect(client.status.value).toEqual({
      state: "disconnected",
      cause: sockeyeError("server_disconnect"),
    });
    core.says("idle");
    expect(client.status.value).toEqual({ state: "idle" });
  });

  test("says whether the connection before was taken up", async () => {
    const { client, core } = await connecting();
    expect(client.recovered).toBe(false);
    core.events.accepted(0, "x", true);
    core.says("connected");
    expect(client.status.value).toEqual({ state: "connected", recovered: true });
    expect(client.recovered).toBe(true);
    core.says("waiting", { attempt: 1, cause: "transport_close" });
    expect(client.recovered, "of the last connection").toBe(true);
    core.events.accepted(0, "y", false);
    core.says("connected");
    expect(client.status.value).toEqual({ state: "connected", recovered: false });
    expect(client.recovered).toBe(false);
  });

  test("says that attempts have become rare", async () => {
    const { client, core } = await connecting();
    core.says("waiting", { attempt: 9, retryInMs: 1_000, slow: true });
    expect(client.status.value).toMatchObject({ state: "waiting", slow: true });
    core.says("waiting", { attempt: 9, retryInMs: 1_000 });
    expect(client.status.value).not.toHaveProperty("slow");
  });

  test("has no cause where there is none", async () => {
    const { client, core } = await connecting();
    core.says("waiting", { attempt: 2, retryInMs: 0 });
    expect(client.status.value).toEqual({ state: "waiting", attempt: 2, retryAt: 1_000_000 });
    expect(Object.keys(client.status.value)).toEqual(["state", "attempt", "retryAt"]);
    core.says("connecting", { attempt: 2 });
    expect(Object.keys(client.status.value)).toEqual(["state", "attempt"]);
  });

  test.each<[SockeyeErrorCode, DisconnectReason | undefined]>([
    ["server_disconnect", "io server disconnect"],
    ["client_disconnect", "io client disconnect"],
    ["ping_timeout", "ping timeout"],
    ["transport_close", "transport close"],
    ["transport_error", "transport error"],
    ["parse_error", "parse error"],
    ["session_unknown", "transport error"],
    ["forbidden", "transport error"],
    ["http_error", "transport error"],
    ["server_unreachable", "transport error"],
    ["not_socketio", "transport error"],
    ["connect_refused", undefined],
    ["connect_timeout", undefined],
  ])("gives for %s the reason %s", async (cause, reason) => {
    const { client, core } = await connecting();
    core.says("connected");
    core.says("disconnected", { cause });
    expect(client.status.value).toEqual({
      state: "disconnected",
      cause: sockeyeError(cause),
      ...(reason && { reason }),
    });
    expect("reason" in client.status.value).toBe(reason !== undefined);
  });

  test("has no reason when an attempt failed, for no connection has ended", async () => {
    const { client, core } = await connecting();
    core.says("waiting", { attempt: 2, cause: "transport_error" });
    expect(client.status.value).not.toHaveProperty("reason");
    core.says("disconnected", { cause: "server_disconnect" });
    expect(client.status.value).not.toHaveProperty("reason");
  });

  test("has the core's texts in its cause", async () => {
    const { client, core } = await connecting();
    core.says("waiting", { attempt: 1, cause: "websocket_blocked" });
    expect(client.status.value).toMatchObject({
      cause: { message: "message of websocket_blocked", hint: "hint of websocket_blocked" },
    });
  });

  test("is closed after destroy()", async () => {
    const { client } = await connected();
    await client.destroy();
    expect(client.status.value).toEqual({ state: "closed" });
  });
});

describe("a subscriber to the status", () => {
  test("gets the current one first, at once", async () => {
    const { client, core } = await connecting();
    core.says("connected");
    const late = recorder();
    client.status.subscribe(late);
    expect(late.values).toEqual([{ state: "connected", recovered: false }]);
  });

  test("gets each change once", async () => {
    const { client, core } = await connecting();
    const statuses = recorder();
    client.status.subscribe(statuses);
    core.says("connecting", { attempt: 1 });
    core.says("connected");
    core.says("waiting", { attempt: 1, cause: "transport_close" });
    core.says("connecting", { attempt: 1, cause: "transport_close" });
    core.says("connected");
    expect(statuses.values.map((status) => (status as { state: string }).state)).toEqual([
      "connecting",
      "connected",
      "waiting",
      "connecting",
      "connected",
    ]);
  });

  test("sees connect() announced once, though the core says it again", async () => {
    const { client, loader } = idle();
    const statuses = recorder();
    client.status.subscribe(statuses);
    void client.connect();
    const core = await loader.succeed();
    core.says("connecting", { attempt: 1 });
    expect(statuses.values).toEqual([{ state: "idle" }, { state: "connecting", attempt: 1 }]);
  });

  test("sees a further attempt as a change", async () => {
    const { client, core } = await connecting();
    const statuses = recorder();
    client.status.subscribe(statuses);
    core.says("connecting", { attempt: 2 });
    core.says("connecting", { attempt: 3, cause: "transport_close" });
    expect(statuses.values).toMatchObject([{ attempt: 1 }, { attempt: 2 }, { attempt: 3 }]);
  });

  test("sees that more was found out about the last failure", async () => {
    const { client, core } = await connecting();
    const statuses = recorder();
    client.status.subscribe(statuses);
    core.says("connecting", { attempt: 1, cause: "transport_error" });
    core.says("connecting", { attempt: 1, cause: "websocket_blocked" });
    core.says("waiting", { attempt: 2, cause: "websocket_blocked" });
    core.says("waiting", { attempt: 2, cause: "not_socketio" });
    expect(statuses.values.slice(1)).toMatchObject([
      { state: "connecting", cause: { code: "transport_error" } },
      { state: "connecting", cause: { code: "websocket_blocked" } },
      { state: "waiting", cause: { code: "websocket_blocked" } },
      { state: "waiting", cause: { code: "not_socketio" } },
    ]);
  });

  test("finds what it is told in `value`", async () => {
    const { client, core } = await connected();
    const same: boolean[] = [];
    client.status.subscribe((status) => void same.push(status === client.status.value));
    core.says("waiting", { attempt: 1 });
    expect(same).toEqual([true, true]);
  });

  test("gets nothing after it has unsubscribed", async () => {
    const { client, core } = await connected();
    const statuses = recorder();
    client.status.subscribe(statuses).unsubscribe();
    core.says("waiting", { attempt: 1 });
    expect(statuses.values).toHaveLength(1);
  });

  test("gets `closed`, and then the end", async () => {
    const { client } = await connected();
    const statuses = recorder();
    client.status.subscribe(statuses);
    await client.destroy();
    expect(statuses.values.at(-1)).toEqual({ state: "closed" });
    expect(statuses.ends).toEqual(["complete"]);
  });

  test("that throws is reported, also at its first value, and stays", async () => {
    const { client, core } = await connected();
    const report = vi.fn();
    vi.stubGlobal("reportError", report);
    const errors = recorder();
    client.errors.subscribe(errors);
    const others = recorder();
    const cause = new Error("bad listener");
    client.status.subscribe(() => {
      throw cause;
    });
    client.status.subscribe(others);
    core.says("waiting", { attempt: 1 });
    expect(report.mock.calls).toEqual([[cause], [cause]]);
    expect(errors.values).toEqual([
      sockeyeError("listener_error", { cause }),
      sockeyeError("listener_error", { cause }),
    ]);
    expect(others.values).toHaveLength(2);
  });

  test("can wait for a state in a loop", async () => {
    const { client, core } = await connecting();
    const states: string[] = [];
    const waiting = (async () => {
      for await (const { state } of client.status) {
        states.push(state);
        if (state === "connected") return state;
      }
      return "ended";
    })();
    await Promise.resolve();
    core.says("connected");
    expect(await waiting).toBe("connected");
    expect(states).toEqual(["connecting", "connected"]);
  });
});
