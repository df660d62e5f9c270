/** Events and acknowledgements, both ways; what is kept and what is dropped. */
import { quick } from "../setting.js";

const text = ["てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "🐟\u2028\u0000"];

export default (it) => {
  it("carries values there and back", async ({ connected, event, deepEqual }) => {
    const { socket } = await connected();
    const values = [false, 0, -1.5, "", ...text, null, [], {}, { a: [{ b: null }] }];
    const back = event(socket, "bounced");
    socket.emit("bounce", ...values);
    deepEqual(await back, values);
  });

  it("writes what JSON.stringify() writes", async ({ connected, event, deepEqual }) => {
    const { socket } = await connected();
    const back = event(socket, "bounced");
    const own = { toJSON: () => ({ made: "by toJSON" }) };
    socket.emit(
      "bounce",
      new Date(0),
      undefined,
      null,
      NaN,
      { a: undefined, b: 1 },
      own,
      new Map(),
    );
    deepEqual(await back, [
      "1970-01-01T00:00:00.000Z",
      null,
      null,
      null,
      { b: 1 },
      { made: "by toJSON" },
      {},
    ]);
  });

  it("throws out of emit() what JSON cannot have", async ({ connected, throws, settled }) => {
    const { socket } = await connected();
    const circle = {};
    circle.again = circle;
    throws(() => socket.emit("bounce", circle), /circular|call stack/i);
    throws(() => socket.emit("bounce", 1n), /BigInt/);
    await settled(socket);
  });

  it("emits events named by numbers, and any other name", async (c) => {
    const { server, socket } = await c.connected();
    const names = ["error", "message", "__proto__", "constructor", "toString", "ping", "open"];
    for (const name of names) socket.emit(name, 1);
    socket.emit(7, 1);
    await c.settled(socket);
    const heard = (await server.heard()).map(([, name]) => name);
    c.deepEqual(heard, [...names, 7, "echo"]);
  });

  it("receives events of any name", async ({ connected, event, deepEqual }) => {
    const { server, socket } = await connected();
    for (const name of ["error", "message", "__proto__", "constructor", "toString"]) {
      const came = event(socket, name);
      await server.emit("/", name, 1);
      deepEqual(await came, [1]);
    }
  });

  it("sends messages by send()", async ({ connected, settled, deepEqual, equal }) => {
    const { server, socket } = await connected();
    equal(socket.send("a", 2), socket);
    await settled(socket);
    deepEqual((await server.heard())[0], ["/", "message", "a", 2]);
  });

  it("keeps the order of events", async ({ connected, events, settled, deepEqual }) => {
    const { socket } = await connected();
    const back = events(socket, "bounced");
    const numbers = Array.from({ length: 300 }, (_, index) => index);
    for (const number of numbers) socket.emit("bounce", number);
    await settled(socket);
    deepEqual(back.flat(), numbers);
  });

  it("gets acknowledgements with their arguments", async ({ connected, deepEqual }) => {
    const { socket } = await connected();
    const answer = await new Promise((resolve) => {
      socket.emit("echo", 1, { two: 2 }, (...args) => resolve(args));
    });
    deepEqual(answer, [1, { two: 2 }]);
    const [date] = await new Promise((resolve) => socket.emit("date", (...args) => resolve(args)));
    deepEqual(date, "1970-01-01T00:00:00.000Z");
  });

  it("gives acknowledgements, once each", async ({
    connected,
    event,
    events,
    settled,
    deepEqual,
  }) => {
    const { socket } = await connected();
    const answers = events(socket, "answered");
    socket.on("question", (number, answer) => {
      answer(number, { test: true });
      answer("again");
    });
    const answered = event(socket, "answered");
    socket.emit("ask me", "question", 5);
    await answered;
    await settled(socket);
    deepEqual(answers, [[5, { test: true }]]);
  });

  it("may acknowledge later", async ({ connected, event, deepEqual }) => {
    const { socket } = await connected();
    const question = event(socket, "question");
    socket.emit("ask me", "question");
    const [answer] = await question;
    const answered = event(socket, "answered");
    answer("later");
    deepEqual(await answered, ["later"]);
  });

  it("ignores acknowledgements that nobody waits for", async ({ connected, event, settled }) => {
    const { server, socket } = await connected();
    await server.inject("3999[1]");
    await socket.emitWithAck("echo", 1);
    await server.inject("30[1]");
    const came = event(socket, "news");
    await server.emit("/", "news");
    await came;
    await settled(socket);
  });

  it("emits what was emitted before it connected, in order", async (c) => {
    const server = await c.serve();
    const socket = c.io(server.url, { forceNew: true, autoConnect: false });
    socket.on("connect", () => socket.emit("third"));
    socket.emit("first");
    socket.emit("second", 2);
    c.equal(socket.sendBuffer.length, 2, "kept");
    socket.connect();
    await c.event(socket, "connect");
    c.equal(socket.sendBuffer.length, 0, "sent");
    await c.settled(socket);
    const heard = (await server.heard()).map(([, name]) => name);
    c.deepEqual(heard, ["first", "second", "third", "echo"]);
  });

  it("keeps events over disconnect() and connect()", async ({ connected, settled, deepEqual }) => {
    const { server, socket } = await connected();
    socket.disconnect();
    socket.emit("kept", 1);
    socket.connect();
    await settled(socket);
    deepEqual((await server.heard())[0], ["/", "kept", 1]);
  });

  it("keeps events over a reconnection", async ({ connected, event, settled, deepEqual }) => {
    const { server, socket } = await connected();
    const ended = event(socket, "disconnect");
    await server.closeEngines();
    await ended;
    socket.emit("kept", 1);
    await settled(socket);
    deepEqual((await server.heard())[0], ["/", "kept", 1]);
  });

  it("delivers what came before CONNECT was answered", async (c) => {
    const { server, socket } = await c.connected({ transports: ["websocket"] });
    const other = socket.io.socket("/late");
    const order = c.trace([[other, "connect", "early"]]);
    socket.io.engine.once("packet", () => {});
    other.onpacket({ type: 2, nsp: "/late", data: ["early", 1] });
    c.equal(other.receiveBuffer.length, 1, "kept");
    await c.event(other, "connect");
    c.deepEqual(order, ["early", "connect"]);
    c.equal(other.receiveBuffer.length, 0, "delivered");
    c.equal((await server.ids("/late")).length, 1);
  });

  it("drops volatile events while it is not connected", async (c) => {
    const server = await c.serve();
    const socket = c.io(server.url, { forceNew: true, autoConnect: false });
    socket.volatile.emit("echo", c.never("the answer"));
    socket.emit("kept");
    socket.connect();
    await c.settled(socket);
    const heard = (await server.heard()).map(([, name]) => name);
    c.deepEqual(heard, ["kept", "echo"]);
  });

  for (const transports of [["polling"], ["websocket"]]) {
    it(`drops a volatile event while the transport is busy (${transports})`, async (c) => {
      const { server, socket } = await c.connected({ transports });
      await c.settled(socket);
      socket.emit("first");
      socket.volatile.emit("dropped");
      await c.settled(socket);
      const heard = (await server.heard()).map(([, name]) => name);
      c.deepEqual(heard, ["echo", "first", "echo"]);
    });

    it(`sends a volatile event when the transport is free (${transports})`, async (c) => {
      const { server, socket } = await c.connected({ transports });
      await c.settled(socket);
      await c.until(() => socket.io.engine.transport.writable);
      socket.volatile.emit("sent");
      await c.settled(socket);
      const heard = (await server.heard()).map(([, name]) => name);
      c.deepEqual(heard, ["echo", "sent", "echo"]);
    });
  }

  it("hears nothing of what was sent when the connection ends", async (c) => {
    const { socket } = await c.connected();
    socket.emit("echo", c.never("the answer"));
    socket.disconnect();
    c.equal(Object.keys(socket.acks).length, 0, "no answer is waited for");
    socket.connect();
    await c.settled(socket);
  });

  it("still gets the answer to what was not sent when the connection ended", async (c) => {
    const { socket } = await c.connected();
    socket.disconnect();
    const answered = new Promise((resolve) => socket.emit("echo", "a", resolve));
    socket.connect();
    c.equal(await answered, "a");
  });

  it("counts the ids of acknowledgements over reconnections", async (c) => {
    const { server, socket } = await c.connected({ transports: ["websocket"] });
    await c.settled(socket);
    socket.disconnect().connect();
    await c.settled(socket);
    const said = (await server.frames()).map(([, , data]) => data);
    const questions = said.filter((data) => data.startsWith("2"));
    c.deepEqual(questions, ['20["echo","done"]', '21["echo","done"]']);
  });

  it("buffers what is emitted when a heartbeat is overdue", async (c) => {
    const { socket } = await c.connected(quick);
    await c.settled(socket);
    const ended = c.event(socket, "disconnect");
    const { _hasPingExpired } = socket.io.engine;
    c.equal(typeof _hasPingExpired, "function");
    const now = Date.now();
    const { now: real } = Date;
    Date.now = () => now + 3_600_000;
    try {
      socket.emit("bounce", 1);
      c.equal(socket.sendBuffer.length, 1, "kept");
    } finally {
      Date.now = real;
    }
    c.equal((await ended)[0], "ping timeout");
    await c.settled(socket);
  });
};
