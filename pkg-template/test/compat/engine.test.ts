import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Engine } from "../../src/compat/engine.js";
import type { EngineOptions } from "../../src/compat/engineOptions.js";
import type { Core } from "../../src/compat/enginePort.js";
import { XHR } from "../../src/compat/transports.js";
import { turn } from "../support/setUp.js";
import { fakeCore, FakeCoreEngine, handshake } from "./support/coreEngine.js";

const load = vi.hoisted(() => vi.fn<() => Promise<Core>>());
vi.mock("../../src/compat/loadedCore.js", () => ({ load }));

const uri = "http://example.com";
const events = [
  ...["open", "handshake", "packet", "packetCreate", "data", "message", "drain", "flush"],
  ...["heartbeat", "ping", "pong", "error", "upgrading", "upgrade", "upgradeError", "close"],
] as const;

beforeEach(() => {
  load.mockReset().mockResolvedValue(fakeCore);
  FakeCoreEngine.made = [];
  Engine.priorWebsocketSuccess = false;
});
afterEach(() => {
  vi.useRealTimers();
});

/** An engine whose core has been loaded. */
async function opening(options: EngineOptions = {}) {
  const engine = new Engine(uri, options);
  await turn();
  return { engine, core: FakeCoreEngine.latest() };
}

/** An engine that is open. */
async function opened(transport = "polling", options: EngineOptions = {}) {
  const { engine, core } = await opening(options);
  core.events.opened(handshake, transport);
  return { engine, core };
}

/** The names of the events from now on. */
function namesOf(engine: Engine): string[] {
  const names: string[] = [];
  for (const name of events) engine.on(name, () => names.push(name));
  return names;
}

describe("opening", () => {
  it("is there at once, with its members", () => {
    const engine = new Engine(uri);
    expect(engine).toMatchObject({
      readyState: "opening",
      id: null,
      writeBuffer: [],
      binaryType: "nodebuffer",
      hostname: "example.com",
      port: "80",
      secure: false,
      transports: ["polling", "websocket"],
    });
    expect(engine.transport).toMatchObject({
      name: "polling",
      writable: false,
      query: { EIO: "4", transport: "polling" },
    });
  });

  it("loads the core and opens", async () => {
    const { core } = await opening();
    expect(core.calls).toEqual(["reportTo", "open"]);
  });

  it("tells of the handshake in the order of the events", async () => {
    const { engine, core } = await opening();
    const names = namesOf(engine);
    engine.on("handshake", () => expect(engine.id).toBeNull());
    engine.on("open", () => expect(engine.readyState).toBe("open"));
    core.events.opened(handshake, "polling");
    expect(names).toEqual(["packet", "heartbeat", "handshake", "open"]);
    expect(engine.id).toBe("abc");
    expect(engine.transport).toMatchObject({ writable: true, readyState: "open" });
    expect(engine.transport.query["sid"]).toBe("abc");
  });

  it("sends what was written before, after what its listeners write", async () => {
    const { engine, core } = await opening();
    engine.write("first");
    expect(core.sent).toEqual([]);
    engine.on("open", () => engine.write("second"));
    core.events.opened(handshake, "polling");
    expect(core.sent).toEqual(["first", "second"]);
  });

  it("has the transport that answered when another was tried before", async () => {
    const { engine } = await opened("websocket", { tryAllTransports: true });
    expect(engine.transport.name).toBe("websocket");
  });

  it("says in a tick that there is no transport", async () => {
    const engine = new Engine(uri, { transports: [] });
    const error = vi.fn();
    engine.on("error", error);
    await vi.waitFor(() =>
      expect(error).toHaveBeenCalledExactlyOnceWith("No transports available"),
    );
    expect(load).not.toHaveBeenCalled();
  });

  it("ends like a connection when the core fails, once whoever called it has ended", async () => {
    const { engine, core } = await opened();
    const names = namesOf(engine);
    const close = vi.fn();
    engine.on("close", close);
    const cause = new WebAssembly.RuntimeError("unreachable");
    core.events.coreFailed(cause);
    expect(names).toEqual([]);
    await turn();
    expect(names).toEqual(["error", "close"]);
    const error: unknown = expect.objectContaining({ type: "TransportError", description: cause });
    expect(close).toHaveBeenCalledWith("transport error", error);
  });

  it("ends like a connection when the core cannot be loaded", async () => {
    const cause = new Error("offline");
    load.mockRejectedValue(cause);
    const engine = new Engine(uri);
    const names = namesOf(engine);
    const close = vi.fn();
    engine.on("close", close);
    await turn();
    expect(names).toEqual(["error", "close"]);
    const error: unknown = expect.objectContaining({ type: "TransportError", description: cause });
    expect(close).toHaveBeenCalledWith("transport error", error);
  });

  it("makes nothing of a core that comes after close", async () => {
    const engine = new Engine(uri);
    const names = namesOf(engine);
    engine.close();
    expect(engine.readyState).toBe("closed");
    await turn();
    expect(names).toEqual(["close"]);
    expect(FakeCoreEngine.made).toEqual([]);
  });
});

describe("remembering upgrades", () => {
  it("starts with a WebSocket after a connection that had one, if asked", async () => {
    const { core } = await opened();
    core.events.upgrading("websocket");
    expect(Engine.priorWebsocketSuccess).toBe(true);
    const { engine, core: next } = await opening({ rememberUpgrade: true });
    expect(engine.transport.name).toBe("websocket");
    expect(next.options.startWithWebSocket).toBe(true);
    const { core: other } = await opening();
    expect(other.options.startWithWebSocket).toBe(false);
    const pollingOnly = { rememberUpgrade: true, transports: [XHR] };
    expect((await opening(pollingOnly)).core.options.startWithWebSocket).toBe(false);
  });

  it("forgets after an error, and when polling was enough", async () => {
    await opened("websocket");
    expect(Engine.priorWebsocketSuccess).toBe(true);
    await opened("polling");
    expect(Engine.priorWebsocketSuccess).toBe(false);
    const { core } = await opened("websocket");
    core.events.closed("transport_error", "websocket", 0, undefined);
    expect(Engine.priorWebsocketSuccess).toBe(false);
  });
});

describe("receiving", () => {
  it("tells of a message and of a ping in the order of the events", async () => {
    const { engine, core } = await opened();
    const names = namesOf(engine);
    core.events.message("text");
    core.events.pinged();
    expect(names.slice(0, 4)).toEqual(["packet", "heartbeat", "data", "message"]);
    expect(names.slice(4)).toEqual(["packet", "heartbeat", "packetCreate", "ping", "pong"]);
  });

  it.each([
    ["nodebuffer", Buffer],
    ["arraybuffer", ArrayBuffer],
    ["blob", Blob],
  ] as const)("gives binary as %s", async (type, constructor) => {
    const { engine, core } = await opened();
    engine.binaryType = type;
    const messages: unknown[] = [];
    engine.on("message", (data) => messages.push(data));
    core.events.message(Uint8Array.of(1, 2).buffer);
    expect(messages[0]).toBeInstanceOf(constructor);
    const bytes = await new Response(messages[0] as Blob).arrayBuffer();
    expect(new Uint8Array(bytes)).toEqual(Uint8Array.of(1, 2));
  });

  it("throws later what listeners throw", async () => {
    vi.useFakeTimers({ toFake: ["queueMicrotask"] });
    const { engine, core } = await opened();
    engine.on("message", () => {
      throw new Error("listener");
    });
    expect(() => core.events.message("text")).not.toThrow();
    expect(() => vi.runAllTicks()).toThrow("listener");
  });
});

describe("writing over polling", () => {
  it("hands over at once and keeps in the buffer what the server does not have", async () => {
    const { engine, core } = await opened();
    const names = namesOf(engine);
    engine.write("a").send("b").send("c");
    expect(core.sent).toEqual(["a", "b", "c"]);
    expect(engine.transport.writable).toBe(false);
    expect(engine.writeBuffer.map(({ data }) => data as unknown)).toEqual(["a", "b", "c"]);
    core.events.drained(1);
    expect(engine.writeBuffer).toHaveLength(2);
    expect(engine.transport.writable).toBe(false);
    core.events.drained(2);
    expect(engine.writeBuffer).toEqual([]);
    expect(engine.transport.writable).toBe(true);
    expect(core.sent).toHaveLength(3);
    const created = ["packetCreate", "packetCreate"];
    expect(names).toEqual(["packetCreate", "flush", ...created, "flush", "drain"]);
  });

  it("calls back at the next flush, in every form of the call", async () => {
    const { engine, core } = await opened();
    const callback = vi.fn();
    engine.write("a", { compress: false }, callback);
    expect(callback).toHaveBeenCalledTimes(1);
    engine.write("b", callback).write("c", null, callback);
    expect(callback).toHaveBeenCalledTimes(1);
    core.events.drained(1);
    core.events.drained(2);
    expect(callback).toHaveBeenCalledTimes(3);
  });

  it("writes packets as options say, without modifying them", async () => {
    const { engine } = await opened();
    const options = Object.freeze({ compress: true, volatile: true });
    engine.write("a", options);
    const expected = { compress: true, volatile: true };
    expect(engine.writeBuffer).toEqual([{ type: "message", data: "a", options: expected }]);
  });

  it("hands over binary as it is, and anything else as text", async () => {
    const { engine, core } = await opened();
    const binary = [new ArrayBuffer(1), Uint8Array.of(1), new Blob(["b"])];
    for (const data of [...binary, 5, undefined, ""]) engine.write(data);
    expect(core.sent).toEqual([...binary, "5", "", ""]);
    expect(core.sent[1]).toBe(binary[1]);
  });
});

describe("writing over a WebSocket", () => {
  it("is not writable until the next tick after the first write", async () => {
    const { engine, core } = await opened("websocket");
    const names = namesOf(engine);
    engine.write("a");
    expect(engine.transport.writable).toBe(false);
    engine.write("b").write("c");
    expect(core.sent).toEqual(["a"]);
    await turn();
    expect(core.sent).toEqual(["a", "b", "c"]);
    expect(engine.transport.writable).toBe(true);
    expect(engine.writeBuffer).toEqual([]);
    expect(names).toEqual([
      ...["packetCreate", "flush"],
      "packetCreate",
      "packetCreate",
      "flush",
      "drain",
    ]);
  });

  it("does not count twice what the core tells about its own queue", async () => {
    const { engine, core } = await opened("websocket");
    engine.write("a").write("b");
    core.events.drained(1);
    expect(engine.writeBuffer).toHaveLength(2);
  });
});

describe("upgrading", () => {
  it("tells of the new transport and keeps what is written meanwhile", async () => {
    const { engine, core } = await opened();
    const transports: unknown[] = [];
    engine.on("upgrading", ({ name }) => transports.push(name, engine.transport.name));
    engine.on("upgrade", (transport) => transports.push(transport === engine.transport));
    core.events.upgrading("websocket");
    engine.write("a");
    expect(core.sent).toEqual([]);
    core.events.upgraded("websocket");
    expect(transports).toEqual(["websocket", "polling", true]);
    expect(engine.transport).toMatchObject({ name: "websocket", query: { sid: "abc" } });
    expect(core.sent).toEqual(["a"]);
    await turn();
    expect(engine.writeBuffer).toEqual([]);
  });

  it("counts what the core has queued as sent when it has changed", async () => {
    const { engine, core } = await opened();
    engine.write("a").write("b");
    core.events.upgrading("websocket");
    core.events.drained(1);
    core.events.upgraded("websocket");
    expect(engine.writeBuffer).toHaveLength(1);
    await turn();
    expect(engine.writeBuffer).toEqual([]);
    expect(core.sent).toEqual(["a", "b"]);
  });

  it("stays on polling and goes on when it fails", async () => {
    const { engine, core } = await opened();
    const failures: unknown[] = [];
    engine.on("upgradeError", (error) => failures.push(error));
    core.events.upgrading("websocket");
    engine.write("a");
    core.events.upgradeFailed("closed");
    expect(failures).toEqual([expect.objectContaining({ transport: "websocket" })]);
    expect(failures[0]).toHaveProperty("message", "probe error: closed");
    expect(engine.transport.name).toBe("polling");
    expect(core.sent).toEqual(["a"]);
  });
});

describe("closing", () => {
  it("closes at once when nothing is under way, and frees the core a tick later", async () => {
    const { engine, core } = await opened();
    const close = vi.fn();
    engine.on("close", close);
    engine.close();
    expect(close).toHaveBeenCalledExactlyOnceWith("forced close", undefined);
    expect(engine).toMatchObject({ readyState: "closed", id: null });
    expect(core.calls.slice(2)).toEqual(["destroy"]);
    await turn();
    expect(core.calls.slice(2)).toEqual(["destroy", "free"]);
    engine.close();
    core.events.closed("transport_close", "polling", 0, undefined);
    core.events.message("late");
    expect(close).toHaveBeenCalledOnce();
  });

  it("waits for what has been written, and takes nothing more", async () => {
    const { engine, core } = await opened("websocket");
    const names = namesOf(engine);
    engine.write("a").write("b").close().write("c");
    expect(engine.readyState).toBe("closing");
    await turn();
    expect(core.sent).toEqual(["a", "b"]);
    expect(names.slice(-2)).toEqual(["drain", "close"]);
    expect(names).toHaveLength(6);
  });

  it("waits for a POST", async () => {
    const { engine, core } = await opened();
    engine.write("a").close();
    expect(engine.readyState).toBe("closing");
    core.events.drained(1);
    expect(engine.readyState).toBe("closed");
  });

  it.each(["upgraded", "upgradeFailed"] as const)("waits until it has %s", async (end) => {
    const { engine, core } = await opened();
    core.events.upgrading("websocket");
    engine.write("a").close();
    expect(engine.readyState).toBe("closing");
    core.events[end]("websocket");
    if (end === "upgradeFailed") core.events.drained(1);
    await turn();
    expect(core.sent).toEqual(["a"]);
    expect(engine.readyState).toBe("closed");
  });

  it("leaves the buffer to the listeners of close, then empties it", async () => {
    const { engine, core } = await opened();
    engine.write("a");
    engine.on("close", () => expect(engine.writeBuffer).toHaveLength(1));
    core.events.closed("ping_timeout", "polling", 0, undefined);
    expect(engine.writeBuffer).toEqual([]);
    expect.assertions(2);
  });

  it("ends when its transport is closed", async () => {
    const { engine } = await opened();
    const close = vi.fn();
    engine.on("close", close);
    engine.transport.close().close();
    const details = { description: "polling connection closed" };
    expect(close).toHaveBeenCalledExactlyOnceWith("transport close", details);
  });
});

describe("reasons", () => {
  const socketClosed = new Event("close");

  it.each([
    ["ping_timeout", "polling", undefined, ["ping timeout", undefined]],
    ["client_close", "polling", undefined, ["forced close", undefined]],
    [
      ...(["server_close", "polling", undefined] as const),
      ["transport close", { description: "transport closed by the server" }],
    ],
    [
      ...(["transport_close", "websocket", socketClosed] as const),
      ["transport close", { description: "websocket connection closed", context: socketClosed }],
    ],
    [
      ...(["transport_close", "polling", 1] as const),
      ["transport close", { description: "transport closed by the server", context: 1 }],
    ],
  ] as const)("tells of %s over %s without an error", async (code, transport, detail, told) => {
    const { engine, core } = await opened();
    const names = namesOf(engine);
    const close = vi.fn();
    engine.on("close", close);
    core.events.closed(code, transport, 0, detail);
    expect(names).toEqual(["close"]);
    expect(close).toHaveBeenCalledWith(...told);
  });

  const answer = { method: "GET", status: 400, responseText: "{}" };
  const refusal = { method: "POST", status: 413, responseText: "" };

  it.each([
    ["transport_error", "websocket", socketClosed, "websocket error", socketClosed, undefined],
    ["unavailable", "websocket", undefined, "websocket error", undefined, undefined],
    ["transport_error", "polling", answer, "xhr poll error", 400, answer],
    ["transport_error", "polling", refusal, "xhr post error", 413, refusal],
    ["open_timeout", "polling", undefined, "xhr poll error", 0, undefined],
  ] as const)(
    "tells of %s over %s",
    async (code, transport, detail, message, description, context) => {
      const { engine, core } = await opened();
      const names = namesOf(engine);
      const errors: unknown[] = [];
      engine.on("error", (error) => errors.push(error, engine.readyState));
      engine.on("close", (reason, error) => errors.push(reason, error));
      core.events.closed(
        code,
        transport,
        (detail as { status?: number } | undefined)?.status ?? 0,
        detail,
      );
      expect(names).toEqual(["error", "close"]);
      expect(errors).toEqual([errors[0], "open", "transport error", errors[0]]);
      expect(errors[0]).toBeInstanceOf(Error);
      expect(errors[0]).toMatchObject({ type: "TransportError", message });
      expect(errors[0]).toHaveProperty("description", description);
      expect(errors[0]).toHaveProperty("context", context);
    },
  );

  it.each([
    ["parse_error", "parser error"],
    ["invalid_handshake", "invalid_handshake"],
    ["not_socketio", "not_socketio"],
  ] as const)("tells of %s as an error of the server", async (code, told) => {
    const { engine, core } = await opened();
    const error = vi.fn();
    engine.on("error", error);
    core.events.closed(code, "polling", 200, undefined);
    expect(error).toHaveBeenCalledWith(expect.objectContaining({ message: "server error" }));
    expect(error).toHaveBeenCalledWith(expect.objectContaining({ code: told }));
  });
});

describe("an overdue ping", () => {
  it("is noticed when asked, and closes a tick later", async () => {
    const now = vi.spyOn(Date, "now").mockReturnValue(0);
    const { engine, core } = await opening();
    const close = vi.fn();
    engine.on("close", close);
    expect(engine._hasPingExpired()).toBe(false);
    core.events.opened(handshake, "polling");
    now.mockReturnValue(45_000);
    expect(engine._hasPingExpired()).toBe(false);
    core.events.pinged();
    now.mockReturnValue(90_000);
    expect(engine._hasPingExpired()).toBe(false);
    now.mockReturnValue(90_001);
    expect(engine._hasPingExpired()).toBe(true);
    expect(close).not.toHaveBeenCalled();
    expect(engine._hasPingExpired()).toBe(true);
    await turn();
    expect(close).toHaveBeenCalledExactlyOnceWith("ping timeout", undefined);
  });
});
