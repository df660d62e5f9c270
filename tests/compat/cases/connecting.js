/** Connecting, disconnecting, and what a Manager says meanwhile. */
import { quick } from "../setting.js";

export default (it) => {
  it("connects, and tells in order", async ({ serve, io, trace, event, deepEqual, equal }) => {
    const server = await serve();
    const socket = io(server.url, { forceNew: true });
    const order = trace([
      [socket.io, "open"],
      [socket, "connect"],
    ]);
    await event(socket, "connect");
    deepEqual(order, ["open", "connect"]);
    equal(socket.connected, true, "connected");
    equal(socket.disconnected, false, "disconnected");
    const [id] = await server.ids("/");
    equal(socket.id, id);
    equal(socket.id === socket.io.engine.id, false, "the id is the namespace's");
  });

  it("knows the id in a namespace of its own", async ({ connected, equal }) => {
    const { server, socket } = await connected({ namespace: "/foo" });
    const [id] = await server.ids("/foo");
    equal(socket.id, id);
  });

  it("has no id when `disconnect` comes", async ({ connected, event, equal }) => {
    const { socket } = await connected();
    const ids = [];
    socket.on("disconnect", () => ids.push(socket.id));
    const ended = event(socket, "disconnect");
    socket.disconnect();
    await ended;
    equal(ids.length, 1);
    equal(ids[0], undefined);
  });

  it("says nothing when it is disconnected while opening", async ({
    serve,
    io,
    connected,
    never,
  }) => {
    const server = await serve();
    const socket = io(server.url, { forceNew: true, timeout: 50 });
    socket.on("disconnect", never("disconnect"));
    socket.on("connect_error", never("connect_error"));
    socket.on("connect", never("connect"));
    socket.io.on("error", never("error"));
    socket.disconnect();
    await connected();
  });

  it("may be connected again after `disconnect`", async ({ connected, event, equal }) => {
    const { server, socket } = await connected();
    const first = socket.id;
    const ended = event(socket, "disconnect");
    socket.disconnect();
    equal((await ended)[0], "io client disconnect");
    equal(socket.active, false);
    socket.connect();
    equal(socket.active, true);
    await event(socket, "connect");
    equal(socket.id === first, false, "the same id");
    equal((await server.ids("/")).length, 1);
  });

  it("takes `disconnect().connect()` in one go", async ({ connected, events, event, equal }) => {
    const { socket } = await connected({ transports: ["websocket"] });
    const ends = events(socket, "disconnect");
    const again = event(socket, "connect");
    equal(socket.disconnect().connect(), socket);
    await again;
    equal(ends.length, 1);
  });

  it("ignores connect() while it is connected", async ({ connected, settled, events, equal }) => {
    const { socket } = await connected();
    const connects = events(socket, "connect");
    socket.connect();
    socket.open();
    await settled(socket);
    equal(connects.length, 0);
  });

  it("closes the connection with its last Socket", async ({
    serve,
    manager,
    event,
    never,
    equal,
  }) => {
    const server = await serve();
    const one = manager(server.url);
    const [foo, bar] = [one.socket("/foo"), one.socket("/bar")];
    await Promise.all([event(foo, "connect"), event(bar, "connect")]);
    const unexpected = never("close");
    one.on("close", unexpected);
    foo.disconnect();
    await bar.emitWithAck("echo");
    one.off("close", unexpected);
    const closed = event(one, "close");
    bar.disconnect();
    equal((await closed)[0], "forced close");
  });

  it("opens a namespace on a connection that is there", async ({
    serve,
    manager,
    event,
    deepEqual,
  }) => {
    const server = await serve();
    const one = manager(server.url);
    await event(one.socket("/"), "connect");
    await event(one.socket("/foo"), "connect");
    deepEqual((await server.transports()).length, 1);
  });

  it("opens a namespace after the connection was closed", async ({ serve, manager, event }) => {
    const server = await serve();
    const one = manager(server.url);
    const socket = one.socket("/");
    await event(socket, "connect");
    const ended = event(socket, "disconnect");
    socket.disconnect();
    await ended;
    await event(one.socket("/foo"), "connect");
  });

  it("opens one namespace while it leaves another", async ({ serve, manager, event }) => {
    const server = await serve();
    const one = manager(server.url);
    const foo = one.socket("/foo");
    await event(foo, "connect");
    const bar = one.socket("/bar");
    foo.disconnect();
    await event(bar, "connect");
  });

  it("reopens a Socket that the Manager knows", async ({ connected, event, equal }) => {
    const { socket } = await connected();
    const ended = event(socket, "disconnect");
    socket.disconnect();
    await ended;
    const again = socket.io.socket("/");
    equal(again, socket);
    equal(again.active, true);
    await event(again, "connect");
  });

  it("sends one CONNECT for each namespace", async ({
    serve,
    manager,
    event,
    settled,
    deepEqual,
  }) => {
    const server = await serve();
    const one = manager(server.url, { transports: ["websocket"] });
    await event(one, "open");
    const [root, foo] = [one.socket("/"), one.socket("/foo")];
    one.socket("/");
    await Promise.all([event(root, "connect"), event(foo, "connect")]);
    await settled(foo);
    const said = (await server.frames()).map(([, , data]) => data);
    deepEqual(said, ["0", "0/foo,", '2/foo,0["echo","done"]']);
  });

  it("leaves each namespace by a DISCONNECT", async ({
    serve,
    manager,
    event,
    until,
    deepEqual,
  }) => {
    const server = await serve();
    const one = manager(server.url, { transports: ["websocket"] });
    const [root, foo] = [one.socket("/"), one.socket("/foo")];
    await Promise.all([event(root, "connect"), event(foo, "connect")]);
    foo.disconnect();
    root.disconnect();
    const said = async () => (await server.frames()).map(([, , data]) => data);
    await until(async () => (await said()).length >= 4);
    deepEqual((await said()).slice(2), ["1/foo,", "1"]);
  });

  it("stays away after the server's DISCONNECT", async ({ connected, event, equal, never }) => {
    const { server, socket } = await connected();
    const ended = event(socket, "disconnect");
    socket.io.on("reconnect_attempt", never("reconnect_attempt"));
    await server.disconnect("/", false);
    equal((await ended)[0], "io server disconnect");
    equal(socket.active, false);
    socket.connect();
    await event(socket, "connect");
  });

  it("tells `open` to the callback of open()", async ({ serve, manager, equal }) => {
    const server = await serve();
    const one = manager(server.url, { autoConnect: false });
    const error = await new Promise((resolve) => equal(one.open(resolve), one));
    equal(error, undefined);
    one.open(() => {});
    equal((await server.transports()).length, 1, "a second open() does nothing");
  });

  it("tells a failure to the callback of open(), and does not try again", async (c) => {
    const server = await c.serve();
    await server.stop();
    const one = c.manager(server.url, { ...quick, autoConnect: false });
    one.on("reconnect_attempt", c.never("reconnect_attempt"));
    const errors = c.events(one, "error");
    const error = await new Promise((resolve) => one.open(resolve));
    c.ok(error instanceof Error, "an Error");
    c.equal(errors.length, 1, "`error` too");
  });

  for (const transport of ["polling", "websocket"]) {
    it(`gives up an attempt after \`timeout\` (${transport})`, async (c) => {
      const server = await c.serve();
      await server.hold();
      const socket = c.io(server.url, { ...quick, transports: [transport], timeout: 0 });
      const failed = c.event(socket.io, "error");
      const [error] = await c.event(socket, "connect_error");
      c.equal(error.message, "timeout");
      c.equal((await failed)[0], error, "the same for the Manager");
      c.equal(socket.active, true, "it tries again");
    });
  }

  it("tells `connect_error` when there is no server", async (c) => {
    const server = await c.serve();
    await server.stop();
    const socket = c.io(server.url, { ...quick, reconnection: false });
    const [error] = await c.event(socket, "connect_error");
    c.ok(error instanceof Error, "an Error");
    c.equal(error.type, "TransportError");
    c.equal(error.message, "xhr poll error");
    c.equal(socket.active, true);
  });

  it("tells `connect_error` for a WebSocket without a server", async (c) => {
    const server = await c.serve();
    await server.stop();
    const options = { reconnection: false, transports: ["websocket"] };
    const socket = c.io(server.url, options);
    const [error] = await c.event(socket, "connect_error");
    c.equal(error.type, "TransportError");
    c.equal(error.message, "websocket error");
  });

  it("takes a CONNECT without a sid for an old server", async (c) => {
    const socket = c.io("http://127.0.0.1:9", { autoConnect: false });
    const told = c.event(socket, "connect_error");
    socket.onpacket({ nsp: "/", type: 0 });
    c.match((await told)[0].message, /v2\.x/);
  });

  it("tells each ping of the server", async ({ connected, event }) => {
    const { socket } = await connected({ server: { pingInterval: 20, pingTimeout: 2_000 } });
    await event(socket.io, "ping");
    await event(socket.io, "ping");
  });

  it("tells each packet", async ({ connected, events, settled, deepEqual }) => {
    const { server, socket } = await connected();
    const packets = events(socket.io, "packet");
    await server.emit("/", "news", 1);
    await settled(socket);
    const plain = packets.map(([{ type, nsp }]) => ({ type, nsp }));
    deepEqual(plain, [
      { type: 2, nsp: "/" },
      { type: 3, nsp: "/" },
    ]);
    deepEqual(packets[0][0].data, ["news", 1]);
  });
};
