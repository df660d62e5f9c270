/** What a mock server does beside what socket.io does; `tests/interop/seat.test.mjs` compares that. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  createMockServer,
  type MockServer,
  type MockServerOptions,
  type MockSocket,
} from "../../src/testing.js";
import { sockeyeError } from "../support/setUp.js";
import { connectRaw, openRaw, settle } from "./rawClient.js";

let server: MockServer;
beforeEach(() => void (server = createMockServer()));
afterEach(() => server.close());

describe("a message", () => {
  test("over the limit ends its connection, and no other", async () => {
    const small = createMockServer({ maxHttpBufferSize: 100 });
    const reasons: string[] = [];
    small.on("connection", (socket) => socket.on("disconnect", (reason) => reasons.push(reason)));
    const clients = [await connectRaw(small), await connectRaw(small), await connectRaw(small)];
    clients[0]?.send(`42["${"é".repeat(50)}"]`);
    clients[1]?.send(`42["${"e".repeat(90)}"]`);
    clients[2]?.send(new Uint8Array(101));
    await settle();
    expect(clients.map(({ events }) => events)).toEqual([["closed 1009"], [], ["closed 1009"]]);
    expect(reasons).toEqual(["transport error", "transport error"]);
    await small.close();
  });

  test.each(["2", "9", "x", ""])("%j that is no answer to a ping ends it", async (frame) => {
    const client = await connectRaw(server);
    client.send(frame);
    await settle();
    expect(client.events).toEqual(["closed 1006"]);
  });

  test("that nobody completes is no event", async () => {
    const events: unknown[] = [];
    server.on("connection", (socket) => {
      socket.onAny((...event) => events.push(event));
      socket.on("error", ({ message }) => events.push(message));
    });
    const client = await connectRaw(server);
    client.send('452-["a",{"_placeholder":true,"num":0}]');
    client.send(Uint8Array.of(1));
    client.send('42["b"]');
    await settle();
    expect(events).toEqual(["got plaintext data when reconstructing a packet"]);
    expect(client.events).toEqual(["closed 1005"]);
  });

  test("of a Blob waits until it is read, and what follows waits, too", async () => {
    const events: unknown[] = [];
    server.on("connection", (socket) => socket.onAny((...event) => events.push(event)));
    const client = await connectRaw(server);
    client.send('451-["a",{"_placeholder":true,"num":0}]');
    client.socket.send(new Blob(["hi"]));
    client.send('42["b"]');
    await server.waitFor({ event: "b" });
    await settle();
    expect(events).toEqual([["a", Buffer.from("hi")], ["b"]]);
  });
});

describe("a WebSocket", () => {
  test("has the face of the platform's", async () => {
    const { WebSocket } = server as unknown as { WebSocket: typeof globalThis.WebSocket };
    expect([WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSED]).toEqual([0, 1, 3]);
    const socket = new WebSocket("ws://mock/socket.io/?EIO=4&a=b", ["first", "second"]);
    expect(socket).toMatchObject({ readyState: 0, protocol: "first", bufferedAmount: 0 });
    expect(() => socket.send("40")).toThrow("not open");
    const events: string[] = [];
    for (const type of ["open", "message", "close"]) {
      socket.addEventListener(type, ({ type: name }) => events.push(name));
    }
    await settle();
    expect([socket.readyState, events]).toEqual([1, ["open", "message"]]);
    socket.close();
    expect(socket.readyState).toBe(2);
    await settle();
    expect([socket.readyState, events]).toEqual([3, ["open", "message", "close"]]);
  });

  test("gives bytes as its `binaryType` says", async () => {
    const client = await connectRaw(server);
    const data: unknown[] = [];
    client.socket.onmessage = (event: { data: unknown }) => data.push(event.data);
    for (const type of ["blob", "nodebuffer", "arraybuffer"]) {
      client.socket.binaryType = type;
      server.emit("a", Uint8Array.of(7));
      await settle();
    }
    const bytes = data.filter((_, index) => index % 2 === 1);
    expect(bytes[0]).toBeInstanceOf(Blob);
    expect(await (bytes[0] as Blob).arrayBuffer()).toEqual(Uint8Array.of(7).buffer);
    expect(bytes.slice(1)).toEqual([Buffer.from([7]), Uint8Array.of(7).buffer]);
  });

  test("closed before it is open never reaches the server", async () => {
    const socket = new server.WebSocket("ws://mock");
    socket.close();
    await settle();
    expect(server.log).toEqual([]);
  });

  test("is the global one between install() and close()", async () => {
    const before = globalThis.WebSocket;
    const undo = server.install();
    server.install();
    expect(globalThis.WebSocket).toBe(server.WebSocket);
    undo();
    expect(globalThis.WebSocket).toBe(before);
    server.install();
    await server.close();
    expect(globalThis.WebSocket).toBe(before);
  });

  test("of a program may have headers", async () => {
    const seen: unknown[] = [];
    server.on("connection", ({ handshake }) => seen.push(handshake.headers, handshake.xdomain));
    const WebSocket = server.WebSocket as unknown as new (...options: unknown[]) => WebSocket;
    const headers = { Origin: "http://page", Cookie: "a=b" };
    for (const options of [[[], { headers }], [{ headers }]]) {
      const socket = new WebSocket("wss://mock/", ...options);
      await settle();
      socket.send("40");
    }
    await settle();
    const lowered = { origin: "http://page", cookie: "a=b" };
    expect(seen).toEqual([lowered, true, lowered, true]);
  });
});

describe("a page's WebSocket that a test has taken over", () => {
  test("talks to the server", async () => {
    server.on("connection", (socket) => {
      socket.on("echo", (bytes, answer: (bytes: unknown) => void) => answer(bytes));
    });
    const sent: unknown[] = [];
    let say: (message: string | Buffer) => void = () => {};
    let leave = () => {};
    const close = vi.fn();
    server.accept({
      ...{ url: () => "ws://page/socket.io/?EIO=4", close },
      send: (message) => sent.push(message),
      onMessage: (handler) => (say = handler),
      onClose: (handler) => (leave = handler),
    });
    say("40");
    await settle();
    say('451-1["echo",{"_placeholder":true,"num":0}]');
    say(Buffer.from([1, 2]));
    await settle();
    expect(sent.slice(2)).toEqual(['461-1[{"_placeholder":true,"num":0}]', Buffer.from([1, 2])]);
    expect(sent.at(-1)).toBeInstanceOf(Buffer);
    leave();
    await server.waitFor({ kind: "closed", reason: "transport close" });
    expect(close).toHaveBeenCalledOnce();
  });

  test("is closed when it is refused", () => {
    const close = vi.fn();
    server.faults.add({ on: "connection", do: "refuse" });
    const nothing = { send: vi.fn(), onMessage: vi.fn(), onClose: vi.fn() };
    server.accept({ url: () => "ws://page/", close, ...nothing });
    expect(close).toHaveBeenCalledOnce();
    expect(nothing.onMessage).not.toHaveBeenCalled();
  });
});

describe("a restart", () => {
  const options: MockServerOptions<MockServer> = { connectionStateRecovery: {} };

  async function comeBack(mock: MockServer, restart: () => void): Promise<string> {
    const client = await openRaw(mock);
    client.send("40");
    await settle();
    mock.emit("news");
    await settle();
    const [, connected = "", news = ""] = client.frames as string[];
    const { pid } = JSON.parse(connected.slice(2)) as { pid: string };
    const [, offset] = JSON.parse(news.slice(2)) as string[];
    restart();
    expect(client.events).toEqual([]);
    await settle();
    expect(client.events).toEqual(["closed 1006"]);
    const again = await openRaw(mock);
    again.send(`40${JSON.stringify({ pid, offset })}`);
    await settle();
    return again.frames.includes(connected) ? "recovered" : "new";
  }

  test("keeps what is remembered, or loses it", async () => {
    const mock = createMockServer(options);
    expect(await comeBack(mock, () => mock.restart())).toBe("recovered");
    expect(await comeBack(mock, () => mock.restart({ loseMemory: true }))).toBe("new");
    await mock.close();
  });

  test("that loses memory sets the server up anew", async () => {
    const calls: string[] = [];
    let starts = 0;
    const mock = createMockServer({
      setUp: (io) => {
        const start = (starts += 1);
        for (const name of ["/", "/jobs", /^\/room/]) {
          io.of(name).use((_socket, next) => {
            calls.push(`asked ${start}`);
            next();
          });
          io.of(name).on("connection", ({ nsp }) => calls.push(`${nsp.name} ${start}`));
        }
      },
    });
    const visit = async (name: string) => {
      (await openRaw(mock)).send(`40${name},`);
      await settle();
    };
    for (const name of ["/jobs", "/room1"]) await visit(name);
    mock.restart();
    await visit("/jobs");
    mock.restart({ loseMemory: true });
    for (const name of ["/jobs", "/room2"]) await visit(name);
    expect(calls.filter((call) => call.startsWith("/"))).toEqual([
      ...["/jobs 1", "/room1 1", "/jobs 1", "/jobs 2", "/room2 2"],
    ]);
    expect(calls.filter((call) => call.startsWith("asked"))).toEqual([
      ...["asked 1", "asked 1", "asked 1", "asked 2", "asked 2"],
    ]);
    await mock.close();
  });
});

test("an acknowledgement in time leaves no timer", async () => {
  vi.useFakeTimers();
  const client = await connectRaw(server);
  const [socket] = (await server.fetchSockets()) as [MockSocket];
  const answers = [
    server.timeout(1e6).emitWithAck("a"),
    server.emitWithAck("b"),
    socket.timeout(1e6).emitWithAck("c"),
  ];
  await settle();
  expect(vi.getTimerCount()).toBe(2);
  for (const frame of client.frames as string[]) client.send(`43${frame.slice(2, -5)}[1]`);
  expect(await Promise.all(answers)).toEqual([[1], [1], 1]);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test("a handler that throws is an uncaught error, and the others are called", async () => {
  const uncaught = new Promise((resolve) => {
    const listeners = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.once("unhandledRejection", (error) => {
      for (const listener of listeners) process.on("unhandledRejection", listener);
      resolve(error);
    });
  });
  const called: string[] = [];
  server.on("connection", (socket) => {
    socket.on("a", () => {
      throw new Error("bad handler");
    });
    socket.on("a", () => called.push("other"));
  });
  (await connectRaw(server)).send('42["a"]');
  expect(await uncaught).toMatchObject({ message: "bad handler" });
  expect(called).toEqual(["other"]);
});

test("listeners find the socket as their `this`", async () => {
  const found: unknown[] = [];
  server.on("connection", function (this: unknown, socket) {
    found.push(this === server.sockets);
    socket.on("a", function (this: unknown) {
      found.push(this === socket);
    });
  });
  (await connectRaw(server)).send('42["a"]');
  await settle();
  expect(found).toEqual([true, true]);
});

test("after close() every connection has ended, nothing answers, and nothing waits", async () => {
  vi.useFakeTimers();
  const mock = createMockServer({ pingInterval: 1_000 });
  const clients = [await connectRaw(mock), await connectRaw(mock)];
  const on = { event: { name: "a" } };
  mock.faults.add({ direction: "serverToClient", on, do: { delay: { ms: 1e6 } } });
  mock.faults.add({ direction: "clientToServer", on: { packet: {} }, do: { stall: {} } });
  clients[0]?.send('42["stalled"]');
  mock.emit("a");
  mock.timeout(1e6).emit("b", () => {});
  await settle();
  const waiting = mock.waitFor({ event: "never" });
  waiting.catch(() => {});
  await mock.close();
  await settle();
  expect(clients.map(({ events }) => events)).toEqual([["closed 1005"], ["closed 1005"]]);
  expect(clients.map(({ frames }) => frames)).toEqual(Array(2).fill(['42["a"]', '420["b"]']));
  await expect(waiting).rejects.toEqual(sockeyeError("not_seen"));
  expect((await openRaw(mock)).events).toEqual(["error", "closed 1006"]);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test.each<[object, string]>([
  [{ pingInterval: 0 }, "pingInterval is 0"],
  [{ pingInterval: "10s" }, "pingInterval is 10s"],
  [{ pingInterval: 10, pingTimeout: -1 }, "pingTimeout is -1"],
  [{ maxHttpBufferSize: 1.5 }, "maxHttpBufferSize is 1.5"],
  [{ connectionStateRecovery: { maxDisconnectionDuration: NaN } }, "maxDisconnectionDuration"],
  [{ seed: "one" }, "seed is one"],
])("options cannot be %j", (options, message) => {
  expect(() => createMockServer(options)).toThrow(sockeyeError("invalid_option"));
  expect(() => createMockServer(options)).toThrow(message);
});
