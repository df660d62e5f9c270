/** Where the client is better than the official one: the lines of the table in docs/compat.md. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  catchThrown,
  connect,
  engineOf,
  errorLike,
  lastEngine,
  ours,
  receive,
  record,
  settle,
} from "./support/clients.js";
import { FakeEngine } from "./support/fakeEngine.js";
import { yeast } from "./support/yeast.js";

const { io, Manager } = ours;
const URL = "http://localhost:3000";

type AnySocket = ReturnType<typeof io>;

beforeEach(() => {
  vi.useFakeTimers();
  FakeEngine.made = [];
});

afterEach(() => {
  vi.useRealTimers();
});

const create = (options: object = {}) =>
  io(URL, { forceNew: true, reconnectionDelay: 10, randomizationFactor: 0, ...options });

async function createConnected(options: object = {}): Promise<AnySocket> {
  const socket = create(options);
  await connect(socket);
  engineOf(socket).takeWritten();
  return socket;
}

async function reconnect(socket: AnySocket, data?: object): Promise<void> {
  engineOf(socket).end("transport close");
  await vi.advanceTimersByTimeAsync(10);
  await connect(socket, data);
}

describe("reconnecting", () => {
  test("connect() works after reconnection(false) has stopped the loop", async () => {
    const socket = create();
    lastEngine().fail();
    socket.io.reconnection(false);
    socket.connect();
    expect(FakeEngine.made).toHaveLength(2);
    await connect(socket);
    expect(socket.connected).toBe(true);
  });

  test("reconnection(false) in a listener of reconnect_attempt does not block connect()", async () => {
    const socket = create();
    socket.io.on("reconnect_attempt", () => socket.io.reconnection(false));
    lastEngine().fail();
    await vi.advanceTimersByTimeAsync(10);
    socket.connect();
    expect(FakeEngine.made).toHaveLength(2);
  });

  test("a manager that was opened during the wait reconnects the next time, too", async () => {
    const socket = create();
    lastEngine().fail();
    socket.io.open();
    await connect(socket);
    const attempts = record(socket.io, "reconnect_attempt");
    await vi.advanceTimersByTimeAsync(10);
    expect(attempts).toEqual([]);
    lastEngine().end("transport close");
    await vi.advanceTimersByTimeAsync(10);
    expect(FakeEngine.made).toHaveLength(3);
  });

  test("a manager that was opened during the wait in vain goes on with the loop", async () => {
    const { io: manager } = create();
    lastEngine().fail();
    manager.open();
    lastEngine().fail();
    await vi.advanceTimersByTimeAsync(10);
    expect(FakeEngine.made).toHaveLength(3);
    manager._close();
  });

  test("a manager that is being opened when the wait ends goes on if that fails", async () => {
    const { io: manager } = create();
    lastEngine().fail();
    manager.open();
    await vi.advanceTimersByTimeAsync(10);
    expect(FakeEngine.made).toHaveLength(2);
    lastEngine().fail();
    await vi.advanceTimersByTimeAsync(20);
    expect(FakeEngine.made).toHaveLength(3);
    manager._close();
  });

  test("a manager that a listener of open closes is closed once", () => {
    const manager = new Manager(URL);
    const closes = record(manager, "close");
    manager.on("open", () => manager._close());
    lastEngine().open();
    lastEngine().emit("close", "forced close");
    expect(closes).toHaveLength(1);
  });
});

describe("CONNECT", () => {
  test("is sent once although connect() is called again before the answer", async () => {
    const auth = vi.fn((cb: (data?: object) => void) => cb());
    const socket = create({ auth });
    lastEngine().open();
    socket.connect().connect();
    expect(lastEngine().written).toEqual(["0"]);
    expect(auth).toHaveBeenCalledTimes(1);
    await connect(socket);
    expect(socket.connected).toBe(true);
  });

  test("is sent again after disconnect()", () => {
    const manager = new Manager(URL);
    const [socket, other] = [manager.socket("/a"), manager.socket("/")];
    lastEngine().open();
    socket.disconnect();
    socket.connect();
    expect(lastEngine().written).toEqual(["0/a,", "0", "0/a,"]);
    expect(other.active).toBe(true);
  });

  test("that comes in the moment of the end connects nobody", async () => {
    const socket = create();
    lastEngine().open();
    lastEngine().receive('0{"sid":"a"}');
    lastEngine().end("transport close");
    await settle();
    expect(socket.connected).toBe(false);
  });
});

describe("auth", () => {
  test("may return a promise of the payload", async () => {
    const socket = create({ auth: async () => Promise.resolve({ token: "a" }) });
    lastEngine().open();
    await settle();
    expect(lastEngine().written).toEqual(['0{"token":"a"}']);
    expect(socket.active).toBe(true);
  });

  test("may be an async function that calls its parameter", async () => {
    const answers: ((data: object) => void)[] = [];
    // eslint-disable-next-line @typescript-eslint/require-await -- it answers later
    create({ auth: async (cb: (data: object) => void) => void answers.push(cb) });
    lastEngine().open();
    await settle();
    expect(lastEngine().written).toEqual([]);
    answers[0]?.({ token: "a" });
    expect(lastEngine().written).toEqual(['0{"token":"a"}']);
  });

  test.each([
    ["rejects", () => Promise.reject(new Error("no token"))],
    [
      "throws",
      () => {
        throw new Error("no token");
      },
    ],
  ])("that %s is a connect_error, after which the socket waits for connect()", async (_, auth) => {
    const socket = create({ auth });
    const events = record(socket, "connect_error");
    lastEngine().open();
    await settle();
    expect(events).toEqual([["connect_error", errorLike("no token")]]);
    expect(socket.active).toBe(false);
    socket.auth = { token: "a" };
    socket.connect();
    lastEngine().open();
    expect(lastEngine().written).toEqual(['0{"token":"a"}']);
  });

  test("answers once", () => {
    const answers: ((data: object) => void)[] = [];
    create({ auth: (cb: (data: object) => void) => void answers.push(cb) });
    lastEngine().open();
    answers[0]?.({ n: 1 });
    answers[0]?.({ n: 2 });
    expect(lastEngine().written).toEqual(['0{"n":1}']);
  });

  test("that answers a connection which has ended is not heard", async () => {
    const answers: ((data: object) => void)[] = [];
    create({ auth: (cb: (data: object) => void) => void answers.push(cb) });
    lastEngine().open();
    lastEngine().end("transport close");
    await vi.advanceTimersByTimeAsync(10);
    lastEngine().open();
    answers[0]?.({ n: 1 });
    expect(lastEngine().written).toEqual([]);
    answers[1]?.({ n: 2 });
    expect(lastEngine().written).toEqual(['0{"n":2}']);
  });
});

describe("what the server sends", () => {
  test.each([
    ["4", "", undefined],
    ['4"not authorized"', "not authorized", undefined],
    ['4{"message":{"toString":1},"data":2}', "", 2],
    ["4{}", "", undefined],
  ])("the CONNECT_ERROR %s is an error", async (frame, message, data) => {
    const socket = create();
    const events = record(socket, "connect_error");
    lastEngine().open();
    await receive(socket, frame);
    expect(events).toEqual([["connect_error", errorLike(message, { data })]]);
  });

  test("an acknowledgement without arguments is one", async () => {
    const socket = await createConnected();
    const acks = [vi.fn(), vi.fn()];
    socket.emit("a", acks[0]);
    socket.timeout(50).emit("b", acks[1]);
    socket.io.emit("packet" as never, ...([{ type: 3, nsp: "/", id: 0 }] as never));
    socket.io.emit("packet" as never, ...([{ type: 3, nsp: "/", id: 1 }] as never));
    expect(acks.map(({ mock }) => mock.calls)).toEqual([[[]], [[null]]]);
  });

  describe("a packet that is dropped", () => {
    const drop = async (socket: AnySocket, id?: number) => {
      const { decoder } = socket.io as unknown as { decoder: FakeEngine };
      decoder.emit("dropped", Object.assign(new Error("dropped"), { nsp: "/", id }));
      await settle();
    };

    test("is an error of the manager, and the connection goes on", async () => {
      const socket = await createConnected();
      const events = record(socket, "disconnect", "connect_error");
      const errors = record(socket.io, "error");
      await drop(socket);
      expect(errors).toEqual([["error", errorLike("dropped")]]);
      expect(events).toEqual([]);
    });

    test("fails the event that it was to acknowledge", async () => {
      const socket = await createConnected();
      const plain = vi.fn();
      socket.emit("a", plain);
      const outcome = expect(socket.emitWithAck("b")).rejects.toThrow("dropped");
      await drop(socket, 0);
      await drop(socket, 1);
      await outcome;
      await receive(socket, "30[]");
      expect(plain).not.toHaveBeenCalled();
    });
  });

  test("events that come before CONNECT are forgotten when the connection ends", async () => {
    const socket = create();
    const events = record(socket, "a");
    lastEngine().open();
    await receive(socket, '2["a",1]');
    await reconnect(socket);
    expect(events).toEqual([]);
  });

  test("of the events before CONNECT there are 10,000, and a loss is no recovery", async () => {
    const socket = create();
    await connect(socket, { sid: "a", pid: "b" });
    const events = record(socket, "a");
    engineOf(socket).end("transport close");
    await vi.advanceTimersByTimeAsync(10);
    lastEngine().open();
    for (let count = 0; count < 10_001; count++) engineOf(socket).receive('2["a"]');
    await settle();
    expect(socket.receiveBuffer).toHaveLength(10_000);
    await connect(socket, { sid: "a", pid: "b" });
    expect(events).toHaveLength(10_000);
    expect(socket.recovered).toBe(false);
    await reconnect(socket, { sid: "a", pid: "b" });
    expect(socket.recovered).toBe(true);
  });

  test("recovered is false, not undefined, without recovery", async () => {
    const socket = await createConnected();
    await reconnect(socket);
    expect(socket.recovered).toBe(false);
  });
});

describe("what the application throws", () => {
  test("in a listener of a kept event does not keep the socket from connecting", async () => {
    const thrown = catchThrown();
    const socket = create();
    const events = record(socket, "connect", "b");
    socket.on("a", () => {
      throw new Error("listener");
    });
    socket.emit("c");
    lastEngine().open();
    await receive(socket, '2["a"]', '2["b"]');
    await connect(socket);
    expect(events).toEqual([["b"], ["connect"]]);
    expect(lastEngine().written).toEqual(["0", '2["c"]']);
    expect(thrown).toEqual(["listener"]);
  });

  test("as a value that cannot be sent does not keep the buffer from being sent", async () => {
    const thrown = catchThrown();
    const socket = create();
    socket.emit("a", 1n);
    socket.emit("b");
    await connect(socket);
    expect(socket.connected).toBe(true);
    expect(lastEngine().written).toEqual(["0", '2["b"]']);
    expect(thrown).toHaveLength(1);
  });

  test("in a listener of disconnect does not keep acknowledgements waiting", async () => {
    const socket = await createConnected();
    socket.on("disconnect", () => {
      throw new Error("listener");
    });
    const answer = socket.emitWithAck("a");
    expect(() => socket.disconnect()).toThrow("listener");
    await expect(answer).rejects.toThrow("socket has been disconnected");
  });

  test("in a listener of disconnect or connect_error does not end the reconnection", async () => {
    const thrown = catchThrown();
    const socket = await createConnected();
    const admin = socket.io.socket("/admin");
    await receive(socket, '0/admin,{"sid":"x"}');
    const events = record(admin, "disconnect", "connect_error");
    for (const event of ["disconnect", "connect_error"]) {
      socket.on(event, () => {
        throw new Error(event);
      });
    }
    lastEngine().end("transport close");
    await vi.advanceTimersByTimeAsync(10);
    lastEngine().fail();
    await vi.advanceTimersByTimeAsync(20);
    expect(FakeEngine.made).toHaveLength(3);
    expect(events.map(([event]) => event)).toEqual(["disconnect", "connect_error"]);
    expect(thrown).toEqual(["disconnect", "connect_error"]);
  });

  test("in a callback upon a disconnection does not keep other acknowledgements waiting", async () => {
    const thrown = catchThrown();
    const socket = await createConnected();
    socket.timeout(10_000).emit("a", () => {
      throw new Error("callback");
    });
    const answer = socket.emitWithAck("b");
    lastEngine().end("transport close");
    await expect(answer).rejects.toThrow("socket has been disconnected");
    await settle();
    expect(thrown).toEqual(["callback"]);
  });
});

describe("disconnect() in a listener of a kept event", () => {
  test("leaves the buffer alone, and there is no connect", async () => {
    const socket = create();
    socket.on("a", () => socket.disconnect());
    const events = record(socket, "connect", "disconnect");
    socket.emit("b");
    lastEngine().open();
    await receive(socket, '2["a"]');
    await connect(socket);
    expect(events).toEqual([["disconnect", "io client disconnect", undefined]]);
    expect(socket.sendBuffer).toHaveLength(1);
  });
});

describe("acknowledgements", () => {
  test("by the client go to the connection that the event came by, or nowhere", async () => {
    const socket = await createConnected();
    const acks: (() => void)[] = [];
    socket.on("a", (ack: () => void) => void acks.push(ack));
    await receive(socket, '27["a"]');
    await reconnect(socket);
    acks[0]?.();
    expect(lastEngine().written).toEqual(["0"]);
  });

  test("of dropped volatile events are not kept, unless somebody waits for the error", async () => {
    const socket = await createConnected();
    const acksOf = () => Object.keys((socket as unknown as { acks: object }).acks);
    engineOf(socket).transport.writable = false;
    const ack = vi.fn();
    socket.volatile.emit("a", ack);
    expect(acksOf()).toEqual([]);
    socket.volatile.timeout(50).emit("b", ack);
    await vi.advanceTimersByTimeAsync(50);
    expect(ack.mock.calls).toEqual([[errorLike("operation has timed out")]]);
    const answer = socket.volatile.emitWithAck("c");
    socket.disconnect();
    await expect(answer).rejects.toThrow("socket has been disconnected");
  });

  test("ids go on, so that frames stay the same", async () => {
    const socket = await createConnected();
    engineOf(socket).transport.writable = false;
    socket.volatile.emit("a", () => {});
    socket.emit("b", () => {});
    expect(lastEngine().written).toEqual(['21["b"]']);
  });
});

describe("retries", () => {
  test("work without ackTimeout: an answer is an answer", async () => {
    const socket = await createConnected({ retries: 3 });
    const ack = vi.fn();
    socket.emit("a", ack);
    await receive(socket, '30["ok"]');
    expect(ack.mock.calls).toEqual([[null, "ok"]]);
    expect(lastEngine().written).toEqual(['20["a"]']);
  });

  test("without ackTimeout are tried again after a disconnection", async () => {
    const socket = await createConnected({ retries: 1 });
    socket.emit("a");
    await reconnect(socket);
    expect(lastEngine().written).toEqual(["0", '21["a"]']);
  });

  test("keep flags with their event, also while there is no connection", async () => {
    const socket = create({ retries: 1, ackTimeout: 1_000 });
    socket.compress(false).timeout(50).emit("a");
    socket.emit("b");
    await connect(socket);
    await receive(socket, "30[]");
    expect(lastEngine().writeOptions.slice(1)).toEqual([{ compress: false }, { compress: true }]);
    await vi.advanceTimersByTimeAsync(50);
    expect(lastEngine().takeWritten()).toEqual(["0", '20["a"]', '21["b"]']);
  });

  test("do not send twice when the server's ping is overdue", async () => {
    const socket = await createConnected({ retries: 1, ackTimeout: 1_000 });
    const hasExpired = vi.spyOn(engineOf(socket), "_hasPingExpired").mockReturnValue(true);
    socket.emit("a");
    hasExpired.mockReturnValueOnce(false); // It expires in the middle of emit().
    socket.emit("b");
    await reconnect(socket);
    expect(lastEngine().written).toEqual(["0", '20["a"]']);
  });

  test("are not stopped by a value that cannot be sent", async () => {
    const socket = await createConnected({ retries: 1, ackTimeout: 50 });
    expect(() => socket.emit("a", 1n)).toThrow(TypeError);
    socket.emit("b");
    expect(lastEngine().written).toEqual(['21["b"]']);
  });

  test("are not stopped by a callback that throws", async () => {
    const thrown = catchThrown();
    const socket = await createConnected({ retries: 1, ackTimeout: 50 });
    socket.emit("a", () => {
      throw new Error("callback");
    });
    socket.emit("b");
    await receive(socket, "30[]");
    expect(lastEngine().written).toEqual(['20["a"]', '21["b"]']);
    expect(thrown).toEqual(["callback"]);
  });

  test("a late answer to an event that could not be sent does not discard another", async () => {
    const socket = await createConnected({ retries: 1 });
    expect(() => socket.emit("a", 1n)).toThrow(TypeError);
    socket.emit("b");
    await receive(socket, "30[]");
    await reconnect(socket);
    expect(lastEngine().written).toEqual(["0", '22["b"]']);
  });

  test("flags of a refused event are not those of the next", async () => {
    const socket = await createConnected();
    expect(() => socket.compress(false).emit("connect")).toThrow();
    socket.emit("a");
    expect(lastEngine().writeOptions.at(-1)).toEqual({ compress: true });
  });
});

describe("the offset of connection state recovery", () => {
  const session = { sid: "a", pid: "b" };
  const stream = () => `${Date.now()}-0`;
  const objectId = () => `${Math.floor(Date.now() / 1_000).toString(16)}${"0".repeat(16)}`;

  async function createRecoverable(): Promise<AnySocket> {
    const socket = create();
    await connect(socket, session);
    return socket;
  }

  /** The offset that is sent with the next connection. */
  async function sentOffset(socket: AnySocket): Promise<unknown> {
    await reconnect(socket, session);
    const connectFrame = engineOf(socket).written[0] as string;
    return (JSON.parse(connectFrame.slice(1)) as { offset?: string }).offset;
  }

  test.each([
    ["the in-memory adapter", () => yeast(Date.now())],
    ["the in-memory adapter, second of a millisecond,", () => `${yeast(Date.now())}.0`],
    ["the Redis streams adapter", stream],
    ["the MongoDB adapter", objectId],
  ])("of %s is not seen by listeners", async (_adapter, offsetOf) => {
    const socket = await createRecoverable();
    const events = record(socket, "a");
    const any = vi.fn();
    socket.onAny(any);
    const offset = offsetOf();
    await receive(socket, `2["a",1,"${offset}"]`, `2["a","${offset}"]`);
    expect(events).toEqual([["a", 1], ["a"]]);
    expect(any.mock.calls).toEqual([["a", 1], ["a"]]);
    expect(await sentOffset(socket)).toBe(offset);
  });

  test("is not seen in recovered events, which come before CONNECT", async () => {
    const socket = await createRecoverable();
    const events = record(socket, "a");
    engineOf(socket).end("transport close");
    await vi.advanceTimersByTimeAsync(10);
    lastEngine().open();
    const offset = yeast(Date.now());
    await receive(socket, `2["a",1,"${offset}"]`);
    await connect(socket, session);
    expect(events).toEqual([["a", 1]]);
    expect(await sentOffset(socket)).toBe(offset);
  });

  test.each(["alice", "default", "Private", "507f1f77bcf86cd799439011", "555-1234", "2024-11-05"])(
    "is not the last argument %s of a volatile event",
    async (text) => {
      const socket = await createRecoverable();
      const offset = yeast(Date.now());
      const events = record(socket, "a", "typing");
      await receive(socket, `2["a","${offset}"]`, `2["typing","${text}"]`);
      expect(events).toEqual([["a"], ["typing", text]]);
      expect(await sentOffset(socket)).toBe(offset);
    },
  );

  test("is not a string of another form than the offsets before, be it ever so new", async () => {
    const socket = await createRecoverable();
    const offset = yeast(Date.now());
    const events = record(socket, "typing");
    await receive(socket, `2["a","${offset}"]`, `2["typing","${objectId()}"]`);
    expect(events).toEqual([["typing", objectId()]]);
    expect(await sentOffset(socket)).toBe(offset);
  });

  test("is not the name of an event", async () => {
    const socket = await createRecoverable();
    const offset = yeast(Date.now());
    await receive(socket, `2["a","${offset}"]`, '2["typing"]');
    expect(await sentOffset(socket)).toBe(offset);
  });

  test("is not looked for in an event that is to be acknowledged", async () => {
    const socket = await createRecoverable();
    const events = record(socket, "a");
    const offset = yeast(Date.now());
    await receive(socket, `21["a","${offset}"]`);
    expect(events).toEqual([["a", offset, expect.any(Function)]]);
    expect(await sentOffset(socket)).toBeUndefined();
  });

  test("is not looked for when the server does not recover", async () => {
    const socket = await createConnected();
    const events = record(socket, "a");
    const offset = yeast(Date.now());
    await receive(socket, `2["a","${offset}"]`);
    expect(events).toEqual([["a", offset]]);
  });

  test("of an unknown form is sent, and seen by listeners, as in the official client", async () => {
    const socket = await createRecoverable();
    const events = record(socket, "a");
    await receive(socket, '2["a","offset:1"]', '2["a","offset:2"]');
    expect(events).toEqual([
      ["a", "offset:1"],
      ["a", "offset:2"],
    ]);
    expect(await sentOffset(socket)).toBe("offset:2");
  });

  test("is not a text that is too long for CONNECT", async () => {
    const socket = await createRecoverable();
    const events = record(socket, "a");
    const long = "x".repeat(1_025);
    await receive(socket, '2["a","offset:1"]', `2["a","${long}"]`);
    expect(events[1]).toEqual(["a", long]);
    expect(await sentOffset(socket)).toBe("offset:1");
  });
});

test("the listeners of onAny() can be changed by their array, also when there are none yet", async () => {
  const socket = await createConnected();
  const heard = vi.fn();
  socket.listenersAny().push(heard);
  await receive(socket, '2["a"]');
  expect(heard).toHaveBeenCalledTimes(1);
});

test("outside of pages a URL without scheme is one of https", () => {
  io("example.com:3000", { forceNew: true });
  expect(lastEngine().uri).toBe("https://example.com:3000");
});

test("null as the URL is none, and the options count", () => {
  const options = { forceNew: true };
  expect(io(null as never, options).io.opts).toBe(options);
});
