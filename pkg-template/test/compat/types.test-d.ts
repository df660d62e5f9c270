/** The types are those of `socket.io-client`: what its users wrote compiles, what it refuses does not. */
import type { DefaultEventsMap } from "@socket.io/component-emitter";
import type * as official from "socket.io-client";
import { describe, expectTypeOf, test } from "vitest";
import type * as compat from "../../src/compat/index.js";
import byDefault, { connect, io, Manager, protocol, Socket } from "../../src/compat/index.js";
import {
  Fetch,
  NodeWebSocket,
  NodeXHR,
  WebSocket,
  WebTransport,
  XHR,
} from "../../src/compat/index.js";
import type {
  DisconnectDescription,
  ExtendedError,
  ManagerOptions,
  ManagerReservedEvents,
  SocketOptions,
  SocketReservedEvents,
} from "../../src/compat/index.js";

interface ClientToServerEvents {
  helloFromClient: (message: string) => void;
  ackFromClient: (a: string, b: number, ack: (c: string, d: boolean) => void) => void;
  ackFromClientSingleArg: (a: string, b: number, ack: (c: string) => void) => void;
  ackFromClientNoArg: (ack: () => void) => void;
}

interface ServerToClientEvents {
  helloFromServer: (message: string, x: number) => void;
}

interface BidirectionalEvents {
  random: (a: number, b: string, c: number[]) => void;
}

declare const untyped: Socket;
declare const bidirectional: Socket<BidirectionalEvents>;
declare const typed: Socket<ServerToClientEvents, ClientToServerEvents>;

describe("io()", () => {
  test("takes a URL, options, both or nothing", () => {
    expectTypeOf(io).toBeCallableWith();
    expectTypeOf(io).toBeCallableWith("https://example.com");
    expectTypeOf(io).toBeCallableWith({ forceNew: true });
    expectTypeOf(io).toBeCallableWith("https://example.com", { forceNew: true });
    expectTypeOf(io).toBeCallableWith(undefined as string | undefined);
    // @ts-expect-error There is no such option.
    expectTypeOf(io).toBeCallableWith({ forceOld: true });
  });

  test("returns a socket of any events, which may be given others", () => {
    expectTypeOf(io()).toEqualTypeOf<Socket<DefaultEventsMap, DefaultEventsMap>>();
    const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io();
    expectTypeOf(socket).toEqualTypeOf<Socket<ServerToClientEvents, ClientToServerEvents>>();
  });

  test("has other names", () => {
    expectTypeOf(connect("")).toEqualTypeOf<Socket>();
    expectTypeOf(byDefault("")).toEqualTypeOf<Socket>();
    expectTypeOf(protocol).toExtend<number>();
  });

  test("takes all options", () => {
    io("", {
      auth: { token: "a" },
      retries: 3,
      ackTimeout: 1_000,
      transports: ["websocket", "polling"],
      query: { a: 1 },
      path: "/socket.io",
      extraHeaders: { a: "b" },
      withCredentials: true,
      autoConnect: false,
      parser: {},
      addTrailingSlash: false,
      rememberUpgrade: true,
      tryAllTransports: true,
      closeOnBeforeunload: true,
      useNativeTimers: true,
      transportOptions: { polling: { extraHeaders: {} } },
    });
    io({ transports: [XHR, WebSocket] });
    io({ transports: [NodeXHR, Fetch, NodeWebSocket, WebTransport] });
    io({ auth: (cb) => cb({ token: "a" }) });
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- it is awaited
    io({ auth: async (cb) => cb(await Promise.resolve({ token: "a" })) });
  });
});

describe("in comparison with socket.io-client", () => {
  type Missing<Official, Here> = Exclude<keyof Official, keyof Here>;

  test("nothing is missing", () => {
    expectTypeOf<Missing<typeof official, typeof compat>>().toBeNever();
    expectTypeOf<Missing<official.Socket, Socket>>().toBeNever();
    expectTypeOf<Missing<official.Manager, Manager>>().toBeNever();
    expectTypeOf<Missing<official.ManagerOptions, ManagerOptions>>().toBeNever();
    expectTypeOf<Missing<official.Manager["engine"], Manager["engine"]>>().toEqualTypeOf<
      "_cookieJar" // Of Node.js.
    >();
  });

  test("options can be used for both", () => {
    type Options = Partial<ManagerOptions & SocketOptions>;
    type OfficialOptions = Partial<official.ManagerOptions & official.SocketOptions>;
    expectTypeOf<OfficialOptions>().toExtend<Options>();
  });
});

describe("no event map", () => {
  test("on(): reserved events have their types", () => {
    // @ts-expect-error There is no argument.
    untyped.on("connect", (_arg: unknown) => {});
    untyped.on("connect_error", (error) => {
      expectTypeOf(error).toEqualTypeOf<ExtendedError>();
      expectTypeOf(error).toExtend<Error>();
    });
    untyped.on("disconnect", (reason, description) => {
      expectTypeOf(reason).toEqualTypeOf<Socket.DisconnectReason>();
      expectTypeOf(description).toEqualTypeOf<DisconnectDescription | undefined>();
    });
  });

  test("on(): other events have any arguments", () => {
    untyped.on("random", (a, b, c) => {
      expectTypeOf(a).toBeAny();
      expectTypeOf(b).toBeAny();
      expectTypeOf(c).toBeAny();
    });
  });

  test("on(): names may be those of an enum", () => {
    enum Events {
      TEST = "test",
    }
    untyped.on(Events.TEST, (a, b) => {
      expectTypeOf(a).toBeAny();
      expectTypeOf(b).toBeAny();
    });
  });

  test("emit() takes anything", () => {
    untyped.emit("random", 1, "2", [3]);
    untyped.emit("no parameters");
    untyped.emit("ackFromClient", "1", 2, (_c: unknown, _d: unknown) => {});
    untyped.emit("ackFromClient", "1", 2, (...args: Parameters<DefaultEventsMap[string]>) => {
      expectTypeOf(args[0]).toBeAny();
    });
    untyped.timeout(1_000).emit("ackFromClient", "1", 2, (_err: Error, _c: number) => {});
    untyped.send("a", 1);
    untyped.volatile.compress(true).emit("a");
  });

  test("emitWithAck() gives anything", () => {
    expectTypeOf(untyped.emitWithAck("ackFromClientSingleArg", "1", 2)).resolves.toBeAny();
    expectTypeOf(untyped.timeout(1_000).emitWithAck("a", "3", 4)).resolves.toBeAny();
  });
});

describe("one event map", () => {
  test("is for both directions", () => {
    expectTypeOf(bidirectional).toEqualTypeOf<Socket<BidirectionalEvents, BidirectionalEvents>>();
  });

  test("on() infers the arguments", () => {
    bidirectional.on("random", (a, b, c) => {
      expectTypeOf(a).toEqualTypeOf<number>();
      expectTypeOf(b).toEqualTypeOf<string>();
      expectTypeOf(c).toEqualTypeOf<number[]>();
    });
  });

  test("on() refuses wrong types", () => {
    // @ts-expect-error There is no listener.
    bidirectional.on("random");
    // @ts-expect-error There are three arguments.
    bidirectional.on("random", (_a, _b, _c, _d) => {});
    // @ts-expect-error A name is text.
    bidirectional.on(2, 3);
  });

  test("emit() accepts the right and refuses the wrong types", () => {
    bidirectional.emit("random", 1, "2", [3]);
    // @ts-expect-error There are arguments.
    bidirectional.emit("random");
    // @ts-expect-error The arguments are no function.
    bidirectional.emit("random", (_a, _b, _c) => {});
  });
});

describe("two event maps", () => {
  test("on() infers the arguments of what comes in", () => {
    typed.on("helloFromServer", (message) => {
      expectTypeOf(message).toEqualTypeOf<string>();
    });
  });

  test("on() refuses what goes out", () => {
    // @ts-expect-error That is for the server.
    typed.on("helloFromClient", (_message) => {});
  });

  test("emit() infers the arguments of acknowledgements", () => {
    typed.emit("helloFromClient", "hi");
    typed.emit("ackFromClient", "1", 2, (c, d) => {
      expectTypeOf(c).toEqualTypeOf<string>();
      expectTypeOf(d).toEqualTypeOf<boolean>();
    });
    typed.emit("ackFromClientNoArg", () => {});
  });

  test("emit() after timeout() has the error first", () => {
    typed.timeout(1_000).emit("ackFromClient", "1", 2, (err, c, d) => {
      expectTypeOf(err).toEqualTypeOf<Error>();
      expectTypeOf(c).toEqualTypeOf<string>();
      expectTypeOf(d).toEqualTypeOf<boolean>();
    });
    typed.timeout(1_000).emit("ackFromClientNoArg", (err) => {
      expectTypeOf(err).toEqualTypeOf<Error>();
    });
  });

  test("emit() refuses wrong types", () => {
    // @ts-expect-error There is an argument.
    typed.emit("helloFromClient");
    // @ts-expect-error It is text.
    typed.emit("helloFromClient", 10);
    // @ts-expect-error It is one.
    typed.emit("helloFromClient", "hi", 10);
    // @ts-expect-error That comes from the server.
    typed.emit("helloFromServer", "hi", 10);
    // @ts-expect-error There is no such event.
    typed.emit("wrong name", 10);
    // @ts-expect-error There is no such event.
    typed.emit("wrong name");
  });

  test("emitWithAck() gives the first argument of the acknowledgement", () => {
    const call = () => typed.emitWithAck("ackFromClientSingleArg", "1", 2);
    expectTypeOf(call).returns.resolves.toEqualTypeOf<string>();
    const limited = () => typed.timeout(1_000).emitWithAck("ackFromClientSingleArg", "1", 2);
    expectTypeOf(limited).returns.resolves.toBeAny(); // The error hides the type.
  });
});

describe("members of a socket", () => {
  test("have their types", () => {
    expectTypeOf(typed.id).toEqualTypeOf<string | undefined>();
    expectTypeOf(typed.connected).toEqualTypeOf<boolean>();
    expectTypeOf(typed.disconnected).toEqualTypeOf<boolean>();
    expectTypeOf(typed.active).toEqualTypeOf<boolean>();
    expectTypeOf(typed.recovered).toEqualTypeOf<boolean>();
    expectTypeOf(typed.io).toEqualTypeOf<Manager<ServerToClientEvents, ClientToServerEvents>>();
    expectTypeOf(typed.connect()).toEqualTypeOf<typeof typed>();
    expectTypeOf(typed.disconnect()).toEqualTypeOf<typeof typed>();
    typed.auth = { token: "b" };
    typed.auth = (cb) => cb({ token: "b" });
  });

  test("catch-all listeners take anything", () => {
    typed.onAny((event, ...args) => {
      expectTypeOf(event).toBeAny();
      expectTypeOf(args).items.toBeAny();
    });
    typed.onAnyOutgoing((_event: string, _value: number) => {}).offAnyOutgoing();
    expectTypeOf(typed.listenersAny()).items.toBeFunction();
  });
});

describe("a manager", () => {
  test("has events and settings", () => {
    const manager = new Manager("https://example.com", { reconnectionDelay: 10 });
    manager.on("reconnect_attempt", (attempt) => expectTypeOf(attempt).toEqualTypeOf<number>());
    manager.on("error", (error) => expectTypeOf(error).toEqualTypeOf<Error>());
    manager.on("close", (reason) => expectTypeOf(reason).toEqualTypeOf<string>());
    // @ts-expect-error There is no such event.
    manager.on("connect", () => {});
    expectTypeOf(manager.reconnection()).toEqualTypeOf<boolean>();
    expectTypeOf(manager.reconnection(true)).toEqualTypeOf<Manager>();
    expectTypeOf(manager.timeout()).toEqualTypeOf<number | boolean>();
    expectTypeOf(manager.socket("/a", { auth: {} })).toEqualTypeOf<Socket>();
    new Manager({ path: "/a" });
    new Manager();
    manager._close();
    manager.engine.on("upgrade", (transport) => {
      expectTypeOf(transport.name).toEqualTypeOf<string>();
    });
    expectTypeOf(manager.engine.transport.name).toEqualTypeOf<string>();
    manager.engine.close();
  });

  test("makes types that can be written down", () => {
    expectTypeOf<Partial<ManagerOptions>>().toHaveProperty("randomizationFactor");
    expectTypeOf<SocketOptions>().toHaveProperty("ackTimeout");
    expectTypeOf<ManagerReservedEvents>().toHaveProperty("reconnect_failed");
    expectTypeOf<SocketReservedEvents>().toHaveProperty("connect_error");
    class Application extends Socket<ServerToClientEvents> {}
    expectTypeOf<Application>().toExtend<Socket<ServerToClientEvents>>();
  });
});
