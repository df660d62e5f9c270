import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  catchThrown,
  clients,
  connect,
  engineOf,
  errorLike,
  lastEngine,
  receive,
  record,
} from "./support/clients.js";
import { FakeEngine } from "./support/fakeEngine.js";
import { yeast } from "./support/yeast.js";

const URL = "http://localhost:3000";

beforeEach(() => {
  vi.useFakeTimers();
  FakeEngine.made = [];
});

afterEach(() => {
  vi.useRealTimers();
});

describe.each(clients)("%s", (_name, { io }) => {
  const create = (options: object = {}) =>
    io(URL, { forceNew: true, reconnectionDelay: 10, randomizationFactor: 0, ...options });

  /** A connected socket whose engine has nothing written yet. */
  async function createConnected(options: object = {}) {
    const socket = create(options);
    await connect(socket);
    engineOf(socket).takeWritten();
    return socket;
  }

  /** The connection is lost, and there again. */
  async function reconnect(socket: ReturnType<typeof create>, data?: object) {
    engineOf(socket).end("transport close");
    await vi.advanceTimersByTimeAsync(10);
    await connect(socket, data);
  }

  describe("emit()", () => {
    test("writes the event and returns the socket", async () => {
      const socket = await createConnected();
      expect(socket.emit("a", 1, "2", { 3: [null] })).toBe(socket);
      expect(socket.send("b", "c")).toBe(socket);
      socket.emit(7 as never);
      expect(lastEngine().written).toEqual([
        '2["a",1,"2",{"3":[null]}]',
        '2["message","b","c"]',
        "2[7]",
      ]);
    });

    test.each([
      "connect",
      "connect_error",
      "disconnect",
      "disconnecting",
      "newListener",
      "removeListener",
    ])("refuses %s", (name) => {
      expect(() => create().emit(name)).toThrow(`"${name}" is a reserved event name`);
    });

    test("throws what cannot be serialised", async () => {
      const socket = await createConnected();
      const circular: { self?: object } = {};
      circular.self = circular;
      expect(() => socket.emit("a", circular)).toThrow();
      expect(() => socket.emit("a", 1n)).toThrow(TypeError);
      expect(lastEngine().written).toEqual([]);
    });

    test("writes binary values behind their event, and leaves the arguments alone", async () => {
      const socket = await createConnected();
      const payload = { a: Uint8Array.of(1, 2), b: [Uint8Array.of(3)] };
      socket.emit("bin", payload);
      expect(lastEngine().written).toEqual([
        '52-["bin",{"a":{"_placeholder":true,"num":0},"b":[{"_placeholder":true,"num":1}]}]',
        Uint8Array.of(1, 2),
        Uint8Array.of(3),
      ]);
      expect(payload).toEqual({ a: Uint8Array.of(1, 2), b: [Uint8Array.of(3)] });
    });

    test("asks for compression unless told otherwise, for one event", async () => {
      const socket = await createConnected();
      engineOf(socket).writeOptions = [];
      socket.compress(false).emit("a");
      socket.compress(true).emit("b");
      socket.emit("c");
      expect(lastEngine().writeOptions).toEqual([
        { compress: false },
        { compress: true },
        { compress: true },
      ]);
    });
  });

  describe("while not connected", () => {
    test("events are kept, and leave before those of a connect listener", async () => {
      const socket = create();
      socket.emit("first");
      socket.emit("second");
      socket.on("connect", () => socket.emit("third"));
      expect(socket.sendBuffer).toHaveLength(2);
      await connect(socket);
      expect(socket.sendBuffer).toEqual([]);
      expect(lastEngine().written).toEqual(["0", '2["first"]', '2["second"]', '2["third"]']);
    });

    test("events survive reconnections and disconnect()", async () => {
      const socket = await createConnected();
      socket.disconnect();
      socket.emit("a");
      socket.connect();
      lastEngine().fail();
      socket.emit("b");
      await vi.advanceTimersByTimeAsync(10);
      await connect(socket);
      expect(lastEngine().written).toEqual(["0", '2["a"]', '2["b"]']);
    });

    test("so are they when the server's ping is overdue", async () => {
      const socket = await createConnected();
      engineOf(socket).hasPingExpired = true;
      socket.emit("a");
      expect(lastEngine().written).toEqual([]);
      await reconnect(socket);
      expect(lastEngine().written).toEqual(["0", '2["a"]']);
    });
  });

  describe("volatile", () => {
    test("drops an event while there is no connection", async () => {
      const socket = create({ autoConnect: false });
      expect(socket.volatile).toBe(socket);
      socket.volatile.emit("a");
      socket.emit("b");
      socket.connect();
      await connect(socket);
      expect(lastEngine().written).toEqual(["0", '2["b"]']);
    });

    test("drops an event while the transport is busy, for one event", async () => {
      const socket = await createConnected();
      engineOf(socket).transport.writable = false;
      socket.volatile.emit("a");
      socket.emit("b");
      expect(lastEngine().written).toEqual(['2["b"]']);
    });

    test("sends an event while the transport is free", async () => {
      const socket = await createConnected();
      socket.volatile.emit("a");
      expect(lastEngine().written).toEqual(['2["a"]']);
    });

    test("keeps an event while only the namespace is not ready", async () => {
      const socket = create();
      lastEngine().open();
      socket.volatile.emit("a");
      await connect(socket);
      expect(lastEngine().written).toEqual(["0", '2["a"]']);
    });
  });

  describe("acknowledgements by the server", () => {
    test("are given to the callback, once, with the socket as this", async () => {
      const socket = await createConnected();
      const ack = vi.fn();
      socket.emit("a", "b", ack);
      expect(lastEngine().written).toEqual(['20["a","b"]']);
      await receive(socket, '30[1,"two",null]', "30[3]", "31[4]");
      expect(ack.mock.calls).toEqual([[1, "two", null]]);
      expect(ack.mock.contexts).toEqual([socket]);
    });

    test("are numbered on across connections", async () => {
      const socket = await createConnected();
      socket.emit("a", () => {});
      await reconnect(socket);
      socket.emit("b", () => {});
      expect(lastEngine().written).toEqual(["0", '21["b"]']);
    });

    test("emitWithAck() resolves with the first argument", async () => {
      const socket = await createConnected();
      const answer = socket.emitWithAck("a", 1);
      await receive(socket, '30["b","c"]');
      await expect(answer).resolves.toBe("b");
    });

    test("upon a disconnection plain callbacks are forgotten", async () => {
      const socket = await createConnected();
      const ack = vi.fn();
      socket.emit("a", ack);
      socket.disconnect();
      expect(ack).not.toHaveBeenCalled();
      expect(Object.keys((socket as unknown as { acks: object }).acks)).toEqual([]);
    });

    test("upon a disconnection those who expect an error get one, after the event", async () => {
      const socket = await createConnected({ ackTimeout: 10_000 });
      const order: unknown[] = [];
      socket.on("disconnect", () => order.push("disconnect"));
      socket.emit("a", (error: Error) => order.push(error.message));
      socket.timeout(5_000).emit("b", (error: Error) => order.push(error.message));
      const promise = socket
        .emitWithAck("c")
        .catch((error: unknown) => order.push((error as Error).message));
      lastEngine().end("transport close");
      await promise;
      const message = "socket has been disconnected";
      expect(order).toEqual(["disconnect", message, message, message]);
      expect(vi.getTimerCount()).toBe(1); // That of the reconnection.
    });

    test("upon a disconnection a promise without a time limit is rejected, too", async () => {
      const socket = await createConnected();
      const answer = socket.emitWithAck("a");
      socket.disconnect();
      await expect(answer).rejects.toThrow("socket has been disconnected");
    });

    test("of events that were kept before it are still awaited", async () => {
      const socket = await createConnected({ ackTimeout: 1_000 });
      const ack = vi.fn();
      engineOf(socket).hasPingExpired = true;
      socket.emit("a", ack);
      await reconnect(socket);
      expect(ack).not.toHaveBeenCalled();
      await receive(socket, '30["b"]');
      expect(ack.mock.calls).toEqual([[null, "b"]]);
    });

    test("of events that were not sent yet are still awaited", async () => {
      const socket = await createConnected();
      const ack = vi.fn();
      socket.disconnect();
      socket.emit("a", ack);
      socket.connect();
      lastEngine().fail();
      await vi.advanceTimersByTimeAsync(10);
      await connect(socket);
      await receive(socket, '30["b"]');
      expect(ack.mock.calls).toEqual([["b"]]);
    });
  });

  test("a packet whose attachments are missing is forgotten with the connection", async () => {
    const socket = await createConnected();
    const events = record(socket, "a", "b");
    await receive(socket, '51-["a",{"_placeholder":true,"num":0}]');
    await reconnect(socket);
    await receive(socket, '2["b"]');
    expect(events).toEqual([["b"]]);
  });

  describe("timeout()", () => {
    test("gives an error when the time is over, and drops the late answer", async () => {
      const socket = await createConnected();
      const ack = vi.fn();
      expect(socket.timeout(50)).toBe(socket);
      socket.timeout(50).emit("a", ack);
      await vi.advanceTimersByTimeAsync(49);
      expect(ack).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(1);
      await receive(socket, "30[1]");
      const error = errorLike("operation has timed out");
      expect(ack.mock.calls).toEqual([[error]]);
    });

    test("gives null before the answer", async () => {
      const socket = await createConnected();
      const ack = vi.fn();
      socket.timeout(50).emit("a", ack);
      await receive(socket, "30[1,2]");
      await vi.advanceTimersByTimeAsync(100);
      expect(ack.mock.calls).toEqual([[null, 1, 2]]);
      expect(ack.mock.contexts).toEqual([socket]);
    });

    test("may be 0", async () => {
      const socket = await createConnected();
      const ack = vi.fn();
      socket.timeout(0).emit("a", ack);
      await vi.advanceTimersByTimeAsync(0);
      expect(ack).toHaveBeenCalledTimes(1);
    });

    test("takes the event out of the buffer", async () => {
      const socket = create({ autoConnect: false });
      const ack = vi.fn();
      socket.emit("a");
      socket.timeout(50).emit("b", ack);
      socket.emit("c");
      await vi.advanceTimersByTimeAsync(50);
      expect(ack).toHaveBeenCalledTimes(1);
      expect(socket.sendBuffer.map(({ data }) => data as unknown)).toEqual([["a"], ["c"]]);
    });

    test("holds for one event and goes before ackTimeout", async () => {
      const socket = await createConnected({ ackTimeout: 100 });
      const [first, second] = [vi.fn(), vi.fn()];
      socket.timeout(50).emit("a", first);
      socket.emit("b", second);
      await vi.advanceTimersByTimeAsync(50);
      expect([first.mock.calls.length, second.mock.calls.length]).toEqual([1, 0]);
      await vi.advanceTimersByTimeAsync(50);
      expect(second).toHaveBeenCalledTimes(1);
    });

    test("rejects the promise of emitWithAck()", async () => {
      const socket = await createConnected();
      const outcome = expect(socket.timeout(50).emitWithAck("a")).rejects.toThrow("timed out");
      await vi.advanceTimersByTimeAsync(50);
      await outcome;
    });

    test("does not get into the way of the promise's value", async () => {
      const socket = await createConnected();
      const answer = socket.timeout(50).emitWithAck("a");
      await receive(socket, "30[42]");
      await expect(answer).resolves.toBe(42);
    });
  });

  describe("incoming events", () => {
    test("are given to the listeners of their namespace", async () => {
      const manager = (await createConnected()).io;
      const [root, foo] = [manager.socket("/"), manager.socket("/foo")];
      await connect(foo);
      const events = [record(root, "a"), record(foo, "a")];
      await receive(root, '2["a",1,{"b":2}]', '2/foo,["a"]', '2["c"]');
      expect(events).toEqual([[["a", 1, { b: 2 }]], [["a"]]]);
    });

    test("have their binary values", async () => {
      const socket = await createConnected();
      const events = record(socket, "a");
      await receive(socket, '51-["a",{"_placeholder":true,"num":0}]', new Uint8Array([1]).buffer);
      expect(events).toEqual([["a", new Uint8Array([1]).buffer]]);
    });

    test("are acknowledged by their last argument, once", async () => {
      const socket = await createConnected();
      socket.on("a", (value: number, ack: (...args: unknown[]) => void) => {
        ack(value, { test: true });
        ack("again");
      });
      await receive(socket, '212["a",5]');
      expect(lastEngine().written).toEqual(['312[5,{"test":true}]']);
    });

    test("may be acknowledged with binary", async () => {
      const socket = await createConnected();
      socket.on("a", (ack: (value: Uint8Array) => void) => ack(Uint8Array.of(9)));
      await receive(socket, '23["a"]');
      expect(lastEngine().written).toEqual([
        '61-3[{"_placeholder":true,"num":0}]',
        Uint8Array.of(9),
      ]);
    });

    test("before the server's CONNECT are kept until then, and come before connect", async () => {
      const socket = create();
      const events = record(socket, "connect", "a");
      lastEngine().open();
      await receive(socket, '2["a",1]', '2["a",2]');
      expect(events).toEqual([]);
      expect(socket.receiveBuffer).toEqual([
        ["a", 1],
        ["a", 2],
      ]);
      expect(socket.receiveBuffer.every((args) => Object.isFrozen(args))).toBe(true);
      await connect(socket);
      expect(events).toEqual([["a", 1], ["a", 2], ["connect"]]);
      expect(socket.receiveBuffer).toEqual([]);
    });

    test("are heard by listeners in order, each as often as it was added", async () => {
      const socket = await createConnected();
      const heard: string[] = [];
      const twice = () => void heard.push("twice");
      socket.on("a", twice).on("a", twice);
      socket.once("a", () => void heard.push("once"));
      await receive(socket, '2["a"]');
      socket.off("a", twice);
      await receive(socket, '2["a"]');
      expect(heard).toEqual(["twice", "twice", "once", "twice"]);
      expect([socket.hasListeners("a"), socket.listeners("a")]).toEqual([true, [twice]]);
      socket.removeAllListeners();
      expect(socket.hasListeners("a")).toBe(false);
    });
  });

  describe("onAny()", () => {
    test("hears all events before their listeners, with the ack last", async () => {
      const socket = await createConnected();
      const heard: unknown[] = [];
      socket.on("a", () => heard.push("a"));
      socket.onAny((...args: unknown[]) => heard.push(args));
      await receive(socket, '2["a",1]', '25["b"]');
      expect(heard).toEqual([["a", 1], "a", ["b", expect.any(Function)]]);
    });

    test("hears nothing of the client's own events", async () => {
      const socket = create();
      const heard = vi.fn();
      socket.onAny(heard);
      await connect(socket);
      socket.disconnect();
      expect(heard).not.toHaveBeenCalled();
    });

    test("prependAny() goes first, offAny() removes one or all", async () => {
      const socket = await createConnected();
      const heard: string[] = [];
      const add = (text: string) => () => void heard.push(text);
      const [one, two, three] = [add("one"), add("two"), add("three")];
      expect(socket.onAny(one).prependAny(two).onAny(three).onAny(one)).toBe(socket);
      expect(socket.listenersAny()).toEqual([two, one, three, one]);
      expect(socket.offAny(one).offAny(() => {})).toBe(socket);
      await receive(socket, '2["a"]');
      expect(heard).toEqual(["two", "three", "one"]);
      expect(socket.offAny().listenersAny()).toEqual([]);
    });

    test("may be changed by a listener, from the next event on", async () => {
      const socket = await createConnected();
      const heard = vi.fn();
      socket.onAny(() => socket.offAny(heard));
      socket.onAny(heard);
      await receive(socket, '2["a"]', '2["a"]');
      expect(heard).toHaveBeenCalledTimes(1);
    });
  });

  describe("onAnyOutgoing()", () => {
    test("hears events when they are sent, with the original values", async () => {
      const socket = create();
      const heard: unknown[] = [];
      socket.onAnyOutgoing((...args: unknown[]) => heard.push(args));
      const binary = Uint8Array.of(1);
      socket.emit("a", binary, () => {});
      expect(heard).toEqual([]);
      await connect(socket);
      expect(heard).toEqual([["a", binary]]);
      expect((heard[0] as unknown[])[1]).toBe(binary);
    });

    test("hears nothing of acknowledgements and of dropped events", async () => {
      const socket = await createConnected();
      const heard = vi.fn();
      socket.onAnyOutgoing(heard);
      socket.on("a", (ack: () => void) => ack());
      await receive(socket, '21["a"]');
      engineOf(socket).transport.writable = false;
      socket.volatile.emit("b");
      expect(heard).not.toHaveBeenCalled();
    });

    test("prependAnyOutgoing() goes first, offAnyOutgoing() removes one or all", async () => {
      const socket = await createConnected();
      const heard: string[] = [];
      const add = (text: string) => () => void heard.push(text);
      const [one, two] = [add("one"), add("two")];
      expect(socket.onAnyOutgoing(one).prependAnyOutgoing(two).onAnyOutgoing(one)).toBe(socket);
      expect(socket.listenersAnyOutgoing()).toEqual([two, one, one]);
      socket.offAnyOutgoing(one).emit("a");
      expect(heard).toEqual(["two", "one"]);
      expect(socket.offAnyOutgoing().listenersAnyOutgoing()).toEqual([]);
    });
  });

  describe("retries", () => {
    type Queued = { _queue: unknown[] };
    const queueOf = (socket: object) => (socket as unknown as Queued)._queue;

    test("keep the order: each event waits for the one before", async () => {
      const socket = create({ retries: 1, ackTimeout: 50 });
      const lengths: number[] = [];
      const answers: unknown[][] = [];
      socket.emit("echo", 1, () => lengths.push(queueOf(socket).length));
      socket.emit("echo", 2, () => lengths.push(queueOf(socket).length));
      socket.emit("echo", 3, (...args: unknown[]) => answers.push(args));
      expect(queueOf(socket)).toHaveLength(3);
      await connect(socket);
      expect(lastEngine().takeWritten()).toEqual(["0", '20["echo",1]']);
      await receive(socket, "30[1]");
      expect(lastEngine().takeWritten()).toEqual(['21["echo",2]']);
      await receive(socket, "31[2]");
      expect(lastEngine().takeWritten()).toEqual(['22["echo",3]']);
      await receive(socket, "32[3]");
      expect(lengths).toEqual([2, 1]);
      expect(answers).toEqual([[null, 3]]);
      expect(queueOf(socket)).toEqual([]);
    });

    test("give up after the last one, and go on with the next event", async () => {
      const socket = await createConnected({ retries: 3, ackTimeout: 50 });
      const answers: unknown[][] = [];
      socket.emit("a", (...args: unknown[]) => answers.push(args));
      socket.emit("b");
      await vi.advanceTimersByTimeAsync(200);
      expect(lastEngine().written).toEqual(['20["a"]', '21["a"]', '22["a"]', '23["a"]', '24["b"]']);
      const error = errorLike("operation has timed out");
      expect(answers).toEqual([[error]]);
    });

    test("do not count while there is no connection", async () => {
      const socket = create({ autoConnect: false, retries: 3, ackTimeout: 10 });
      const answers: unknown[][] = [];
      socket.emit("echo", 1, (...args: unknown[]) => answers.push(args));
      await vi.advanceTimersByTimeAsync(100);
      socket.connect();
      await connect(socket);
      await receive(socket, "30[1]");
      expect(answers).toEqual([[null, 1]]);
    });

    test("a disconnection is a failed try", async () => {
      const socket = await createConnected({ retries: 1, ackTimeout: 1_000 });
      const answers: unknown[][] = [];
      socket.emit("a", (...args: unknown[]) => answers.push(args));
      await reconnect(socket);
      expect(lastEngine().written).toEqual(["0", '21["a"]']);
      await reconnect(socket);
      const error = errorLike("socket has been disconnected");
      expect(answers).toEqual([[error]]);
      expect(lastEngine().written).toEqual(["0"]);
    });

    test("do not concern volatile events", async () => {
      const socket = await createConnected({ retries: 1, ackTimeout: 50 });
      socket.volatile.emit("a");
      await vi.advanceTimersByTimeAsync(200);
      expect(lastEngine().written).toEqual(['2["a"]']);
    });

    test("settle a promise", async () => {
      const socket = await createConnected({ retries: 1, ackTimeout: 50 });
      const answer = socket.emitWithAck("a");
      await receive(socket, "30[7]");
      await expect(answer).resolves.toBe(7);
    });

    test("are heard of by onAnyOutgoing() one by one", async () => {
      const socket = await createConnected({ retries: 1, ackTimeout: 50 });
      const heard = vi.fn();
      socket.onAnyOutgoing(heard);
      socket.emit("a");
      await vi.advanceTimersByTimeAsync(50);
      expect(heard.mock.calls).toEqual([["a"], ["a"]]);
    });
  });

  describe("connection state recovery", () => {
    const offset = () => yeast(Date.now());

    test("sends pid and offset, and keeps id when the server recovers", async () => {
      const socket = create();
      await connect(socket, { sid: "sid-1", pid: "pid-1" });
      expect(socket.recovered).toBe(false);
      const first = offset();
      await receive(socket, `2["a",1,"${first}"]`);
      await reconnect(socket, { sid: "sid-1", pid: "pid-1" });
      expect(lastEngine().written).toEqual([`0{"pid":"pid-1","offset":"${first}"}`]);
      expect([socket.recovered, socket.id]).toEqual([true, "sid-1"]);
    });

    test("is told apart from a new session", async () => {
      const socket = create();
      await connect(socket, { sid: "sid-1", pid: "pid-1" });
      await reconnect(socket, { sid: "sid-2", pid: "pid-2" });
      expect([socket.recovered, socket.id]).toEqual([false, "sid-2"]);
    });

    test("is asked for together with the credentials", async () => {
      const socket = create({ auth: { token: "abc" } });
      await connect(socket, { sid: "sid-1", pid: "pid-1" });
      await reconnect(socket, { sid: "sid-1", pid: "pid-1" });
      expect(lastEngine().written).toEqual(['0{"pid":"pid-1","token":"abc"}']);
    });

    test("does not advance for a listener that throws", async () => {
      const thrown = catchThrown();
      const socket = create();
      await connect(socket, { sid: "sid-1", pid: "pid-1" });
      const first = offset();
      socket.on("bad", () => {
        throw new Error("listener");
      });
      await receive(socket, `2["good","${first}"]`, `2["bad","${offset()}"]`);
      await reconnect(socket, { sid: "sid-1", pid: "pid-1" });
      expect(lastEngine().written).toEqual([`0{"pid":"pid-1","offset":"${first}"}`]);
      expect(thrown).toEqual(["listener"]);
    });
  });
});
