import { describe, expect, test, vi } from "vitest";
import type { Auth } from "../src/auth.js";
import { connecting, idle, sockeyeError, turn } from "./support/setUp.js";

describe("auth", () => {
  test("that is missing is not asked for", async () => {
    const { core } = await connecting();
    expect(core.callsOf("socket")).toEqual([["/", false]]);
  });

  test("that is undefined is not asked for", async () => {
    const { core } = await connecting({ auth: undefined as unknown as Auth });
    expect(core.callsOf("socket")).toEqual([["/", false]]);
  });

  test.each<[string, Auth, string | undefined]>([
    ["an object", { token: "t", n: 1 }, '{"token":"t","n":1}'],
    ["what a function returns", () => ({ token: "t" }), '{"token":"t"}'],
    ["what a function resolves with", () => Promise.resolve({ token: "t" }), '{"token":"t"}'],
    ["nothing if a function returns undefined", () => undefined, undefined],
    ["nothing if a function resolves with undefined", () => Promise.resolve(undefined), undefined],
  ])("sends %s", async (_name, auth, payload) => {
    const { core } = await connecting({ auth });
    expect(core.callsOf("socket")).toEqual([["/", true]]);
    core.needsAuth(7);
    await turn();
    expect(core.callsOf("authenticate")).toEqual([[0, 7, payload]]);
    expect(core.callsOf("failAuthentication")).toEqual([]);
  });

  test("that is a function is called before every attempt, and not before", async () => {
    let count = 0;
    const auth = vi.fn(() => ({ token: ++count }));
    const { core } = await connecting({ auth });
    await turn();
    expect(auth).not.toHaveBeenCalled();
    core.needsAuth(1);
    await turn();
    core.needsAuth(2);
    await turn();
    expect(core.callsOf("authenticate")).toEqual([
      [0, 1, '{"token":1}'],
      [0, 2, '{"token":2}'],
    ]);
  });

  test("that is an object is read before every attempt", async () => {
    const auth = { token: "old" };
    const { core } = await connecting({ auth });
    auth.token = "new";
    core.needsAuth(1);
    await turn();
    expect(core.callsOf("authenticate")).toEqual([[0, 1, '{"token":"new"}']]);
  });

  const cause = new Error("no token");
  test.each<[string, Auth, unknown]>([
    [
      "throws",
      () => {
        throw cause;
      },
      cause,
    ],
    ["rejects", () => Promise.reject(cause), cause],
    ["gives what is no JSON", () => ({ id: 1n }), sockeyeError("not_serializable")],
    ["is no JSON", { id: 1n }, sockeyeError("not_serializable")],
  ])("that %s fails the attempt, with the cause", async (_name, auth, expected) => {
    const { client, core, promise } = await connecting({ auth });
    promise.catch(() => {});
    core.needsAuth(7);
    await turn();
    expect(core.callsOf("authenticate")).toEqual([]);
    expect(core.callsOf("failAuthentication")).toEqual([[0, 7]]);
    core.fails("auth_failed", 0);
    core.says("waiting", { attempt: 2, retryInMs: 100, cause: "auth_failed" });
    const error: unknown = await promise.catch((error: unknown) => error);
    expect(error).toEqual(sockeyeError("auth_failed"));
    expect(error).toMatchObject({ cause: expected });
    expect(client.status.value).toMatchObject({ cause: { code: "auth_failed", cause: expected } });
  });

  test("may succeed after it has failed", async () => {
    const auth = vi.fn<() => Record<string, unknown>>().mockImplementationOnce(() => {
      throw cause;
    });
    auth.mockReturnValue({ token: "t" });
    const { core } = await connecting({ auth });
    core.needsAuth(1);
    await turn();
    core.needsAuth(2);
    await turn();
    expect(core.callsOf("failAuthentication")).toEqual([[0, 1]]);
    expect(core.callsOf("authenticate")).toEqual([[0, 2, '{"token":"t"}']]);
  });

  test("of a namespace is its own, the one given first", async () => {
    const { client, loader } = idle({ auth: { token: "root" } });
    client.namespace("/admin", { auth: { token: "admin" } });
    client.namespace("/admin", { auth: { token: "too late" } });
    client.namespace("/open");
    void client.connect();
    const core = await loader.succeed();
    expect(core.callsOf("socket")).toEqual([
      ["/", true],
      ["/admin", true],
      ["/open", false],
    ]);
    core.needsAuth(3, { socket: 1 });
    core.needsAuth(3);
    await turn();
    expect(core.callsOf("authenticate")).toEqual([
      [1, 3, '{"token":"admin"}'],
      [0, 3, '{"token":"root"}'],
    ]);
  });
});
