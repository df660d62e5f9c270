/** The log of a mock server, which tests read and wait on. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createMockServer, type MockServer } from "../../src/testing.js";
import { sockeyeError } from "../support/setUp.js";
import { connectRaw, openRaw, settle } from "./rawClient.js";

let server: MockServer;
beforeEach(() => {
  server = createMockServer({ connectionStateRecovery: {} });
  server.on("connection", (socket) => {
    socket.on("ask", (_question, answer: (text: string) => void) => answer("answer"));
  });
});
afterEach(() => server.close());

test("has what happened, in its order", async () => {
  const client = await openRaw(server);
  client.send('40{"token":"t"}');
  await settle();
  client.send('427["ask",{"a":1}]');
  server.emit("news", "n", Uint8Array.of(1));
  await settle();
  client.socket.close();
  await settle();
  const main = { connection: 1, kind: "packet", namespace: "/" };
  const [up, down] = [{ direction: "clientToServer" }, { direction: "serverToClient" }];
  expect(server.log.map(({ number }) => number)).toEqual(server.log.map((_, index) => index + 1));
  expect(server.log).toMatchObject([
    { kind: "opened", connection: 1 },
    { ...down, kind: "packet", packet: "open", args: [] },
    { ...up, ...main, packet: "connect", args: [{ token: "t" }] },
    { ...down, ...main, packet: "connect" },
    { ...up, ...main, packet: "event", event: "ask", args: [{ a: 1 }] },
    { ...down, ...main, packet: "event", event: "news", args: ["n", Buffer.from([1])] },
    { ...down, ...main, packet: "ack", args: ["answer"] },
    { kind: "closed", connection: 1, reason: "transport close" },
  ]);
  server.clearLog();
  expect(server.log).toEqual([]);
});

test("shows what cannot be read, too", async () => {
  const client = await connectRaw(server);
  client.send("42[");
  client.send('42["\\u0061"]');
  await settle();
  const last = server.log.slice(-2);
  expect(last).toMatchObject([
    { packet: "event", namespace: "/", args: [] },
    { kind: "closed", reason: "forced close" },
  ]);
});

test("is waited on: for what comes, what has come, and how often", async () => {
  const wait = server.waitFor({ event: "news" });
  const second = server.waitFor(({ event }) => event === "news", { count: 2 });
  await connectRaw(server);
  server.emit("news", 1);
  expect(await wait).toMatchObject({ args: [1] });
  server.emit("news", 2);
  expect(await second).toMatchObject({ args: [2] });
  expect(await server.waitFor({ event: "news" })).toMatchObject({ args: [1] });
  expect(await server.waitFor({ event: "news", connection: 1 }, { count: 2 })).toMatchObject({
    args: [2],
  });
});

test("says what happened instead, when it was waited for in vain", async () => {
  vi.useFakeTimers();
  await connectRaw(server);
  const waiting = server.waitFor({ event: "never" }, { timeoutMs: 50 });
  const failed = waiting.catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(50);
  const error = (await failed) as Error;
  expect(error).toEqual(sockeyeError("not_seen"));
  expect(error.message).toContain('{"event":"never"}');
  expect(error.message).toContain('"kind":"opened"');
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});
