/** Connection state recovery, with the adapter in memory. */
const recovering = { server: { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } } };

/** Loses the connection, has the server emit `news` meanwhile, and connects again. */
async function miss(c, server, socket, ...news) {
  socket.io.reconnection(false);
  const ended = c.event(socket, "disconnect");
  socket.io.engine.close();
  await ended;
  await c.until(async () => (await server.ids("/")).length === 0);
  for (const value of news) await server.emit("/", "news", value);
  const again = c.event(socket, "connect");
  socket.connect();
  await again;
}

export default (it) => {
  it("comes back with its id, and gets what it missed, once and in order", async (c) => {
    const { server, socket } = await c.connected(recovering);
    c.equal(socket.recovered, false);
    const news = [];
    socket.on("news", (number) => news.push(number));
    await server.emit("/", "news", 0);
    await c.settled(socket);
    const { id } = socket;
    await miss(c, server, socket, 1, 2, 3);
    c.equal(socket.recovered, true);
    c.equal(socket.id, id);
    await c.settled(socket);
    c.deepEqual(news, [0, 1, 2, 3]);
    await server.emit("/", "news", 4);
    await c.settled(socket);
    c.deepEqual(news, [0, 1, 2, 3, 4]);
  });

  it("comes back a second time", async (c) => {
    const { server, socket } = await c.connected(recovering);
    const news = [];
    socket.on("news", (number) => news.push(number));
    for (const round of [0, 1, 2]) {
      await server.emit("/", "news", `before ${round}`);
      await c.settled(socket);
      await miss(c, server, socket, `missed ${round}`);
      c.equal(socket.recovered, true);
    }
    await c.settled(socket);
    const rounds = [0, 1, 2].flatMap((round) => [`before ${round}`, `missed ${round}`]);
    c.deepEqual(news, rounds);
  });

  it("is a new Socket where the server has forgotten it", async (c) => {
    const { server, socket } = await c.connected(recovering);
    await server.emit("/", "news", 0);
    await c.settled(socket);
    const { id } = socket;
    await server.forget();
    const again = c.event(socket, "connect");
    await server.stop();
    await server.start();
    await again;
    c.equal(socket.recovered, false);
    c.ok(socket.id !== id, "another id");
  });

  it("has its say on the offset at the end of the arguments", async (c) => {
    const { server, socket } = await c.connected(recovering);
    const [heard, any] = [[], []];
    socket.on("news", (...args) => heard.push(args.length));
    socket.onAny((...args) => any.push(args.length));
    await server.emit("/", "news", 1);
    await c.settled(socket);
    const hidden = c.differs("offsetIsHidden");
    c.deepEqual(heard, [hidden ? 1 : 2]);
    c.deepEqual(any, [hidden ? 2 : 3]);
  });

  it("has its say on a volatile event that ends with a string", async (c) => {
    const { server, socket } = await c.connected({
      ...recovering,
      transports: ["websocket"], // on polling the server may drop it
    });
    const news = c.events(socket, "news");
    await server.emit("/", "news", 0);
    const hints = c.event(socket, "hint");
    socket.emit("say volatile", "hint", "not an offset");
    c.deepEqual(await hints, ["not an offset"], "and its arguments are its own");
    await miss(c, server, socket, 1);
    const recovered = c.differs("offsetHasItsForm");
    c.equal(socket.recovered, recovered);
    await c.settled(socket);
    c.equal(news.length, recovered ? 2 : 1);
  });

  it("says whether it recovered where the server does not recover", async (c) => {
    const { socket } = await c.connected();
    c.equal(socket.recovered, c.differs("recoveredIsBoolean") ? false : undefined);
  });
};
