import { expect, test, vi } from "vitest";
import { latest } from "../src/streams/latest.js";
import { connected, idle, sockeyeError, turn } from "./support/setUp.js";

test("keeps what passes, statuses and errors of all namespaces", async () => {
  vi.spyOn(Date, "now").mockReturnValue(1_000);
  const { client, core } = await connected();
  const trace = client.trace();
  const other = client.namespace("/other");
  other.on("in").subscribe(() => {});
  client.respond("question", () => "answer");
  client.emit("out", "x");
  const request = client.request("request");
  core.answers(0, 5);
  await request;
  other.enqueue("action", 1);
  core.delivers("in", [{ a: 1 }], { socket: 1 });
  core.delivers("question", [], { ackId: 1 });
  await turn();
  core.says("waiting", { cause: "ping_timeout" });
  core.fails("server_unreachable");
  expect(trace.entries).toEqual(
    [
      { kind: "event", direction: "out", namespace: "/", event: "out", size: 5 },
      { kind: "request", direction: "out", namespace: "/", event: "request", size: 2 },
      { kind: "ack", direction: "in", namespace: "/", event: "request", size: 3 },
      { kind: "action", direction: "out", namespace: "/other", event: "action", size: 3 },
      { kind: "event", direction: "in", namespace: "/other", event: "in", size: 9 },
      { kind: "event", direction: "in", namespace: "/", event: "question", size: 2 },
      { kind: "ack", direction: "out", namespace: "/", event: "question", size: 10 },
      { kind: "status", namespace: "/", event: "waiting" },
      { kind: "error", event: "server_unreachable" },
    ].map((entry) => ({ at: 1_000, ...entry })),
  );
});

test("has everything come that somebody listens to, until it is stopped", async () => {
  const { client, core } = await connected();
  latest(client.on("price")).subscribe({});
  const newest = { every: "frame", keep: "newest" };
  expect(core.callsOf("pace").at(-1)).toEqual([0, newest]);
  const trace = client.trace();
  expect(core.callsOf("pace").at(-1)).toEqual([0, undefined]);
  trace.stop();
  trace.stop();
  client.trace().stop();
  expect(core.callsOf("pace").slice(2)).toEqual([
    [0, newest],
    [0, undefined],
    [0, newest],
  ]);
  await client.destroy();
});

test("keeps as much as it may, the newest", async () => {
  const { client } = await connected();
  const [three, many] = [client.trace({ size: 3 }), client.trace()];
  const names = (entries: readonly { event: string }[]) => entries.map(({ event }) => event);
  client.emit("1");
  client.emit("2");
  expect(names(three.entries)).toEqual(["1", "2"]);
  for (const name of ["3", "4", "5"]) client.emit(name);
  expect(names(three.entries)).toEqual(["3", "4", "5"]);
  for (let nth = 0; nth < 300; nth++) client.emit("x");
  expect(many.entries).toHaveLength(200);
});

test("keeps payloads only if it is told to, and as it is told", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  const { client } = await connected();
  const none = client.trace();
  const all = client.trace({ payloads: true });
  const some = client.trace({ payloads: (event, [first]) => `${event}: ${typeof first}` });
  const broken = client.trace({ payloads: () => JSON.parse("{") as unknown });
  client.emit("login", { password: "secret" });
  expect(JSON.stringify(none.entries)).not.toContain("secret");
  expect(all.entries[0]?.payload).toEqual([{ password: "secret" }]);
  expect(some.entries[0]?.payload).toBe("login: object");
  expect(broken.entries.at(-1)).toMatchObject({ event: "login", payload: undefined });
});

test("counts the bytes of binary values, and what cannot be written for nothing", async () => {
  const { client, core } = await connected();
  const trace = client.trace();
  client.on("a").subscribe(() => {});
  core.delivers("a", [new Uint8Array(100), new Blob(["12345"])]);
  core.delivers("a", [1n]);
  expect(trace.entries.map(({ size }) => size)).toEqual(["[null,null]".length + 105, 0]);
});

test("keeps nothing after it has been stopped, and what there is after the end", async () => {
  const { client } = await connected();
  const [stopped, open] = [client.trace(), client.trace()];
  client.emit("1");
  stopped.stop();
  stopped.stop();
  client.emit("2");
  await client.destroy();
  expect(stopped.entries.map(({ event }) => event)).toEqual(["1"]);
  expect(open.entries.map(({ event }) => event)).toEqual(["1", "2", "closed"]);
  expect(() => client.trace()).toThrow(sockeyeError("client_destroyed"));
});

test.each([0, 1.5, -1, NaN, 100_001])("cannot keep %d entries", (size) => {
  expect(() => idle().client.trace({ size })).toThrow(sockeyeError("invalid_option"));
});

test("sees what happens before the core is there", () => {
  const { client } = idle();
  const trace = client.trace();
  client.emit("early");
  void client.connect();
  expect(trace.entries.map(({ event }) => event)).toEqual(["early", "connecting"]);
});
