/** Listeners of events, of all events, and of what is sent. */
export default (it) => {
  const idle = { autoConnect: false, forceNew: true };

  it("has the emitter's methods under all their names", ({ io, equal, deepEqual }) => {
    const socket = io("http://127.0.0.1:9", idle);
    const listener = () => {};
    equal(socket.on("a", listener), socket);
    equal(socket.addEventListener("a", listener), socket);
    deepEqual(socket.listeners("a").length, 2);
    equal(socket.hasListeners("a"), true);
    equal(socket.off("a", listener), socket);
    equal(socket.listeners("a").length, 1, "removed one by one");
    for (const remove of ["removeListener", "removeEventListener", "removeAllListeners"]) {
      socket.on("b", listener);
      socket[remove]("b", listener);
      equal(socket.hasListeners("b"), false, remove);
    }
    socket.off("a");
    equal(socket.hasListeners("a"), false);
    socket.on("c", listener);
    socket.off();
    equal(socket.hasListeners("c"), false);
    socket.once("d", listener);
    socket.off("d", listener);
    equal(socket.hasListeners("d"), false);
  });

  it("calls the listeners that there were when the event came", async (c) => {
    const { server, socket } = await c.connected();
    const calls = [];
    const second = () => calls.push("second");
    socket.on("news", () => {
      calls.push("first");
      socket.off("news", second);
      socket.on("news", () => calls.push("third"));
    });
    socket.on("news", second);
    await server.emit("/", "news");
    await c.settled(socket);
    c.deepEqual(calls, ["first", "second"]);
  });

  it("calls a once() listener once", async ({ connected, settled, equal }) => {
    const { server, socket } = await connected();
    let calls = 0;
    socket.once("news", () => (calls += 1));
    await server.emit("/", "news");
    await server.emit("/", "news");
    await settled(socket);
    equal(calls, 1);
  });

  it("calls catch-all listeners first, with the event's name", async (c) => {
    const { server, socket } = await c.connected();
    const calls = [];
    socket.on("news", (...args) => calls.push(["on", ...args]));
    socket.onAny((...args) => calls.push(["any", ...args]));
    socket.prependAny((...args) => calls.push(["first", ...args]));
    await server.emit("/", "news", 1);
    await c.settled(socket);
    c.deepEqual(calls, [
      ["first", "news", 1],
      ["any", "news", 1],
      ["on", 1],
    ]);
  });

  it("gives catch-all listeners the acknowledgement", async ({ connected, event, equal }) => {
    const { socket } = await connected();
    socket.onAny((name, ...args) => name === "question" && args.at(-1)("from onAny"));
    const answered = event(socket, "answered");
    socket.emit("ask me", "question");
    equal((await answered)[0], "from onAny");
  });

  it("does not call catch-all listeners for its own events", async (c) => {
    const server = await c.serve();
    const socket = c.io(server.url, { forceNew: true });
    const names = [];
    socket.onAny((name) => names.push(name));
    await c.event(socket, "connect");
    await server.emit("/", "news");
    await c.settled(socket);
    socket.disconnect();
    c.deepEqual(names, ["news"]);
  });

  it("removes catch-all listeners, one or all", ({ io, equal, deepEqual }) => {
    const socket = io("http://127.0.0.1:9", idle);
    const [one, two] = [() => {}, () => {}];
    for (const listener of [one, two, one]) equal(socket.onAny(listener), socket);
    deepEqual(socket.listenersAny().length, 3);
    equal(socket.offAny(one), socket);
    equal(socket.listenersAny()[0], two, "the first match goes");
    equal(socket.listenersAny().length, 2);
    socket.offAny();
    equal(socket.listenersAny().length, 0);
  });

  it("removes listeners of outgoing events, one or all", ({ io, equal }) => {
    const socket = io("http://127.0.0.1:9", idle);
    const [one, two] = [() => {}, () => {}];
    socket.onAnyOutgoing(one).prependAnyOutgoing(two);
    equal(socket.listenersAnyOutgoing()[0], two);
    socket.offAnyOutgoing(two);
    equal(socket.listenersAnyOutgoing().length, 1);
    socket.offAnyOutgoing();
    equal(socket.listenersAnyOutgoing().length, 0);
  });

  it("tells what is sent when it is sent", async (c) => {
    const server = await c.serve();
    const socket = c.io(server.url, idle);
    const told = [];
    const bytes = Uint8Array.of(1, 2, 3);
    socket.onAnyOutgoing((...args) => told.push(args));
    socket.emit("kept", 1, bytes);
    socket.volatile.emit("dropped");
    c.deepEqual(told, [], "not yet");
    socket.connect();
    await c.settled(socket);
    c.equal(told[0][2], bytes, "the value itself");
    c.deepEqual(told, [
      ["kept", 1, bytes],
      ["echo", "done"],
    ]);
  });

  it("tells each try of what is repeated", async (c) => {
    const { socket } = await c.connected({ retries: 2, ackTimeout: 20 });
    let told = 0;
    socket.onAnyOutgoing(() => (told += 1));
    await new Promise((resolve) => socket.emit("nobody answers", resolve));
    c.equal(told, 3);
  });
};
