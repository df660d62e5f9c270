import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { logTrace, type LogLevel } from "../src/debug.js";
import { connected, sockeyeError } from "./support/setUp.js";

const written: unknown[][] = [];
const writer =
  (level: LogLevel) =>
  (...args: unknown[]) =>
    void written.push([level, ...args]);
const console = { error: writer("error"), info: writer("info"), debug: writer("debug") };

beforeEach(() => void written.splice(0));
afterEach(() => void vi.useRealTimers());

test("writes what passes, statuses and errors, each at its level", async () => {
  const { client, core } = await connected();
  logTrace(client, { console });
  client.on("in").subscribe(() => {});
  client.emit("out", "x");
  core.delivers("in", [{ a: 1 }]);
  core.says("waiting", { cause: "ping_timeout" });
  core.fails("server_unreachable");
  expect(written).toEqual([
    ["debug", "sockeye → event / out 5"],
    ["debug", "sockeye ← event / in 9"],
    ["info", "sockeye status / waiting"],
    ["error", "sockeye error server_unreachable"],
  ]);
});

test.each([
  ["error", ["error"]],
  ["info", ["info", "error"]],
  ["debug", ["debug", "info", "error"]],
] as const)("writes at the level %s only what is as important", async (level, expected) => {
  const { client, core } = await connected();
  logTrace(client, { console, level });
  client.emit("out");
  core.says("waiting", { cause: "ping_timeout" });
  core.fails("server_unreachable");
  expect(written.map(([at]) => at)).toEqual(expected);
});

test("writes arguments only if it is told to", async () => {
  const { client } = await connected();
  const trace = logTrace(client, { console });
  client.emit("login", "secret");
  expect(JSON.stringify(written)).not.toContain("secret");
  trace.stop();
  logTrace(client, { console, payloads: true });
  client.emit("login", "secret");
  expect(written.at(-1)).toEqual(["debug", "sockeye → event / login 10", ["secret"]]);
  expect(written).toHaveLength(2);
});

test("writes into the console by itself, and cannot write at other levels", async () => {
  const debug = vi.spyOn(globalThis.console, "debug").mockReturnValue();
  const { client } = await connected();
  logTrace(client);
  client.emit("out");
  expect(debug).toHaveBeenCalledExactlyOnceWith("sockeye → event / out 2");
  const wrong = { level: "loud" as LogLevel };
  expect(() => logTrace(client, wrong)).toThrow(sockeyeError("invalid_option"));
});

test("what onEntry throws is thrown later, and disturbs nothing", async () => {
  vi.useFakeTimers({ toFake: ["queueMicrotask"] });
  const { client } = await connected();
  const mistake = new Error("mistake");
  const trace = client.trace({
    onEntry: () => {
      throw mistake;
    },
  });
  client.emit("out");
  expect(trace.entries).toHaveLength(1);
  expect(() => vi.runAllTicks()).toThrow(mistake);
});
