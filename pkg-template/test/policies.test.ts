import { afterEach, describe, expect, test, vi } from "vitest";
import type { ReconnectOn } from "../src/policies.js";
import type { ClientOptions } from "../src/options.js";
import type { SockeyeError } from "../src/errors.js";
import { errorData } from "./support/fakeCore.js";
import { connecting, idle, recorder, sockeyeError } from "./support/setUp.js";

const withAuth = { auth: () => ({ token: "t" }) };

/** What the client says when the server refuses it with `data`. */
async function refused(data: unknown, options: ClientOptions = {}) {
  const { client, core } = await connecting(options);
  const errors = recorder<SockeyeError>();
  client.errors.subscribe(errors);
  core.events.refused(0, data);
  core.events.verdictNeeded(0, 5, errorData("connect_refused"));
  return { verdict: core.callsOf("judge")[0], errors };
}

/** What the client says when the server disconnects it. */
async function disconnected(reconnectOn: ReconnectOn = {}) {
  const { client, core } = await connecting({ reconnectOn });
  const errors = recorder<SockeyeError>();
  client.errors.subscribe(errors);
  core.events.verdictNeeded(0, 5, errorData("server_disconnect"));
  return { verdict: core.callsOf("judge")[0], core, errors };
}

const stop = [0, 5, "stop", -1];
const retry = [0, 5, "retry", -1];
const refresh = [0, 5, "refresh", -1];

describe("after a refusal", () => {
  test.each<[string, unknown]>([
    ["the message `expired`", { message: "expired" }],
    ["the message `token_expired`", { message: "token_expired" }],
    ["the code `expired`", { message: "no", data: { code: "expired" } }],
    ["the code `token_expired`", { message: "no", data: { code: "token_expired" } }],
  ])("with %s the token is refreshed", async (_name, data) => {
    expect((await refused(data, withAuth)).verdict).toEqual(refresh);
  });

  test.each<[string, unknown]>([
    ["another message", { message: "not expired" }],
    ["a longer message", { message: "expired!" }],
    ["another code", { message: "no", data: { code: "banned" } }],
    ["a code of another kind", { message: "no", data: { code: { expired: true } } }],
    ["data that is no object", { message: "no", data: "expired" }],
    ["nothing", undefined],
    ["null", null],
    ["a text", "expired"],
  ])("with %s the client stays disconnected", async (_name, data) => {
    expect((await refused(data, withAuth)).verdict).toEqual(stop);
  });

  test("nothing is refreshed where auth always gives the same", async () => {
    const data = { message: "expired" };
    expect((await refused(data)).verdict).toEqual(stop);
    expect((await refused(data, { auth: { token: "t" } })).verdict).toEqual(stop);
  });

  test("the application can say what an expired token is", async () => {
    const isAuthExpired = vi.fn(({ data }: SockeyeError) => data === "old");
    const options = { ...withAuth, isAuthExpired };
    expect((await refused("old", options)).verdict).toEqual(refresh);
    expect((await refused({ message: "expired" }, options)).verdict).toEqual(stop);
    expect(isAuthExpired.mock.calls[0]).toEqual([sockeyeError("connect_refused", { data: "old" })]);
  });

  test.each<[ReconnectOn["refused"], unknown[]]>([
    [undefined, stop],
    ["never", stop],
    ["always", retry],
    [() => true, retry],
    [() => false, stop],
    [({ data }) => data === "full", retry],
  ])("the policy %s says what follows", async (policy, expected) => {
    const { verdict } = await refused("full", { reconnectOn: { refused: policy } });
    expect(verdict).toEqual(expected);
  });

  test.each<[ReconnectOn["refused"], unknown[]]>([
    [undefined, [0, 5, "retry", 3_000]],
    ["always", [0, 5, "retry", 3_000]],
    [() => true, [0, 5, "retry", 3_000]],
    ["never", stop],
    [() => false, stop],
  ])("that says when to come back, the policy %s says what follows", async (policy, expected) => {
    const data = { message: "full", data: { retryAfterMs: 3_000 } };
    const { verdict } = await refused(data, { reconnectOn: { refused: policy } });
    expect(verdict).toEqual(expected);
  });

  test.each([-1, NaN, "3000", null, {}])("%s is no time to come back", async (retryAfterMs) => {
    expect((await refused({ message: "full", data: { retryAfterMs } })).verdict).toEqual(stop);
  });
});

describe("after the server's disconnect", () => {
  test.each<[ReconnectOn["serverDisconnect"], string]>([
    [undefined, "never"],
    ["never", "never"],
    ["always", "always"],
    [() => true, "ask"],
  ])("the policy %s makes the core do this: %s", async (policy, expected) => {
    const { core } = await disconnected({ serverDisconnect: policy });
    expect(core.options.onServerDisconnect).toBe(expected);
    expect(core.options.onRefused).toBe("ask");
  });

  test("a function decides at that moment", async () => {
    let isBanned = false;
    const serverDisconnect = () => !isBanned;
    expect((await disconnected({ serverDisconnect })).verdict).toEqual(retry);
    isBanned = true;
    expect((await disconnected({ serverDisconnect })).verdict).toEqual(stop);
  });
});

describe("a function that decides", () => {
  afterEach(() => void vi.unstubAllGlobals());
  const cause = new Error("undecided");
  const throws = () => {
    throw cause;
  };

  test("and throws is reported, and says no", async () => {
    vi.stubGlobal("reportError", vi.fn());
    const { verdict, errors } = await disconnected({ serverDisconnect: throws });
    expect(verdict).toEqual(stop);
    expect(errors.values).toEqual([sockeyeError("listener_error", { cause })]);
    const options = { ...withAuth, isAuthExpired: throws, reconnectOn: { refused: throws } };
    const both = await refused({ message: "expired" }, options);
    expect(both.verdict).toEqual(stop);
    expect(both.errors.values).toHaveLength(2);
  });
});

describe("policies that cannot be followed", () => {
  test.each<[string, object]>([
    ["serverDisconnect", { reconnectOn: { serverDisconnect: "sometimes" } }],
    ["refused", { reconnectOn: { refused: true } }],
    ["isAuthExpired", { isAuthExpired: "expired" }],
  ])("are refused at once: %s", (name, options) => {
    expect(() => idle(options)).toThrow(sockeyeError("invalid_option"));
    expect(() => idle(options)).toThrow(name);
  });
});
