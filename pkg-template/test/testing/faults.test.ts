/** Each fault, seen at both ends of a connection. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  createMockServer,
  type EventMatch,
  type Fault,
  type FaultRule,
  type MockServer,
} from "../../src/testing.js";
import { sockeyeError } from "../support/setUp.js";
import { connectRaw, openRaw, settle } from "./rawClient.js";

let server: MockServer;
/** What the server's handlers got. */
let got: unknown[];

beforeEach(() => {
  vi.useFakeTimers();
  got = [];
  server = createMockServer({
    setUp: (io) => {
      io.on("connection", (socket) => {
        socket.onAny((...event) => got.push(event));
        socket.on("ask", (answer: (text: string) => void) => answer("answer"));
        socket.on("disconnect", (reason) => got.push(reason));
      });
    },
  });
});

afterEach(async () => {
  await server.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const toServer = (event: EventMatch, fault: Fault, more: Partial<FaultRule> = {}) =>
  server.faults.add({ direction: "clientToServer", on: { event }, do: fault, ...more });

describe("packets on their way to the server", () => {
  test.each<[Fault, unknown[]]>([
    ["pass", [["a"], ["b"]]],
    ["drop", [["b"]]],
    ["duplicate", [["a"], ["a"], ["b"]]],
    [{ reorder: {} }, [["b"], ["a"]]],
    [{ replace: { text: '42["c",1]' } }, [["c", 1], ["b"]]],
    [{ cut: {} }, ["transport close"]],
    [{ cut: { when: "after" } }, [["a"], "transport close"]],
    [{ halfClose: {} }, ["transport close"]],
    [{ halfClose: { when: "after" } }, [["a"], "transport close"]],
    [{ disconnect: {} }, ["server namespace disconnect"]],
    [{ disconnect: { when: "after" } }, [["a"], "server namespace disconnect"]],
    [{ stall: {} }, []],
    [{ malformed: { name: "event-called-error" } }, [["b"]]],
    [{ malformed: { name: "event-called-error", when: "before" } }, [["a"], ["b"]]],
    [{ restart: {} }, ["transport close"]],
  ])("%j", async (fault, expected) => {
    toServer({ name: "a" }, fault);
    const client = await connectRaw(server);
    client.send('42["a"]');
    client.send('42["b"]');
    await settle();
    expect(got).toEqual(expected);
    expect(server.log.filter(({ kind }) => kind === "fault")).toMatchObject([
      { event: "a", rule: "rule-1", direction: "clientToServer", namespace: "/" },
    ]);
  });

  test("one that is to come after the next comes before the end", async () => {
    toServer({ name: "a" }, { reorder: {} });
    const client = await connectRaw(server);
    client.send('42["a"]');
    client.socket.close();
    await settle();
    expect(got).toEqual([["a"], "transport close"]);
  });

  test("a delay keeps the order, and takes its time", async () => {
    toServer({ name: "a" }, { delay: { ms: 1_000 } });
    const client = await connectRaw(server);
    client.send('42["a"]');
    client.send('42["b"]');
    await vi.advanceTimersByTimeAsync(999);
    expect(got).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(got).toEqual([["a"], ["b"]]);
  });

  test("an event is dropped with its attachments", async () => {
    toServer({ name: "a" }, "drop");
    const client = await connectRaw(server);
    for (const name of ["a", "b"]) {
      client.send(`451-["${name}",{"_placeholder":true,"num":0}]`);
      client.send(Uint8Array.of(1, 2));
    }
    await settle();
    expect(got).toEqual([["b", Buffer.from([1, 2])]]);
  });

  test("a refused CONNECT is answered", async () => {
    const packet = { type: "connect" } as const;
    server.faults.add({ on: { packet }, connection: 1, do: "expiredToken" });
    const on = { packet: { ...packet, namespace: "/jobs" } };
    server.faults.add({ on, do: { connectError: { message: "no", data: 1 } } });
    const client = await openRaw(server);
    client.send("40");
    const other = await openRaw(server);
    other.send("40/jobs,");
    await settle();
    const expired = '44{"message":"expired","data":{"code":"expired"}}';
    expect(client.frames.at(-1)).toBe(expired);
    expect(other.frames.at(-1)).toBe('44/jobs,{"message":"no","data":1}');
  });
});

describe("packets on their way to the client", () => {
  test("are dropped, doubled, replaced by what no honest server sends", async () => {
    const client = await connectRaw(server);
    for (const [name, fault] of Object.entries({
      a: "drop",
      b: "duplicate",
      c: { malformed: { name: "event-without-name" } },
      d: { malformed: { name: "event-no-list", when: "before" } },
      e: { malformed: { name: "event-no-list", when: "after" } },
    } as const)) {
      server.faults.add({ direction: "serverToClient", on: { event: { name } }, do: fault });
    }
    for (const event of ["a", "b", "c", "d", "e"]) server.emit(event);
    await settle();
    expect(client.frames).toEqual([
      ...['42["b"]', '42["b"]', "42[]", "42{}", '42["d"]', '42["e"]', "42{}"],
    ]);
  });

  test("are what no honest server sends, in place of what the client has sent", async () => {
    const client = await connectRaw(server);
    toServer({ name: "a" }, { malformed: { name: "event-without-name", when: "after" } });
    client.send('42["a"]');
    await settle();
    expect([client.frames, got]).toEqual([["42[]"], [["a"]]]);
  });

  test("are followed by the end of the connection when the server sends everybody away", async () => {
    const client = await connectRaw(server);
    toServer({ name: "a" }, { disconnect: { close: true } });
    client.send('42["a"]');
    await settle();
    expect(client).toMatchObject({ frames: ["41"], events: ["closed 1005"] });
  });

  test("are cut off: the server believes that they have arrived", async () => {
    const client = await connectRaw(server);
    server.faults.add({ on: { packet: { type: "ack" } }, do: { cut: {} } });
    client.send('421["ask"]');
    await settle();
    expect(client).toMatchObject({ frames: [], events: ["closed 1006"] });
    expect(got).toEqual([["ask", expect.any(Function)], "transport close"]);
  });

  test("half closed, the server goes on without noticing", async () => {
    const client = await connectRaw(server);
    const on = { event: { name: "a" } };
    server.faults.add({ direction: "serverToClient", on, do: { halfClose: {} } });
    server.emit("a");
    server.emit("b");
    await settle();
    expect(client).toMatchObject({ frames: [], events: ["closed 1006"] });
    expect(got).toEqual([]);
    expect(server.engine.clientsCount).toBe(1);
  });
});

describe("connections", () => {
  test("are refused: nothing answers", async () => {
    server.faults.add({ on: "connection", connection: 1, do: "refuse" });
    const client = await openRaw(server);
    await settle();
    expect(client.events).toEqual(["error", "closed 1006"]);
    await expect(server.fetch("http://mock")).rejects.toThrow(TypeError);
    expect(server.log).toMatchObject([
      { kind: "fault", rule: "rule-1", connection: 1 },
      { kind: "refused", reason: "refuse", connection: 1 },
    ]);
    expect((await openRaw(server)).events).toEqual([]);
  });

  test("are refused with a status, and when to come again", async () => {
    server.faults.add({ on: { request: {} }, do: { respond: { status: 503, retryAfter: 7 } } });
    const client = await openRaw(server);
    await settle();
    expect(client.events).toEqual(["error", "closed 1006"]);
    const response = await server.fetch("http://mock");
    expect([response.status, response.ok, response.headers.get("Retry-After")]).toEqual([
      ...[503, false, "7"],
    ]);
  });

  test("are refused for WebSockets only", async () => {
    const on = { request: { transport: "websocket" } } as const;
    for (const fault of ["refuse", { respond: { status: 400 } }] as const) {
      server.faults.add({ on, times: 1, do: fault });
      expect((await openRaw(server)).events).toEqual(["error", "closed 1006"]);
      expect(await (await server.fetch("http://mock")).text()).toMatch(/^0\{/);
    }
  });

  test("end all at once, as a network ends them", async () => {
    const clients = [await connectRaw(server), await connectRaw(server)];
    expect(server.faults.cut()).toBe(2);
    await settle();
    expect(clients.map(({ events }) => events)).toEqual([["closed 1006"], ["closed 1006"]]);
    expect(got).toEqual(["transport close", "transport close"]);
  });

  test("stand still, those that come, too, until they are released", async () => {
    const client = await connectRaw(server);
    server.faults.stall("serverToClient");
    const later = await openRaw(server);
    server.emit("a");
    client.send('42["b"]');
    await settle();
    expect([client.frames, later.frames, got]).toEqual([[], [], [["b"]]]);
    server.faults.release();
    await settle();
    expect(client.frames).toEqual(['42["a"]']);
    expect(later.frames).toEqual([expect.stringMatching(/^0/)]);
  });

  test("meet nobody while the server is stopped", async () => {
    const client = await connectRaw(server);
    server.stop();
    const refused = await openRaw(server);
    server.start();
    const welcome = await openRaw(server);
    await settle();
    expect([client, refused, welcome].map(({ events }) => events)).toEqual([
      ...[["closed 1006"], ["error", "closed 1006"], []],
    ]);
  });
});

describe("a heartbeat", () => {
  test("goes on while it is answered, and ends the connection when it is not", async () => {
    const beating = createMockServer({ pingInterval: 1_000, pingTimeout: 500 });
    const reasons: string[] = [];
    beating.on("connection", (socket) => socket.on("disconnect", (why) => reasons.push(why)));
    const client = await connectRaw(beating);
    beating.faults.add({ on: { packet: { type: "pong", nth: 3 } }, do: "drop" });
    for (const pings of [1, 2, 3]) {
      await vi.advanceTimersByTimeAsync(1_000);
      expect(client.frames).toEqual(Array<string>(pings).fill("2"));
      client.send("3");
      await settle();
    }
    await vi.advanceTimersByTimeAsync(499);
    expect(client.events).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect([client.events, reasons]).toEqual([["closed 1005"], ["ping timeout"]]);
    await beating.close();
  });

  test("does not exist unless it is asked for", async () => {
    const client = await openRaw(server);
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    const { pingInterval } = JSON.parse(String(client.frames[0]).slice(1)) as {
      pingInterval: number;
    };
    expect(pingInterval).toBe(1_000_000_000);
  });
});

describe("rules", () => {
  test("apply to the nth that fits on each connection, and so often", async () => {
    toServer({ name: "a", nth: 2 }, "drop", { times: 2, id: "second" });
    for (const number of [1, 2, 3]) {
      const client = await connectRaw(server);
      client.send(`42["a",${number}]`);
      client.send(`42["a",${number}]`);
    }
    await settle();
    expect(got).toEqual([1, 2, 3, 3].map((number) => ["a", number]));
    await server.waitFor({ kind: "fault", rule: "second", connection: 2 });
  });

  test("are about one direction, or both", async () => {
    const direction = "serverToClient";
    server.faults.add({ direction, on: { event: { name: "a" } }, do: "drop" });
    server.faults.add({ on: { event: { name: "b" } }, do: "drop" });
    const client = await connectRaw(server);
    for (const event of ["a", "b", "c"]) {
      client.send(`42["${event}"]`);
      server.emit(event);
    }
    await settle();
    expect(got).toEqual([["a"], ["c"]]);
    expect(client.frames).toEqual(['42["c"]']);
  });

  test("are decided by the first that fits; the others count on", async () => {
    toServer({ name: "a" }, "pass", { times: 1 });
    toServer({ name: "a", nth: 2 }, "drop");
    const client = await connectRaw(server);
    for (const number of [1, 2, 3]) client.send(`42["a",${number}]`);
    await settle();
    expect(got).toEqual([1, 3].map((number) => ["a", number]));
  });

  test("are about a namespace, and are taken away", async () => {
    server.of("/jobs").on("connection", (socket) => socket.onAny((name) => got.push(name)));
    const id = server.faults.add({ on: { event: { namespace: "/jobs" } }, do: "drop" });
    const client = await connectRaw(server);
    client.send("40/jobs,");
    await settle();
    client.send('42/jobs,["a"]');
    client.send('42["b"]');
    await settle();
    server.faults.remove(id);
    client.send('42/jobs,["c"]');
    await settle();
    expect(got).toEqual([["b"], "c"]);
    server.faults.add({ on: { event: { name: "d" } }, do: { stall: {} } });
    client.send('42["d"]');
    await settle();
    server.faults.clear();
    await settle();
    expect(got).toEqual([["b"], "c", ["d"]]);
  });

  test("by chance hit the same packets for the same seed", async () => {
    const hits = async (seed: number) => {
      const lottery = createMockServer({ seed });
      lottery.faults.add({ on: { event: { name: "a" } }, share: 0.5, do: "drop" });
      const client = await connectRaw(lottery);
      for (let number = 0; number < 40; number += 1) client.send(`42["a",${number}]`);
      await settle();
      await lottery.close();
      return lottery.log;
    };
    const first = await hits(7);
    const faults = first.filter(({ kind }) => kind === "fault").length;
    expect(faults).toBeGreaterThan(5);
    expect(faults).toBeLessThan(35);
    expect(await hits(7)).toEqual(first);
    expect(await hits(8)).not.toEqual(first);
  });

  const on = { event: {} };
  test.each<[unknown, string]>([
    [{ on, do: "explode" }, 'there is no fault "explode"'],
    [{ on, do: "cut" }, 'there is no fault "cut"'],
    [{ on, do: { drop: {} } }, 'there is no fault {"drop":{}}'],
    [{ on, do: { explode: 1 } }, 'there is no fault {"explode":1}'],
    [{ on, do: { cut: {}, delay: { ms: 1 } } }, "there is no fault"],
    [{ on, do: { cut: true } }, "cut is true"],
    [{ on, do: { cut: { with: "reset" } } }, "cut has no `with`"],
    [{ on, do: { cut: { when: "instead" } } }, '`when` is "instead"'],
    [{ on, do: { delay: {} } }, "a delay has no time"],
    [{ on, do: { replace: {} } }, "nothing comes in its place"],
    [{ on, do: { malformed: { name: "x" } } }, 'there is no malformed frame "x"'],
    [{ on, do: "refuse" }, '"refuse" cannot happen on event'],
    [{ on, do: "expiredToken" }, '"expiredToken" cannot happen on event'],
    [{ on: { packet: {} }, do: { connectError: { message: "" } } }, '"connectError" cannot happen'],
    [{ on: "connection", do: "drop" }, '"drop" cannot happen on connection'],
    [{ on: "connection", do: { respond: { status: 503 } } }, '"respond" cannot happen'],
    [{ on: { request: {} }, do: { respond: { status: 99 } } }, "the status is 99"],
    [{ on: { request: { transport: "polling" } }, do: "refuse" }, 'nothing comes by "polling"'],
    [{ on: { request: {} }, direction: "serverToClient", do: "refuse" }, "only the client says"],
    [{ on: { request: { nth: 2 } }, do: "refuse" }, "request has no `nth`"],
    [{ on: "connection", nth: 2, do: "refuse" }, "a rule has no `nth`"],
    [{ do: "drop" }, "there is no moment undefined"],
    [{ on: {}, do: "drop" }, "there is no moment {}"],
    [{ on: { byte: 7 }, do: "pass" }, 'there is no moment {"byte":7}'],
    [{ on: { event: "a" }, do: "drop" }, 'event is "a"'],
    [{ on: { event: { nth: 0 } }, do: "drop" }, "`nth` is 0"],
    [{ on: { event: { namespace: "jobs" } }, do: "drop" }, "`namespace` is jobs"],
    [{ on, next: 2, do: "drop" }, "a rule has no `next`"],
    [{ on, times: 1.5, do: "drop" }, "`times` is 1.5"],
    [{ on, share: 2, do: "drop" }, "`share` is 2"],
    [{ on, direction: "both", do: "drop" }, "`direction` is both"],
  ])("cannot be %j", (rule, message) => {
    const add = () => server.faults.add(rule as FaultRule);
    expect(add).toThrow(sockeyeError("invalid_option"));
    expect(add).toThrow(message);
  });
});
