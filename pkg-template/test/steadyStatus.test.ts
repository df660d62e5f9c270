import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ClientStatus } from "../src/status.js";
import { connected, connecting, idle, recorder, sockeyeError } from "./support/setUp.js";

describe("the steady status", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  const states = ({ values }: { values: ClientStatus[] }) => values.map(({ state }) => state);

  async function watched() {
    const { client, core } = await connected();
    const seen = recorder<ClientStatus>();
    client.steadyStatus.subscribe(seen);
    return { client, core, seen };
  }

  test("is the current one at first", async () => {
    const { client, seen } = await watched();
    expect(client.steadyStatus.value).toEqual({ state: "connected", recovered: false });
    expect(states(seen)).toEqual(["connected"]);
    expect(client.steadyStatus).toBe(client.steadyStatus);
  });

  test("leaves a flap out", async () => {
    const { client, core, seen } = await watched();
    core.says("waiting", { attempt: 1, cause: "transport_close" });
    vi.advanceTimersByTime(100);
    core.says("connecting", { attempt: 1 });
    vi.advanceTimersByTime(199);
    core.says("connected");
    vi.advanceTimersByTime(10_000);
    expect(states(seen)).toEqual(["connected"]);
    expect(client.steadyStatus.value.state).toBe("connected");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("tells what has lasted, as it is then", async () => {
    const { client, core, seen } = await watched();
    core.says("waiting", { attempt: 1, cause: "transport_close" });
    vi.advanceTimersByTime(200);
    core.says("connecting", { attempt: 1 });
    vi.advanceTimersByTime(99);
    expect(client.steadyStatus.value.state).toBe("connected");
    vi.advanceTimersByTime(1);
    expect(client.steadyStatus.value).toEqual({ state: "connecting", attempt: 1 });
    expect(states(seen)).toEqual(["connected", "connecting"]);
  });

  test("leaves short attempts out while the client waits, and keeps the dates", async () => {
    const { core, seen } = await watched();
    core.says("waiting", { attempt: 1 });
    vi.advanceTimersByTime(300);
    for (const attempt of [2, 3]) {
      core.says("connecting", { attempt: attempt - 1 });
      vi.advanceTimersByTime(50);
      core.says("waiting", { attempt });
    }
    expect(seen.values.slice(1)).toMatchObject([
      { state: "waiting", attempt: 1 },
      { state: "waiting", attempt: 2 },
      { state: "waiting", attempt: 3 },
    ]);
  });

  test("tells at once what does not end by itself", async () => {
    const { client, core, seen } = await watched();
    core.says("waiting", { attempt: 1 });
    core.says("disconnected", { cause: "client_disconnect" });
    expect(states(seen)).toEqual(["connected", "disconnected"]);
    core.says("connecting", { attempt: 1 });
    await client.destroy();
    expect(states(seen)).toEqual(["connected", "disconnected", "closed"]);
    expect(seen.ends).toEqual(["complete"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("gives a late subscriber the current one", async () => {
    const { client, core } = await watched();
    core.says("waiting", { attempt: 1 });
    const late = recorder<ClientStatus>();
    client.steadyStatus.subscribe(late);
    expect(states(late)).toEqual(["connected"]);
    vi.advanceTimersByTime(300);
    expect(states(late)).toEqual(["connected", "waiting"]);
  });

  test("costs nothing where nobody asks for it", async () => {
    const { core } = await connecting();
    core.says("waiting", { attempt: 1 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is as steady as it is wanted", async () => {
    const { client, core } = await connecting({ steadyAfterMs: 1_000 });
    expect(client.steadyStatus.value.state).toBe("connecting");
    core.says("connected");
    vi.advanceTimersByTime(999);
    expect(client.steadyStatus.value.state).toBe("connecting");
    vi.advanceTimersByTime(1);
    expect(client.steadyStatus.value.state).toBe("connected");
  });

  test("is closed from the start after destroy()", async () => {
    const { client } = await connected();
    await client.destroy();
    const late = recorder<ClientStatus>();
    client.steadyStatus.subscribe(late);
    expect(states(late)).toEqual(["closed"]);
    expect(late.ends).toEqual(["complete"]);
  });

  test("cannot be as steady as no timer is", () => {
    expect(() => idle({ steadyAfterMs: 0 })).toThrow(sockeyeError("invalid_option"));
  });
});
