import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  clients,
  connect,
  engineOf,
  errorLike,
  lastEngine,
  receive,
  record,
  settle,
} from "./support/clients.js";
import { FakeEngine } from "./support/fakeEngine.js";

const URL = "http://localhost:3000";
let port = 3000;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0);
  FakeEngine.made = [];
  port += 1; // Managers are shared per server.
});

afterEach(() => {
  vi.useRealTimers();
});

describe.each(clients)("%s", (_name, { io, Manager, Socket, protocol, default: byDefault }) => {
  const url = (path = "") => `http://localhost:${port}${path}`;

  describe("exports", () => {
    test("io is the default, and has the others as members", () => {
      expect(byDefault).toBe(io);
      expect(Object.entries(io)).toEqual(Object.entries({ Manager, Socket, io, connect: io }));
      expect(protocol).toBe(5);
    });
  });

  describe("io()", () => {
    test("returns a socket with an engine at once", () => {
      const socket = io(URL, { forceNew: true });
      expect(socket).toBeInstanceOf(Socket);
      expect(socket.io).toBeInstanceOf(Manager);
      expect(socket.io.engine).toBe(lastEngine());
      expect(socket.io.engine.readyState).toBe("opening");
      expect([socket.connected, socket.disconnected, socket.active]).toEqual([false, true, true]);
      expect([socket.id, socket.recovered]).toEqual([undefined, false]);
    });

    test("gives the engine the URL and the same options object", () => {
      const options = { forceNew: true, path: "" };
      const socket = io(`${url("/nsp")}?a=b`, options);
      expect(lastEngine().uri).toBe(`${url("/nsp")}?a=b`);
      expect(lastEngine().opts).toBe(options);
      expect(socket.io.opts).toBe(options);
      expect(options).toMatchObject({ path: "/socket.io", query: { a: "b" } });
    });

    test("leaves a query in the options alone", () => {
      const options = { forceNew: true, query: { c: "d" } };
      io(`${url()}?a=b`, options);
      expect(options.query).toEqual({ c: "d" });
    });

    test("takes options without a URL", () => {
      vi.stubGlobal("location", { protocol: "https:", host: "a.com:1", port: "1" });
      const options = { autoConnect: false, forceNew: true };
      expect(io(options).io.opts).toBe(options);
    });

    test("shares a connection between namespaces", () => {
      const sockets = [io(url("/a")), io(url("/b")), io(`${url("/c")}?d=e`)];
      expect(new Set(sockets.map((socket) => socket.io)).size).toBe(1);
    });

    test.each<[string, string, object]>([
      ["of the same namespace", "/a", {}],
      ["of the same namespace, with another query,", "/a?b=c", {}],
      ["with forceNew", "/b", { forceNew: true }],
      ["with the name forceNew once had", "/b", { "force new connection": true }],
      ["without multiplex", "/b", { multiplex: false }],
      ["of another path", "/b", { path: "/other" }],
    ])("makes another connection for a socket %s", (_case, path, options) => {
      expect(io(url(path), options).io).not.toBe(io(url("/a")).io);
    });

    test("does not share a connection that was made apart", () => {
      const apart = io(url("/a"), { forceNew: true });
      expect(io(url("/b")).io).not.toBe(apart.io);
    });

    test("throws when a URL is too long", () => {
      expect(() => io(`http://a.com/${"a".repeat(8_000)}`)).toThrow("URI too long");
    });
  });

  describe("autoConnect: false", () => {
    test("makes no engine before connect()", () => {
      const socket = io(url(), { autoConnect: false });
      expect(socket.io.engine).toBeUndefined();
      expect(socket.active).toBe(false);
      socket.connect();
      expect(socket.io.engine).toBe(lastEngine());
      expect(socket.active).toBe(true);
    });

    test("lets disconnect() be called first", () => {
      const socket = io(url(), { autoConnect: false });
      const events = record(socket, "disconnect");
      expect(socket.disconnect()).toBe(socket);
      expect(events).toEqual([]);
    });
  });

  describe("connecting", () => {
    test("sends CONNECT when the engine is open, and is connected by the answer", async () => {
      const socket = io(url(), { forceNew: true });
      const events = record(socket, "connect");
      expect(lastEngine().written).toEqual([]);
      lastEngine().open();
      expect(lastEngine().written).toEqual(["0"]);
      expect(socket.connected).toBe(false);
      await receive(socket, '0{"sid":"abc"}');
      expect([socket.connected, socket.disconnected, socket.id]).toEqual([true, false, "abc"]);
      expect(events).toEqual([["connect"]]);
    });

    test("tells the manager's listeners before the sockets send CONNECT", () => {
      const manager = new Manager(url(), { autoConnect: false });
      let written: unknown[] | undefined;
      manager.on("open", () => (written = [...lastEngine().written]));
      manager.socket("/").connect();
      lastEngine().open();
      expect(written).toEqual([]);
      expect(lastEngine().written).toEqual(["0"]);
    });

    test("a namespace connects later on an open connection", async () => {
      const manager = new Manager(url());
      await connect(manager.socket("/"));
      lastEngine().takeWritten();
      const socket = manager.socket("/foo");
      expect(lastEngine().takeWritten()).toEqual(["0/foo,"]);
      await connect(socket, { sid: "foo-sid" });
      expect(socket.id).toBe("foo-sid");
      expect(FakeEngine.made).toHaveLength(1);
    });

    test("connect() does nothing when connected", async () => {
      const socket = io(url(), { forceNew: true });
      await connect(socket);
      engineOf(socket).takeWritten();
      expect(socket.connect()).toBe(socket);
      expect(socket.open()).toBe(socket);
      expect(engineOf(socket).written).toEqual([]);
    });

    test("a manager's open() does nothing while it opens and when it is open", () => {
      const manager = new Manager(url());
      expect(manager.open()).toBe(manager);
      lastEngine().open();
      expect(manager.connect()).toBe(manager);
      expect(FakeEngine.made).toHaveLength(1);
    });

    test("a manager's open() tells its callback", () => {
      const manager = new Manager(url(), { autoConnect: false });
      const callback = vi.fn();
      manager.open(callback);
      lastEngine().open();
      expect(callback.mock.calls).toEqual([[]]);
    });

    test("a failure told to a callback starts no reconnection", async () => {
      const manager = new Manager(url(), { autoConnect: false });
      const callback = vi.fn();
      const error = new Error("xhr poll error");
      manager.open(callback);
      lastEngine().fail(error);
      expect(callback.mock.calls).toEqual([[error]]);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(FakeEngine.made).toHaveLength(1);
    });

    test("a server of version 2 is recognised", async () => {
      const socket = io(url(), { forceNew: true });
      const events = record(socket, "connect", "connect_error");
      lastEngine().open();
      await receive(socket, "0");
      const message: unknown = expect.stringContaining("v2.x with a v3.x client");
      expect(events).toEqual([["connect_error", errorLike(message)]]);
      expect(socket.active).toBe(true);
    });

    test("a server of version 2 is recognised by a socket that never connected", () => {
      const socket = io(url(), { autoConnect: false });
      const events = record(socket, "connect_error");
      (socket as unknown as { onpacket(packet: object): void }).onpacket({ nsp: "/", type: 0 });
      expect(events).toHaveLength(1);
    });
  });

  describe("manager.socket()", () => {
    test("returns the same socket for the same namespace and ignores the new options", () => {
      const manager = new Manager(url());
      const socket = manager.socket("/", { auth: { a: 1 } });
      expect(manager.socket("/", { auth: { b: 2 } })).toBe(socket);
      expect(socket.auth).toEqual({ a: 1 });
    });

    test("connects a socket again that was disconnected", async () => {
      const manager = new Manager(url());
      const socket = manager.socket("/");
      await connect(socket);
      socket.disconnect();
      expect(manager.socket("/")).toBe(socket);
      expect(socket.active).toBe(true);
      expect(FakeEngine.made).toHaveLength(2);
    });

    test("does not connect an active socket again", async () => {
      const manager = new Manager(url());
      lastEngine().open();
      const socket = manager.socket("/");
      expect(manager.socket("/")).toBe(socket);
      await receive(socket, '0{"sid":"a"}');
      expect(manager.socket("/")).toBe(socket);
      socket.disconnect();
      expect(lastEngine().written).toEqual(["0", "1"]);
    });

    test("does not connect with autoConnect: false", () => {
      const manager = new Manager(url(), { autoConnect: false });
      expect(manager.socket("/").active).toBe(false);
      expect(manager.socket("/").active).toBe(false);
    });
  });

  describe("auth", () => {
    test("an object is sent with each connection", async () => {
      const socket = io(url(), { forceNew: true, auth: { a: "b" } });
      await connect(socket);
      socket.disconnect();
      socket.auth = { c: "d" };
      socket.connect();
      lastEngine().open();
      expect(FakeEngine.made.map(({ written }) => written)).toEqual([
        ['0{"a":"b"}', "1"],
        ['0{"c":"d"}'],
      ]);
    });

    test("a function is asked for each connection, and may answer later", () => {
      const answers: ((data: object) => void)[] = [];
      const socket = io(url(), { forceNew: true, auth: (cb) => void answers.push(cb) });
      lastEngine().open();
      expect(lastEngine().written).toEqual([]);
      answers[0]?.({ e: "f" });
      expect(lastEngine().written).toEqual(['0{"e":"f"}']);
      socket.disconnect().connect();
      lastEngine().open();
      expect(answers).toHaveLength(2);
    });

    test("is called with the socket as this", () => {
      const auth = vi.fn();
      const socket = io(url(), { forceNew: true, auth });
      lastEngine().open();
      expect(auth.mock.contexts).toEqual([socket]);
    });

    test("is not part of the options' query", () => {
      io(url(), { forceNew: true, auth: { a: "b" } });
      expect(lastEngine().opts).not.toHaveProperty("query");
    });
  });

  describe("CONNECT_ERROR", () => {
    test("has the middleware's message and data, and ends the socket", async () => {
      const socket = io(url("/no"), { forceNew: true });
      const errors = record(socket, "connect_error", "disconnect");
      lastEngine().open();
      await receive(socket, '4/no,{"message":"Auth failed","data":{"code":"E1"}}');
      const error = errorLike("Auth failed", { data: { code: "E1" } });
      expect(errors).toEqual([["connect_error", error]]);
      expect(errors[0]?.[1]).toBeInstanceOf(Error);
      expect([socket.active, socket.connected]).toEqual([false, false]);
    });

    test("is told after the manager has closed, and nothing is tried again", async () => {
      const socket = io(url(), { forceNew: true });
      const events = [record(socket, "connect_error"), record(socket.io, "close")];
      const order: string[] = [];
      socket.io.on("close", () => order.push("close"));
      socket.on("connect_error", () => order.push("connect_error"));
      lastEngine().open();
      await receive(socket, '4{"message":"no"}');
      expect(order).toEqual(["close", "connect_error"]);
      expect(events[1]).toEqual([["close", "forced close", undefined]]);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(FakeEngine.made).toHaveLength(1);
    });

    test("leaves the other sockets of the connection alone", async () => {
      const manager = new Manager(url());
      const socket = manager.socket("/");
      const refused = manager.socket("/no");
      await connect(socket);
      await receive(socket, '4/no,{"message":"no"}');
      expect([socket.connected, refused.active]).toEqual([true, false]);
      expect(lastEngine().readyState).toBe("open");
    });
  });

  describe("disconnecting", () => {
    test("by the client", async () => {
      const socket = io(url(), { forceNew: true });
      await connect(socket);
      let idAtDisconnect: string | undefined = "none";
      socket.on("disconnect", () => (idAtDisconnect = socket.id));
      const events = record(socket, "disconnect");
      expect(socket.close()).toBe(socket);
      expect(events).toEqual([["disconnect", "io client disconnect", undefined]]);
      expect(idAtDisconnect).toBeUndefined();
      expect([socket.connected, socket.active]).toEqual([false, false]);
      expect(lastEngine().written).toEqual(["0", "1"]);
      expect(lastEngine().readyState).toBe("closed");
      await vi.advanceTimersByTimeAsync(60_000);
      expect(FakeEngine.made).toHaveLength(1);
    });

    test("by the server", async () => {
      const socket = io(url(), { forceNew: true });
      await connect(socket);
      const events = record(socket, "disconnect");
      await receive(socket, "1");
      expect(events).toEqual([["disconnect", "io server disconnect", undefined]]);
      expect([socket.connected, socket.active]).toEqual([false, false]);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(FakeEngine.made).toHaveLength(1);
    });

    test.each(["ping timeout", "transport close", "transport error", "forced close"])(
      "by the engine with %s: it is told and reconnects",
      async (reason) => {
        const socket = io(url(), { forceNew: true });
        await connect(socket);
        const description = { description: "websocket connection closed", context: {} };
        const events = record(socket, "disconnect");
        const closes = record(socket.io, "close");
        lastEngine().end(reason, description);
        expect(events).toEqual([["disconnect", reason, description]]);
        expect(closes).toEqual([["close", reason, description]]);
        expect([socket.connected, socket.active]).toEqual([false, true]);
        await vi.advanceTimersByTimeAsync(1_000);
        expect(FakeEngine.made).toHaveLength(2);
      },
    );

    test("by a malformed packet: the engine is closed and the socket reconnects", async () => {
      const socket = io(url(), { forceNew: true });
      await connect(socket);
      const events = record(socket, "disconnect");
      const engine = lastEngine();
      await receive(socket, "bad");
      expect(events).toEqual([["disconnect", "parse error", expect.any(Error)]]);
      expect(engine.readyState).toBe("closed");
      await vi.advanceTimersByTimeAsync(1_000);
      expect(socket.io.engine).not.toBe(engine);
    });

    test("of one of two sockets leaves the connection open", async () => {
      const manager = new Manager(url());
      const [one, two] = [manager.socket("/"), manager.socket("/foo")];
      await connect(one);
      await connect(two);
      one.disconnect();
      expect(lastEngine().takeWritten().at(-1)).toBe("1");
      expect(lastEngine().readyState).toBe("open");
      const closes = record(manager, "close");
      two.disconnect();
      expect(lastEngine().written).toEqual(["1/foo,"]);
      expect(closes).toEqual([["close", "forced close", undefined]]);
    });

    test("while connecting is told to nobody", () => {
      const socket = io(url(), { forceNew: true });
      const events = record(socket, "disconnect", "connect_error");
      const errors = record(socket.io, "error");
      socket.disconnect();
      expect([events, errors]).toEqual([[], []]);
      expect(lastEngine().readyState).toBe("closed");
    });

    test("can be followed by connect() at once", async () => {
      const socket = io(url(), { forceNew: true });
      await connect(socket);
      const events = record(socket, "connect", "disconnect");
      socket.disconnect().connect();
      expect(FakeEngine.made).toHaveLength(2);
      await connect(socket, { sid: "sid-2" });
      expect(events.map(([event]) => event)).toEqual(["disconnect", "connect"]);
      expect(socket.id).toBe("sid-2");
    });

    test("in a listener of disconnect: the namespace can be entered again", async () => {
      const manager = new Manager(url());
      const socket = manager.socket("/");
      await connect(socket);
      socket.on("disconnect", () => manager.socket("/foo"));
      socket.disconnect();
      lastEngine().open();
      expect(lastEngine().written).toEqual(["0/foo,"]);
    });

    test.each(["_close", "disconnect"] as const)("by manager.%s() is final", async (method) => {
      const socket = io(url(), { forceNew: true });
      await connect(socket);
      const events = record(socket, "disconnect");
      socket.io[method]();
      expect(events).toEqual([["disconnect", "forced close", undefined]]);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(FakeEngine.made).toHaveLength(1);
    });
  });

  describe("the manager's events", () => {
    test("tell of pings, errors and packets", async () => {
      const socket = io(url(), { forceNew: true });
      await connect(socket);
      const events = record(socket.io, "ping", "error", "packet");
      const error = new Error("websocket error");
      engineOf(socket).emit("ping");
      engineOf(socket).emit("error", error);
      await receive(socket, '2/other,["x"]');
      expect(events).toEqual([
        ["ping"],
        ["error", error],
        ["packet", expect.objectContaining({ type: 2, nsp: "/other", data: ["x"] })],
      ]);
    });

    test("come in microtasks, so that a listener's error is not the connection's", async () => {
      const socket = io(url(), { forceNew: true });
      await connect(socket);
      const events = record(socket, "a");
      engineOf(socket).receive('2["a",1]');
      expect(events).toEqual([]);
      await settle();
      expect(events).toEqual([["a", 1]]);
    });
  });

  describe("a custom parser", () => {
    test("is made without arguments and used for all packets", async () => {
      const made: unknown[][] = [];
      const { Decoder: Base } = await import("socket.io-parser");
      class Encoder {
        constructor(...args: unknown[]) {
          made.push(args);
        }
        encode(packet: { type: number }) {
          return [`encoded ${packet.type}`, new Uint8Array([packet.type])];
        }
      }
      class Decoder extends Base {
        constructor(...args: unknown[]) {
          super();
          made.push(args);
        }
        override add(chunk: string) {
          super.add(chunk.slice("encoded ".length));
        }
      }
      const socket = io(url(), { forceNew: true, parser: { Encoder, Decoder } });
      lastEngine().open();
      expect(lastEngine().written).toEqual(["encoded 0", new Uint8Array([0])]);
      await receive(socket, 'encoded 0{"sid":"a"}');
      expect(socket.connected).toBe(true);
      expect(made).toEqual([[], []]);
    });
  });
});
