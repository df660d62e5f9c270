import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AuthRequest } from "../src/auth.js";
import type { FakeCore } from "./support/fakeCore.js";
import { StopReconnecting } from "../src/stopReconnecting.js";
import { connected, connecting, idle, recorder, sockeyeError, turn } from "./support/setUp.js";

/** An auth function whose answers come when the test says so. */
function slowAuth() {
  const requests: AuthRequest[] = [];
  const answers: ((payload: Record<string, unknown>) => void)[] = [];
  const auth = (request: AuthRequest) => {
    requests.push(request);
    return new Promise<Record<string, unknown>>((resolve) => void answers.push(resolve));
  };
  const signals = () => requests.map(({ signal }) => signal.aborted);
  return { auth, requests, answers, signals };
}

describe("a question for auth", () => {
  test("says which attempt it is for, and why it is asked", async () => {
    const { auth, requests } = slowAuth();
    const { core } = await connecting({ auth });
    core.needsAuth(1);
    core.needsAuth(2, { attempt: 4, reason: "expired" });
    core.needsAuth(3, { attempt: 1, reason: "refresh" });
    expect(requests).toMatchObject([
      { attempt: 1, reason: "connect" },
      { attempt: 4, reason: "expired" },
      { attempt: 1, reason: "refresh" },
    ]);
    expect(requests[0]?.signal).toBeInstanceOf(AbortSignal);
  });

  test.each<[string, (core: FakeCore) => void]>([
    ["the core has given it up", (core) => core.says("waiting", { cause: "auth_failed" })],
    ["the connection is lost", (core) => core.says("waiting", { cause: "transport_close" })],
    [
      "the core says that the client is disconnected",
      (core) => core.says("disconnected", { cause: "connect_refused" }),
    ],
    ["another is asked", (core) => core.needsAuth(2)],
  ])("is aborted when %s, and its answer counts no more", async (_name, happens) => {
    const { auth, answers, signals } = slowAuth();
    const { core } = await connecting({ auth });
    core.needsAuth(1);
    expect(signals()).toEqual([false]);
    happens(core);
    expect(signals()[0]).toBe(true);
    answers[0]?.({ token: "late" });
    await turn();
    expect(core.callsOf("authenticate")).toEqual([]);
    expect(core.callsOf("failAuthentication")).toEqual([]);
  });

  test("is aborted by destroy(), and its answer is nothing to the core", async () => {
    const { auth, answers, signals } = slowAuth();
    const { client, core } = await connecting({ auth });
    core.needsAuth(1);
    await client.destroy();
    expect(signals()).toEqual([true]);
    answers[0]?.({});
    await turn();
    expect(core.callsOf("authenticate")).toEqual([]);
  });

  test("is not aborted once it is answered", async () => {
    const { auth, answers, signals } = slowAuth();
    const { core } = await connecting({ auth });
    core.needsAuth(1);
    answers[0]?.({ token: "t" });
    await turn();
    core.says("connected");
    expect(signals()).toEqual([false]);
  });

  test("that takes too long fails with a cause that says so", async () => {
    const { auth } = slowAuth();
    const { core, promise } = await connecting({ auth });
    core.needsAuth(1);
    core.fails("auth_failed", 0);
    const error: unknown = await promise.catch((error: unknown) => error);
    expect(error).toEqual(sockeyeError("auth_failed"));
    expect(error).toMatchObject({ cause: { message: "it took too long" } });
  });

  test("tells no cause of an attempt before", async () => {
    const auth = vi.fn(() => Promise.reject(new Error("first")));
    const { client, core } = await connecting({ auth });
    const errors = recorder();
    client.errors.subscribe(errors);
    core.needsAuth(1);
    await turn();
    core.fails("auth_failed", 0);
    core.needsAuth(2);
    core.fails("auth_failed", 0);
    expect(errors.values).toMatchObject([
      { cause: { message: "first" } },
      { cause: { message: "it took too long" } },
    ]);
  });
});

describe("StopReconnecting", () => {
  const stopped = new StopReconnecting("the account is closed");

  test.each([
    ["throws", () => Promise.reject(stopped)],
    [
      "throws at once",
      () => {
        throw stopped;
      },
    ],
    [
      "throws one of another copy of the package",
      () => Promise.reject(Object.assign(new Error("closed"), { name: "StopReconnecting" })),
    ],
  ])("ends all attempts when auth %s it", async (_name, auth) => {
    const { core, promise, client } = await connecting({ auth });
    core.needsAuth(7);
    await turn();
    expect(core.callsOf("stopAuthentication")).toEqual([[0, 7]]);
    expect(core.callsOf("failAuthentication")).toEqual([]);
    core.fails("auth_stopped", 0);
    core.says("disconnected", { cause: "auth_stopped" });
    const error: unknown = await promise.catch((error: unknown) => error);
    expect(error).toEqual(sockeyeError("auth_stopped"));
    expect(error).toMatchObject({ cause: { name: "StopReconnecting" } });
    expect(client.status.value).toMatchObject({ state: "disconnected", cause: error });
    void client.connect();
    expect(core.callsOf("connect")).toHaveLength(2);
  });
});

describe("refreshAuth()", () => {
  test("joins anew and resolves when that is done", async () => {
    const { client, core } = await connected({ auth: () => ({ token: "t" }) });
    const done = vi.fn();
    const promise = client.refreshAuth().then(done);
    expect(core.callsOf("refreshAuth")).toEqual([[0]]);
    core.says("connecting", { attempt: 1 });
    await turn();
    expect(done).not.toHaveBeenCalled();
    core.says("connected");
    await promise;
    expect(done).toHaveBeenCalledOnce();
  });

  test("rejects with the error of the attempt, and the client goes on", async () => {
    const { client, core } = await connected({ auth: () => ({ token: "t" }) });
    const promise = client.refreshAuth();
    core.says("connecting", { attempt: 1 });
    core.fails("auth_failed", 0);
    await expect(promise).rejects.toEqual(sockeyeError("auth_failed"));
    core.says("waiting", { attempt: 2, cause: "auth_failed" });
    expect(client.status.value.state).toBe("waiting");
  });

  test("connects when nobody has", async () => {
    const { client, loader } = idle({ auth: () => ({ token: "t" }) });
    void client.refreshAuth();
    expect(client.status.value).toEqual({ state: "connecting", attempt: 1 });
    const core = await loader.succeed();
    expect(core.callsOf("connect")).toEqual([[0]]);
    expect(core.callsOf("refreshAuth")).toEqual([]);
  });

  test("rejects after destroy()", async () => {
    const { client } = await connected();
    await client.destroy();
    await expect(client.refreshAuth()).rejects.toEqual(sockeyeError("client_destroyed"));
  });

  test("of a namespace is its own affair", async () => {
    const { client, core } = await connected();
    const admin = client.namespace("/admin", { auth: () => ({}) });
    void admin.connect();
    void admin.refreshAuth();
    expect(core.callsOf("refreshAuth")).toEqual([[1]]);
  });
});

describe("a token", () => {
  const canary = "canary-4711";
  beforeEach(() => void vi.stubGlobal("reportError", vi.fn()));
  afterEach(() => void vi.unstubAllGlobals());

  /** Everything that can be read of a value, also in errors. */
  const write = (value: unknown): string =>
    JSON.stringify(value, (_key, value: unknown) =>
      value instanceof Error
        ? Object.getOwnPropertyNames(value).map((name) => Reflect.get(value, name) as unknown)
        : value,
    );

  test("goes nowhere but into the payload of CONNECT", async () => {
    const auth = () => Promise.resolve({ token: canary });
    const { client, core } = await connecting({ auth });
    const [statuses, errors] = [recorder(), recorder()];
    client.status.subscribe(statuses);
    client.errors.subscribe(errors);
    core.needsAuth(1);
    await turn();
    core.events.refused(0, { message: "no" });
    core.fails("connect_refused", 0);
    core.events.verdictNeeded(0, 1, { code: "connect_refused", message: "m", hint: "h" });
    core.fails("auth_failed", 0);
    core.says("waiting", { attempt: 2, cause: "auth_failed" });
    core.says("connected");
    client.emit("a", 1);
    void client.refreshAuth();
    client.setIdentity("bob");
    const calls = core.calls.filter(([name]) => name !== "authenticate");
    expect(write(core.callsOf("authenticate"))).toContain(canary);
    expect(write([calls, core.options, statuses.values, errors.values])).not.toContain(canary);
  });

  test("in an address is in no message and no cause", () => {
    for (const url of [
      `nonsense?token=${canary}`,
      `http://?token=${canary}`,
      `ftp://example.com/?token=${canary}`,
      `ftp://me:${canary}@example.com/`,
      `https://me:${canary}@:0:0/`,
      `nonsense#${canary}`,
    ]) {
      try {
        idle({}, url);
        expect.unreachable(url);
      } catch (error) {
        expect(error).toEqual(sockeyeError("invalid_url"));
        expect(write([error, (error as Error).cause])).not.toContain(canary);
        const { input } = ((error as Error).cause ?? {}) as { input?: string };
        expect(String(input)).not.toContain(canary);
      }
    }
  });
});
