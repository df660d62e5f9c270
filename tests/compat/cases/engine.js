/** `io.engine`: transports, upgrade, its events and its options. */
import { quick } from "../setting.js";

const idOf = ({ url }) => new URL(url, "http://server").searchParams.get("sid");
const transportOf = ({ url }) => new URL(url, "http://server").searchParams.get("transport");

export default (it) => {
  it("starts on polling and upgrades to a WebSocket", async (c) => {
    const server = await c.serve();
    const socket = c.io(server.url, { forceNew: true });
    const { engine } = socket.io;
    const order = c.trace([[engine, "open", "handshake", "upgrading", "upgrade"]]);
    const handshake = c.event(engine, "handshake");
    const upgraded = c.event(engine, "upgrade");
    await c.event(engine, "open");
    c.equal(engine.transport.name, "polling");
    c.equal(engine.readyState, "open");
    const [data] = await handshake;
    c.equal(data.sid, engine.id);
    c.deepEqual(data.upgrades, ["websocket"]);
    c.equal(data.pingInterval, 25_000);
    const [transport] = await upgraded;
    c.equal(transport.name, "websocket");
    c.equal(engine.transport.name, "websocket");
    c.deepEqual([...order].sort(), ["handshake", "open", "upgrade", "upgrading"]);
    c.deepEqual(order.slice(2), ["upgrading", "upgrade"]);
    if (!socket.connected) await c.event(socket, "connect");
    await c.settled(socket);
    c.deepEqual(await server.transports(), ["websocket"]);
    const sids = (await server.requests()).map(idOf);
    c.deepEqual([...new Set(sids)], [null, engine.id]);
  });

  it("loses nothing and keeps the order over an upgrade", async (c) => {
    const server = await c.serve();
    const socket = c.io(server.url, { forceNew: true });
    const back = c.events(socket, "bounced");
    let upgraded = false;
    socket.io.engine.on("upgrade", () => (upgraded = true));
    let sent = 0;
    await c.until(() => {
      for (let index = 0; index < 10; index += 1) socket.emit("bounce", (sent += 1));
      return upgraded;
    });
    await c.settled(socket);
    c.deepEqual(
      back.flat(),
      Array.from({ length: sent }, (_, index) => index + 1),
    );
  });

  it("stays on polling without `upgrade`", async (c) => {
    const { server, socket } = await c.connected({ upgrade: false });
    await c.settled(socket);
    c.deepEqual(await server.transports(), ["polling"]);
    c.deepEqual([...new Set((await server.requests()).map(transportOf))], ["polling"]);
  });

  it("stays on polling when the server has no upgrades", async (c) => {
    const { server, socket } = await c.connected({ server: { allowUpgrades: false } });
    await c.settled(socket);
    c.deepEqual(await server.transports(), ["polling"]);
  });

  it("connects by WebSocket only", async (c) => {
    const { server, socket } = await c.connected({ transports: ["websocket"] });
    await c.settled(socket);
    const requests = await server.requests();
    c.equal(requests.length, 1);
    c.equal(transportOf(requests[0]), "websocket");
    c.equal(idOf(requests[0]), null);
  });

  it("stays on polling when WebSockets are blocked", async (c) => {
    const server = await c.serve();
    await server.blockWebSockets(true);
    const socket = c.io(server.url, { forceNew: true });
    const [error] = await c.event(socket.io.engine, "upgradeError");
    c.equal(error.transport, "websocket");
    if (!socket.connected) await c.event(socket, "connect");
    await c.settled(socket);
    c.equal(socket.io.engine.transport.name, "polling");
  });

  it("tries the next transport with `tryAllTransports`", async (c) => {
    const server = await c.serve();
    await server.blockWebSockets(true);
    const transports = ["websocket", "polling"];
    const socket = c.io(server.url, { forceNew: true, transports, tryAllTransports: true });
    socket.on("connect_error", c.never("connect_error"));
    await c.event(socket, "connect");
    c.equal(socket.io.engine.transport.name, "polling");
  });

  it("tries the first transport only, otherwise", async (c) => {
    const server = await c.serve();
    await server.blockWebSockets(true);
    const socket = c.io(server.url, { ...quick, transports: ["websocket", "polling"] });
    const [error] = await c.event(socket, "connect_error");
    c.equal(error.message, "websocket error");
  });

  it("starts with a WebSocket after an upgrade with `rememberUpgrade`", async (c) => {
    const options = { rememberUpgrade: true, forceNew: true };
    const server = await c.serve();
    const first = c.io(server.url, options);
    await c.event(first.io.engine, "upgrade");
    const second = c.io(server.url, options);
    await c.event(second.io.engine, "open");
    c.equal(second.io.engine.transport.name, "websocket");
  });

  it("tells that there is no transport", async ({ io, event, equal }) => {
    const socket = io("http://127.0.0.1:9", {
      forceNew: true,
      transports: [],
      reconnection: false,
    });
    const [error] = await event(socket, "connect_error");
    equal(error.message ?? error, "No transports available");
  });

  it("takes transports as classes", async ({ client, serve, io, event, equal }) => {
    const server = await serve();
    const transports = [client.WebSocket];
    const socket = io(server.url, { forceNew: true, transports });
    await event(socket, "connect");
    equal(socket.io.engine.transport.name, "websocket");
  });

  it("sends on the path that it is given", async (c) => {
    const { server, socket } = await c.connected({ server: { path: "/own/" }, path: "/own" });
    await c.settled(socket);
    for (const { url } of await server.requests()) c.match(url, /^\/own\/\?/);
  });

  it("leaves the slash away where that is asked for", async (c) => {
    const { server, socket } = await c.connected({
      server: { addTrailingSlash: false },
      addTrailingSlash: false,
    });
    await c.settled(socket);
    for (const { url } of await server.requests()) c.match(url, /^\/socket\.io\?/);
  });

  it("says the protocol, the transport and the time in each request", async (c) => {
    const { server, socket } = await c.connected({ transports: ["polling"] });
    await c.settled(socket);
    const requests = await server.requests();
    for (const { url } of requests) {
      c.match(url, /[?&]EIO=4(&|$)/);
      c.match(url, /[?&]transport=polling(&|$)/);
      c.match(url, /[?&]t=[\w.-]+(&|$)/);
    }
    c.equal(new Set(requests.map(({ url }) => url)).size, requests.length, "no two are the same");
  });

  it("names the time as it is told, or leaves it away", async (c) => {
    const named = await c.connected({ transports: ["polling"], timestampParam: "ts" });
    c.match((await named.server.requests())[0].url, /[?&]ts=/);
    const none = await c.connected({ transports: ["polling"], timestampRequests: false });
    c.equal((await none.server.requests())[0].url.includes("&t="), false);
    const sockets = await c.connected({ transports: ["websocket"], timestampRequests: true });
    c.match((await sockets.server.requests())[0].url, /[?&]t=/);
  });

  it("sends extra headers on polling", async (c) => {
    const server = await c.serve({ cors: { origin: true, allowedHeaders: ["x-own"] } });
    const options = { transports: ["polling"], extraHeaders: { "x-own": "value" } };
    const socket = c.io(server.url, options);
    await c.event(socket, "connect");
    await c.settled(socket);
    for (const { headers } of await server.requests()) c.equal(headers["x-own"], "value");
  });

  it("lets one GET and one POST run at a time", async (c) => {
    const { server, socket } = await c.connected({ transports: ["polling"] });
    for (let round = 0; round < 20; round += 1) socket.emit("bounce", round);
    await c.settled(socket);
    c.equal((await server.heard()).length, 21);
    const posts = (await server.requests()).filter(({ method }) => method === "POST");
    c.ok(posts.length <= 4, `${posts.length} requests`);
  });

  it("splits what it posts at the server's limit", async (c) => {
    const { server, socket } = await c.connected({
      transports: ["polling"],
      server: { maxHttpBufferSize: 200 },
    });
    const long = "é".repeat(30);
    for (let round = 0; round < 10; round += 1) socket.emit("long", long);
    await c.settled(socket);
    c.equal((await server.heard()).length, 11);
  });

  it("ends when one packet is over the server's limit", async (c) => {
    const { socket } = await c.connected({
      transports: ["polling"],
      server: { maxHttpBufferSize: 200 },
      reconnection: false,
    });
    const ended = c.event(socket, "disconnect");
    socket.emit("long", "x".repeat(300));
    const [reason, error] = await ended;
    c.equal(reason, "transport error");
    c.equal(error.description, 413);
  });

  it("tells the status of a refused request", async (c) => {
    const server = await c.serve();
    await server.answerWith(503);
    const socket = c.io(server.url, { reconnection: false, transports: ["polling"] });
    const [error] = await c.event(socket, "connect_error");
    c.equal(error.message, "xhr poll error");
    c.equal(error.description, 503);
    c.equal(error.type, "TransportError");
  });

  it("sends raw messages, and tells when they have gone", async (c) => {
    const { server, socket } = await c.connected({ transports: ["websocket"] });
    const { engine } = socket.io;
    await new Promise((resolve) => engine.write('2["raw",1]', undefined, resolve));
    engine.send('2["raw",2]');
    await c.settled(socket);
    const heard = await server.heard();
    c.deepEqual(heard.slice(0, 2), [
      ["/", "raw", 1],
      ["/", "raw", 2],
    ]);
  });

  it("tells each packet, and what it creates", async (c) => {
    const { server, socket } = await c.connected({ transports: ["websocket"] });
    const { engine } = socket.io;
    const created = c.events(engine, "packetCreate");
    const packets = c.events(engine, "packet");
    const data = c.events(engine, "data");
    const messages = c.events(engine, "message");
    socket.emit("hi");
    socket.compress(false).emit("hi");
    await server.emit("/", "news", 1);
    await c.settled(socket);
    c.deepEqual(
      created.map(([{ type, data, options }]) => [type, data, options.compress]),
      [
        ["message", '2["hi"]', true],
        ["message", '2["hi"]', false],
        ["message", '20["echo","done"]', true],
      ],
    );
    c.deepEqual(packets[0][0].type, "message");
    c.deepEqual(packets[0][0].data, '2["news",1]');
    c.equal(data[0][0], '2["news",1]');
    c.equal(messages[0][0], '2["news",1]');
  });

  it("tells pings, heartbeats and flushes", async (c) => {
    const { socket } = await c.connected({
      transports: ["websocket"],
      server: { pingInterval: 20, pingTimeout: 5_000 },
    });
    const { engine } = socket.io;
    const told = ["ping", "heartbeat", "drain", "flush"].map((name) => c.event(engine, name));
    await told[0];
    socket.emit("hi");
    await Promise.all(told);
  });

  it("sends what is written before it closes", async (c) => {
    for (const transports of [["polling"], ["websocket"]]) {
      const { server, socket } = await c.connected({ transports, reconnection: false });
      await c.settled(socket);
      const closed = c.event(socket.io.engine, "close");
      for (let round = 0; round < 5; round += 1) socket.emit("last", round);
      socket.io.engine.close();
      c.equal((await closed)[0], "forced close");
      c.equal(socket.io.engine.readyState, "closed");
      await c.until(async () => (await server.heard()).length === 6);
    }
  });

  it("waits for a running upgrade before it closes", async (c) => {
    const server = await c.serve();
    const socket = c.io(server.url, { forceNew: true, reconnection: false });
    const { engine } = socket.io;
    await c.event(engine, "upgrading");
    const order = c.trace([[engine, "upgrade", "close"]]);
    const closed = c.event(engine, "close");
    engine.close();
    c.equal(engine.readyState, "closing");
    await closed;
    c.deepEqual(order, ["upgrade", "close"]);
  });

  it("forgets its id when it is closed", async ({ connected, event, equal }) => {
    const { socket } = await connected();
    const { engine } = socket.io;
    equal(typeof engine.id, "string");
    const ended = event(engine, "close");
    socket.disconnect();
    await ended;
    equal(engine.id, null);
    equal(engine.readyState, "closed");
  });

  it("answers every ping, so that the connection lives", async (c) => {
    for (const transports of [["polling"], ["websocket"]]) {
      const options = { pingInterval: 20, pingTimeout: 2_000 };
      const { server, socket } = await c.connected({ transports, server: options });
      socket.on("disconnect", c.never("disconnect"));
      const pongs = async () =>
        (await server.frames()).filter(([, type]) => type === "pong").length;
      await c.until(async () => (await pongs()) >= 3);
      await c.settled(socket);
    }
  });
};
