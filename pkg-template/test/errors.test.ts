import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test, vi } from "vitest";
import { isSockeyeError, SockeyeError } from "../src/errors.js";
import { errorData } from "./support/fakeCore.js";
import { connected, connecting, recorder, sockeyeError } from "./support/setUp.js";

describe("client.errors", () => {
  test("has what failed without a call that could have", async () => {
    const { client, core } = await connecting();
    const errors = recorder();
    client.errors.subscribe(errors);
    core.fails("server_unreachable");
    core.fails("binary_unsupported", 0);
    core.fails("parse_error");
    expect(errors.values).toEqual([
      sockeyeError("server_unreachable"),
      sockeyeError("binary_unsupported"),
      sockeyeError("parse_error"),
    ]);
  });

  test("has nothing that a call has told", async () => {
    const { client, core } = await connected();
    const errors = recorder();
    client.errors.subscribe(errors);
    core.refusal = errorData("buffer_full");
    expect(() => client.emit("a")).toThrow();
    await expect(client.request("a")).rejects.toBeDefined();
    expect(() => client.emit("connect")).toThrow();
    expect(errors.values).toEqual([]);
  });

  test("does not replay", async () => {
    const { client, core } = await connecting();
    core.fails("server_unreachable");
    const errors = recorder();
    client.errors.subscribe(errors);
    expect(errors.values).toEqual([]);
  });

  test("has the same error that connect() rejects with", async () => {
    const { client, core, promise } = await connecting();
    const errors = recorder();
    client.errors.subscribe(errors);
    core.fails("server_unreachable");
    const error: unknown = await promise.catch((error: unknown) => error);
    expect(errors.values[0]).toBe(error);
  });

  test("completes with the client", async () => {
    const { client } = await connected();
    const errors = recorder();
    client.errors.subscribe(errors);
    await client.destroy();
    expect(errors).toMatchObject({ values: [], ends: ["complete"] });
  });

  test("whose own listener throws reports that, and goes on", async () => {
    const report = vi.fn();
    vi.stubGlobal("reportError", report);
    const { client, core } = await connected();
    const cause = new Error("bad error listener");
    client.errors.subscribe(() => {
      throw cause;
    });
    const errors = recorder();
    client.errors.subscribe(errors);
    core.fails("parse_error");
    expect(report).toHaveBeenCalledExactlyOnceWith(cause);
    expect(errors.values).toEqual([sockeyeError("parse_error")]);
  });
});

describe("SockeyeError", () => {
  test("is an Error with code, message and hint", () => {
    const error = new SockeyeError(errorData("ack_timeout"));
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toBe("SockeyeError: message of ack_timeout");
    expect(error).toMatchObject({ code: "ack_timeout", hint: "hint of ack_timeout" });
    expect(error.stack).toContain("errors.test");
  });

  test("has a cause only if there is one", () => {
    expect("cause" in new SockeyeError(errorData("ack_timeout"))).toBe(false);
    const cause = new Error("because");
    expect(new SockeyeError(errorData("ack_timeout"), { cause }).cause).toBe(cause);
  });
});

describe("isSockeyeError()", () => {
  afterEach(() => vi.resetModules());

  test("knows the errors of another copy of the package", async () => {
    vi.resetModules();
    const copy = await import("../src/errors.js");
    expect(copy.SockeyeError).not.toBe(SockeyeError);
    const foreign = new copy.SockeyeError(errorData("ack_timeout"));
    expect(foreign).not.toBeInstanceOf(SockeyeError);
    expect(isSockeyeError(foreign)).toBe(true);
    expect(copy.isSockeyeError(new SockeyeError(errorData("ack_timeout")))).toBe(true);
  });

  test.each<[string, unknown]>([
    ["another error", new Error("x")],
    ["no error", undefined],
    ["null", null],
    ["a text", "SockeyeError"],
    ["plain error data", { name: "SockeyeError", ...errorData("ack_timeout") }],
    ["an object of another realm", runInNewContext("({})")],
  ])("does not take %s for one", (_name, value) => {
    expect(isSockeyeError(value)).toBe(false);
  });
});

/** Parses the codes out of the declaration of the union. */
function errorCodes(): string[] {
  const source = readFileSync(new URL("../src/errors.ts", import.meta.url), "utf8");
  const union = /type SockeyeErrorCode =([^;]*);/.exec(source)?.[1] ?? "";
  return Array.from(union.matchAll(/"(\w+)"/g), ([, code]) => code ?? "");
}

describe("docs/errors.md", () => {
  test("is checked against the codes that there are", () => {
    expect(errorCodes().length).toBeGreaterThan(30);
    expect(errorCodes()).toContain("listener_error");
  });

  test.each(errorCodes())("explains %s", (code) => {
    const docs = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
    expect(docs).toContain(`\`${code}\``);
  });
});
