/** Acknowledgements with time limits, as promises, and repeated. */
import { quick } from "../setting.js";

export default (it) => {
  it("resolves emitWithAck() with the first argument", async ({ connected, equal }) => {
    const { socket } = await connected();
    equal(await socket.emitWithAck("echo", 123, "more"), 123);
    equal(await socket.timeout(5_000).emitWithAck("echo", 42), 42);
  });

  it("gives `null` first when the answer comes in time", async ({ connected, deepEqual }) => {
    const { socket } = await connected();
    const answer = await new Promise((resolve) => {
      socket.timeout(5_000).emit("echo", 42, 43, (...args) => resolve(args));
    });
    deepEqual(answer, [null, 42, 43]);
  });

  it("gives an error when no answer comes", async ({ connected, rejects, match }) => {
    const { socket } = await connected();
    const error = await new Promise((resolve) => socket.timeout(20).emit("unknown", resolve));
    match(error.message, /operation has timed out/);
    await rejects(socket.timeout(20).emitWithAck("unknown"), /operation has timed out/);
  });

  it("gives one error when the answer comes too late", async (c) => {
    const { server, socket } = await c.connected();
    const calls = [];
    const told = new Promise((resolve) => {
      socket.timeout(10).emit("keep", (...args) => resolve(calls.push(args)));
    });
    await told;
    await server.answerKept("late");
    await c.settled(socket);
    c.equal(calls.length, 1);
    c.ok(calls[0][0] instanceof Error, "an Error");
  });

  it("takes what was never sent back from the buffer", async ({ io, equal, ok }) => {
    const socket = io("http://127.0.0.1:9", { forceNew: true, autoConnect: false });
    const error = await new Promise((resolve) => socket.timeout(10).emit("event", resolve));
    ok(error instanceof Error, "an Error");
    equal(socket.sendBuffer.length, 0);
  });

  it("uses `ackTimeout` where no other limit is given", async ({ connected, ok, deepEqual }) => {
    const { socket } = await connected({ ackTimeout: 30 });
    const error = await new Promise((resolve) => socket.emit("unknown", resolve));
    ok(error instanceof Error, "an Error");
    const answer = await new Promise((resolve) => {
      socket.timeout(5_000).emit("echo", 1, (...args) => resolve(args));
    });
    deepEqual(answer, [null, 1]);
  });

  it("does not let a limit leak into the next emit", async ({ connected, deepEqual }) => {
    const { socket } = await connected();
    socket.timeout(5_000).emit("unknown", () => {});
    const answer = await new Promise((resolve) =>
      socket.emit("echo", 1, (...args) => resolve(args)),
    );
    deepEqual(answer, [1]);
  });

  for (const [form, options, ask] of [
    ["timeout()", {}, (socket, done) => socket.timeout(10_000).emit("unknown", done)],
    ["ackTimeout", { ackTimeout: 10_000 }, (socket, done) => socket.emit("unknown", done)],
    ["emitWithAck()", {}, (socket, done) => socket.emitWithAck("unknown").catch(done)],
    [
      "timeout().emitWithAck()",
      {},
      (socket, done) => socket.timeout(10_000).emitWithAck("unknown").catch(done),
    ],
  ]) {
    it(`tells ${form} that the connection ended`, async ({ connected, equal, match }) => {
      const { socket } = await connected(options);
      const told = new Promise((resolve) => ask(socket, resolve));
      socket.disconnect();
      match((await told).message, /socket has been disconnected/);
      equal(Object.keys(socket.acks).length, 0);
    });
  }

  it("sends what is to be repeated one by one", async (c) => {
    const { server, socket } = await c.connected({
      transports: ["websocket"],
      retries: 1,
      ackTimeout: 2_000,
    });
    const lengths = [];
    const answers = [];
    for (const number of [1, 2]) {
      socket.emit("echo", number, (...args) => {
        answers.push(args);
        lengths.push(socket._queue.length);
      });
    }
    c.equal(socket._queue.length, 2);
    await new Promise((resolve) => {
      socket.emit("echo", 3, (...args) => {
        answers.push(args);
        lengths.push(socket._queue.length);
        resolve();
      });
    });
    c.deepEqual(lengths, [2, 1, 0]);
    c.deepEqual(answers, [
      [null, 1],
      [null, 2],
      [null, 3],
    ]);
    const said = (await server.frames()).map(([, , data]) => data);
    c.deepEqual(said, ["0", '20["echo",1]', '21["echo",2]', '22["echo",3]']);
  });

  it("gives up after `retries` + 1 tries", async (c) => {
    const { server, socket } = await c.connected({
      transports: ["websocket"],
      retries: 3,
      ackTimeout: 20,
    });
    const error = await new Promise((resolve) => socket.emit("nobody answers", resolve));
    c.ok(error instanceof Error, "an Error");
    c.equal(socket._queue.length, 0);
    const said = (await server.frames()).map(([, , data]) => data);
    const tries = [0, 1, 2, 3].map((id) => `2${id}["nobody answers"]`);
    c.deepEqual(said, ["0", ...tries]);
  });

  it("does not use up tries while it is not connected", async (c) => {
    const server = await c.serve();
    const socket = c.io(server.url, { ...quick, autoConnect: false, retries: 3, ackTimeout: 500 });
    const answered = new Promise((resolve) => socket.emit("echo", 1, (...args) => resolve(args)));
    c.equal((await server.frames()).length, 0);
    socket.connect();
    c.deepEqual(await answered, [null, 1]);
  });

  it("repeats on the next connection", async (c) => {
    const { server, socket } = await c.connected({ retries: 3, ackTimeout: 10_000 });
    const told = new Promise((resolve) => socket.emit("leave", true, resolve));
    await c.event(socket, "disconnect");
    socket.removeAllListeners();
    socket.connect();
    await c.event(socket, "disconnect");
    socket.connect();
    await c.event(socket, "disconnect");
    socket.connect();
    c.ok((await told) instanceof Error, "an Error");
    const heard = (await server.heard()).map(([, name]) => name);
    c.deepEqual(heard, ["leave", "leave", "leave", "leave"]);
  });

  it("does not repeat volatile events", async (c) => {
    const { socket } = await c.connected({ retries: 3, ackTimeout: 10_000 });
    await c.until(() => socket.io.engine.transport.writable);
    socket.volatile.emit("nobody answers");
    c.equal(socket._queue.length, 0);
  });

  it("answers without `ackTimeout` as is its custom", async (c) => {
    const { server, socket } = await c.connected({ retries: 2 });
    const answer = await new Promise((resolve) => {
      socket.emit("echo", "ok", (...args) => resolve(args));
    });
    const heard = (await server.heard()).length;
    if (c.differs("retriesWithoutTimeout")) {
      c.deepEqual(answer, [null, "ok"]);
      c.equal(heard, 1);
    } else {
      c.deepEqual(answer, ["ok"]);
      c.equal(heard, 3);
    }
  });
};
