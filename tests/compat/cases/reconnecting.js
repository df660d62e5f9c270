/** What a Manager does when a connection ends or cannot be made. */
import { quick } from "../setting.js";

/** A Manager whose every attempt fails at once. */
async function failing(c, options) {
  const server = await c.serve();
  await server.stop();
  return { server, manager: c.manager(server.url, { ...quick, ...options }) };
}

export default (it) => {
  it("reconnects by default, with an engine and an id of its own", async (c) => {
    const { server, socket } = await c.connected({ transports: ["websocket"] });
    const { engine } = socket.io;
    const { id } = socket;
    const order = c.trace([
      [socket, "disconnect", "connect"],
      [socket.io, "close", "reconnect_attempt", "open", "reconnect"],
    ]);
    const again = c.event(socket, "connect");
    await server.cut();
    await again;
    c.deepEqual(order.slice(-4), ["reconnect_attempt", "open", "reconnect", "connect"]);
    c.deepEqual(order.slice(0, -4).sort(), ["close", "disconnect"]);
    c.ok(socket.io.engine !== engine, "another engine");
    c.equal(engine.readyState, "closed");
    c.ok(socket.id !== id, "another id");
  });

  it("reconnects after the engine was closed", async ({ connected, event, equal }) => {
    const { socket } = await connected();
    const [ended, again] = [event(socket, "disconnect"), event(socket.io, "reconnect")];
    socket.io.engine.close();
    equal((await ended)[0], "forced close");
    equal(socket.active, true);
    await again;
  });

  it("has no id until it is connected again", async ({ connected, event, equal }) => {
    const { socket } = await connected();
    const ids = [];
    socket.io.on("reconnect_attempt", () => ids.push(socket.id));
    const again = event(socket, "connect");
    socket.io.engine.close();
    await again;
    equal(ids.length, 1);
    equal(ids[0], undefined);
  });

  it("reconnects after it was disconnected and connected by hand", async ({ connected, event }) => {
    const { server, socket } = await connected();
    socket.disconnect();
    socket.connect();
    await event(socket, "connect");
    const again = event(socket.io, "reconnect");
    await server.closeEngines();
    await again;
  });

  for (const [what, end, reason] of [
    ["the server closes the transport", "closeEngines", "transport close"],
    ["the connection is cut", "cut", "transport close"],
  ]) {
    it(`tells why when ${what} (websocket)`, async (c) => {
      const { server, socket } = await c.connected({ transports: ["websocket"] });
      const ended = c.event(socket, "disconnect");
      await server[end]();
      const [told, details] = await ended;
      c.equal(told, reason);
      c.equal(details.description, "websocket connection closed");
      c.ok(details.context, "the CloseEvent");
    });
  }

  it("tells why when the server closes the transport (polling)", async (c) => {
    const { server, socket } = await c.connected({ transports: ["polling"] });
    const ended = c.event(socket, "disconnect");
    await server.closeEngines();
    const [told, details] = await ended;
    c.equal(told, "transport close");
    c.equal(details.description, "transport closed by the server");
  });

  it("tells why when requests fail (polling)", async (c) => {
    const { server, socket } = await c.connected({ transports: ["polling"] });
    const ended = c.event(socket, "disconnect");
    await server.answerWith(502);
    await server.cut();
    const [told, error] = await ended;
    c.equal(told, "transport error");
    c.equal(error.type, "TransportError");
    c.match(error.message, /xhr (poll|post) error/);
  });

  it("tells why when no ping comes", async (c) => {
    const { server, socket } = await c.connected({ server: { pingInterval: 60, pingTimeout: 20 } });
    const ended = c.event(socket, "disconnect");
    await server.keepSilent();
    c.equal((await ended)[0], "ping timeout");
  });

  it("counts attempts, and gives up", async (c) => {
    const { manager } = await failing(c, { reconnectionAttempts: 2 });
    const numbers = c.events(manager, "reconnect_attempt");
    const errors = c.events(manager, "reconnect_error");
    const order = c.trace([
      [manager, "error", "reconnect_attempt", "reconnect_error", "reconnect_failed"],
    ]);
    const socket = manager.socket("/");
    const last = new Promise((resolve) =>
      manager.on("reconnect_error", () => errors.length === 2 && resolve()),
    );
    await last;
    c.deepEqual(numbers, [[1], [2]]);
    c.ok(errors[0][0] instanceof Error, "an Error");
    const attempt = ["reconnect_attempt", "error"];
    c.deepEqual(order.slice(0, 4), ["error", ...attempt, "reconnect_error"]);
    c.deepEqual(order.slice(4, 6), attempt);
    c.deepEqual(order.slice(6).sort(), ["reconnect_error", "reconnect_failed"]);
    c.equal(socket.connected, false);
  });

  it("tries again from the start after it gave up", async (c) => {
    const { manager } = await failing(c, { reconnectionAttempts: 2 });
    const socket = manager.socket("/");
    await c.event(manager, "reconnect_failed");
    const numbers = c.events(manager, "reconnect_attempt");
    const failed = c.event(manager, "reconnect_failed");
    socket.connect();
    await failed;
    c.deepEqual(numbers, [[1], [2]]);
  });

  it("tells each failed attempt as `connect_error`", async (c) => {
    const { manager } = await failing(c, { reconnectionAttempts: 2 });
    const socket = manager.socket("/");
    const errors = c.events(socket, "connect_error");
    await c.event(manager, "reconnect_failed");
    c.equal(errors.length, 3);
    c.equal(socket.active, true);
  });

  it("waits longer from one attempt to the next", async (c) => {
    const { manager } = await failing(c, {
      reconnectionAttempts: 3,
      reconnectionDelay: 40,
      reconnectionDelayMax: 5_000,
      randomizationFactor: 0,
    });
    const waits = [];
    let failedAt;
    manager.on("error", () => (failedAt = performance.now()));
    manager.on("reconnect_attempt", () => waits.push(performance.now() - failedAt));
    manager.socket("/");
    await c.event(manager, "reconnect_failed");
    c.equal(waits.length, 3);
    [40, 80, 160].forEach((wait, index) => c.ok(waits[index] > wait - 2, `wait ${waits}`));
  });

  it("connects when the server is there again, and counts anew", async (c) => {
    const { server, manager } = await failing(c);
    const socket = manager.socket("/");
    await c.until(async () => (await c.event(manager, "reconnect_attempt"))[0] >= 3);
    const reconnected = c.event(manager, "reconnect");
    await server.start();
    const [attempt] = await reconnected;
    c.ok(attempt >= 3, "attempts");
    if (!socket.connected) await c.event(socket, "connect");
    const next = c.event(manager, "reconnect_attempt");
    await server.closeEngines();
    c.equal((await next)[0], 1);
  });

  it("does not try without `reconnection`", async (c) => {
    const { manager } = await failing(c, { reconnection: false });
    manager.on("reconnect_attempt", c.never("reconnect_attempt"));
    const failed = c.event(manager, "error");
    manager.socket("/");
    await failed;
    await c.connected();
  });

  it("stops when `reconnection` is switched off in a wait", async (c) => {
    const { manager } = await failing(c);
    manager.socket("/");
    await c.event(manager, "reconnect_attempt");
    manager.reconnection(false);
    manager.on("reconnect_attempt", c.never("reconnect_attempt"));
    await anotherTries(c, 3);
  });

  it("does not try once it is disconnected", async (c) => {
    const { manager } = await failing(c);
    const socket = manager.socket("/");
    await c.event(manager, "error");
    manager.on("reconnect_attempt", c.never("reconnect_attempt"));
    socket.disconnect();
    await anotherTries(c, 3);
  });

  it("stops when a listener of `reconnect_attempt` disconnects", async (c) => {
    const { manager } = await failing(c);
    const socket = manager.socket("/");
    await c.event(manager, "reconnect_attempt");
    socket.disconnect();
    manager.on("reconnect_attempt", c.never("reconnect_attempt"));
    await anotherTries(c, 3);
  });

  it("tries again when it is connected after it was stopped", async (c) => {
    const { manager } = await failing(c);
    const socket = manager.socket("/");
    await new Promise((resolve) =>
      manager.once("reconnect_attempt", () => {
        manager.once("reconnect_attempt", resolve);
        socket.disconnect();
        socket.connect();
      }),
    );
  });

  it("goes on for one Socket when another is disconnected", async (c) => {
    const server = await c.serve();
    const manager = c.manager(server.url, { ...quick, transports: ["websocket"] });
    const [one, two] = [manager.socket("/"), manager.socket("/other")];
    await Promise.all([c.event(one, "connect"), c.event(two, "connect")]);
    manager.once("reconnect_attempt", () => {
      one.on("connect", c.never("connect"));
      one.disconnect();
    });
    const again = c.event(two, "connect");
    await server.cut();
    await again;
    await c.settled(two);
  });

  it("opens further Sockets while it tries", async (c) => {
    const { manager } = await failing(c, { reconnectionAttempts: 2 });
    const numbers = c.events(manager, "reconnect_attempt");
    manager.socket("/one");
    manager.once("reconnect_attempt", () => manager.socket("/two"));
    await c.event(manager, "reconnect_failed");
    c.deepEqual(numbers, [[1], [2]]);
  });

  it("does not call a lost connection a `connect_error`", async ({ connected, event, never }) => {
    const { server, socket } = await connected({ transports: ["websocket"] });
    socket.on("connect_error", never("connect_error"));
    const again = event(socket, "connect");
    await server.cut();
    await again;
  });

  it("closes the engine when a packet cannot be decoded, and reconnects", async (c) => {
    for (const frame of ["9", '2["connect"]', "2{}", '51-["a"', "2[true]"]) {
      const { server, socket } = await c.connected();
      const { engine } = socket.io;
      const ended = c.event(socket, "disconnect");
      const again = c.event(socket, "connect");
      await server.inject(frame);
      const [reason] = await ended;
      c.equal(reason, "parse error", frame);
      await again;
      c.equal(engine.readyState, "closed");
    }
  });

  it("closes the engine when its `data` is no packet", async ({ connected, event, equal }) => {
    const { socket } = await connected();
    const { engine } = socket.io;
    const again = event(socket.io, "reconnect");
    engine.emit("data", "bad");
    await again;
    equal(engine.readyState, "closed");
  });
};

/** Another client tries that many times meanwhile, so that the one that must not has had its time. */
async function anotherTries(c, attempts) {
  const { manager } = await failing(c, { reconnectionAttempts: attempts });
  manager.socket("/");
  await c.event(manager, "reconnect_failed");
}
