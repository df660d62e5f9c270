/**
 * What clients and servers do, for a server that is socket.io or `sockeye-client/testing`: each scenario gets
 * `{ io, start, say }` and says what it sees; both servers have to make it say the same.
 */
/** Resolves when a client has come in, with the server's side of it. */
const nextSocket = (nsp) => new Promise((resolve) => nsp.once("connection", resolve));

/** Resolves with the reason when the server's side of a socket has ended. */
const ended = (socket) => new Promise((resolve) => socket.on("disconnect", resolve));

/** Connects a client; resolves with both sides. */
async function meet({ io, start }, { name = "/", ...options } = {}) {
  const coming = nextSocket(io.of(name));
  const client = start(name, options);
  const [socket] = await Promise.all([coming, client.connected()]);
  return { client, socket };
}

/** Waits until everything that was sent before has arrived at the client. */
const flush = ({ socket }) => socket.timeout(5_000).emitWithAck("flush");

const answersFlush = (client) => client.respond("flush", () => "flushed");

export const scenarios = {
  "a handshake, and a welcome": async ({ io, start, say }) => {
    io.on("connection", (socket) => {
      const { auth, query, url, secure, xdomain } = socket.handshake;
      say("auth", auth, query.room, query.EIO, query.transport, url.split("?")[0], secure, xdomain);
      say("state", socket.connected, socket.disconnected, socket.recovered, socket.data);
      say(
        "id",
        socket.id.length,
        [...socket.rooms].map((room) => room === socket.id),
      );
      say("conn", socket.conn.protocol, socket.conn.transport.name, socket.conn.readyState);
      say("known", io.sockets.sockets.get(socket.id) === socket, io.engine.clientsCount);
      socket.emit("news", "welcome", { n: 1 });
      socket.data.name = "someone";
    });
    const client = start("/", { auth: { token: "t" }, query: { room: "blue" } });
    const news = client.heard("news");
    answersFlush(client);
    await client.connected();
    const [socket] = await io.fetchSockets();
    await flush({ socket });
    say("heard", news, socket.data, socket.id === client.id);
  },

  "acknowledgements both ways": async (world) => {
    const { client, socket } = await meet(world);
    const { say } = world;
    socket.on("double", (number, answer) => {
      answer(number * 2);
      answer("once only");
    });
    socket.on("none", (answer) => answer());
    say("double", await client.request("double", 21), await client.request("none"));
    client.respond("name", (prefix) => `${prefix} client`);
    say("name", await socket.emitWithAck("name", "a"));
    say("in time", await socket.timeout(5_000).emitWithAck("name", "b"));
    const late = await socket.timeout(1).emitWithAck("nobody answers").catch(String);
    say("late", late);
    socket.timeout(5_000).emit("name", "c", (error, answer) => say("callback", error, answer));
    say("last", await socket.emitWithAck("name", "d"));
  },

  "binary both ways": async (world) => {
    const { client, socket } = await meet(world);
    const { say } = world;
    socket.on("bytes", (bytes, deep, answer) => {
      say("got", [...bytes], [...deep.list[0]], deep.text, Buffer.isBuffer(bytes));
      answer(Buffer.from([9, 8]), { deep: [bytes] });
    });
    const heard = client.heard("bytes");
    answersFlush(client);
    const answer = await client.request("bytes", Uint8Array.of(1, 2), {
      list: [Uint8Array.of(3)],
      text: "t",
    });
    say("answered", [...new Uint8Array([answer].flat()[0])]);
    socket.emit("bytes", Uint8Array.of(5, 6), { inside: Uint8Array.of(7).buffer });
    await flush({ socket });
    const [[first, { inside }]] = heard;
    say("heard", [...new Uint8Array(first)], [...new Uint8Array(inside)]);
  },

  rooms: async (world) => {
    const { io, say } = world;
    const parties = [await meet(world), await meet(world), await meet(world)];
    const [a, b, c] = parties.map(({ socket }) => socket);
    const heard = parties.map(({ client }) => client.heard("news"));
    for (const { client } of parties) answersFlush(client);
    await a.join(["red", "blue"]);
    await b.join("red");
    io.in(c.id).socketsJoin(["blue", "green"]);
    io.emit("news", "all");
    io.to("red").emit("news", "red");
    io.to("red").to("green").emit("news", "red or green");
    io.except("blue").emit("news", "not blue");
    io.to(["red", "green"]).except("blue").emit("news", "red or green, not blue");
    io.to("nobody").emit("news", "nobody");
    a.broadcast.emit("news", "from a");
    a.to("red").emit("news", "from a to red");
    c.in("blue").except(a.id).emit("news", "from c to blue");
    a.except("red").emit("news", "from a to others");
    io.of("/").local.to("red").emit("news", "local");
    for (const { socket } of parties) await flush({ socket });
    a.volatile.to("red").emit("news", "volatile");
    await a.leave("red");
    io.socketsLeave("green");
    io.to("red").emit("news", "red again");
    io.in("green").emit("news", "nobody again");
    for (const { socket } of parties) await flush({ socket });
    say("heard", heard);
    say(
      "rooms",
      [a, b, c].map((socket) => [...socket.rooms].filter((room) => room !== socket.id)),
    );
    const named = await io.in("blue").fetchSockets();
    say(
      "blue",
      named.map(({ id }) => [a, b, c].findIndex((socket) => socket.id === id)),
    );
    b.on("disconnecting", () => say("leaving", b.rooms.has("red"), b.connected));
    const leaving = ended(b);
    io.in("red").disconnectSockets();
    say("left", await leaving, b.rooms.size, b.connected, io.sockets.sockets.has(b.id));
  },

  "broadcasts with acknowledgements": async (world) => {
    const { io, say } = world;
    const [a, b] = [await meet(world), await meet(world)];
    a.client.respond("who", (suffix) => `a${suffix}`);
    // The silence of the other decides; that limit is far from what an answer takes.
    const all = io.timeout(2_000).emitWithAck("who", "!");
    say("too few", await all.catch(({ message, responses }) => [message, responses]));
    b.client.respond("who", (suffix) => `b${suffix}`);
    say("all", (await io.timeout(5_000).emitWithAck("who", "?")).sort());
    say("one", await a.socket.timeout(5_000).to(b.socket.id).emitWithAck("who", "."));
    say("nobody", await io.timeout(5_000).to("nobody").emitWithAck("who", "."));
    await new Promise((resolve) => {
      io.to(a.socket.id)
        .timeout(5_000)
        .emit("who", ",", (error, answers) => {
          say("callback", error, answers);
          resolve();
        });
    });
  },

  middlewares: async (world) => {
    const { io, start, say } = world;
    io.use((socket, next) => {
      const { token } = socket.handshake.auth;
      say("asked", token, socket.connected);
      if (token === "good") setTimeout(next, 1);
      else next(Object.assign(new Error("not allowed"), { data: { code: 7 } }));
    });
    const refused = start("/", { auth: { token: "bad" } });
    const error = await refused.connected().catch((error) => error);
    say("refused", error.data?.message ?? error.message, error.data?.data ?? error.data);
    refused.end();
    const { client, socket } = await meet(world, { auth: { token: "good" } });
    socket.use(([event, ...args], next) => {
      say("event", event, args.length);
      if (event === "bad") next(new Error("bad event"));
      else next();
    });
    const failed = new Promise((resolve) => socket.on("error", resolve));
    socket.on("bad", () => say("never"));
    socket.on("good", (answer) => answer("fine"));
    client.emit("bad", 1);
    const { message } = await failed;
    say("error", message, await client.request("good"));
  },

  namespaces: async (world) => {
    const { io, start, say } = world;
    const jobs = io.of("/jobs");
    jobs.use((socket, next) =>
      next(socket.handshake.auth.ok ? undefined : new Error("jobs say no")),
    );
    jobs.on("connection", (socket) => {
      say("jobs", socket.nsp.name, socket.nsp === jobs, socket.handshake.auth);
      socket.on("ask", (answer) => answer("from jobs"));
    });
    io.on("connection", (socket) => {
      say("main", socket.nsp.name);
      socket.on("ask", (answer) => answer("from main"));
    });
    io.of(/^\/room-\d+$/).on("connection", (socket) => {
      socket.on("ask", (answer) => answer(`from ${socket.nsp.name}`));
    });
    for (const name of ["/", "/jobs", "/room-7"]) {
      const client = start(name, { auth: { ok: true } });
      await client.connected();
      say(name, await client.request("ask"));
    }
    for (const [name, auth] of [
      ["/nowhere", {}],
      ["/room-x", {}],
      ["/jobs", { ok: false }],
    ]) {
      const client = start(name, { auth });
      const error = await client.connected().catch((error) => error);
      say(name, error.data?.message ?? error.message);
      client.end();
    }
  },

  "a server that disconnects": async (world) => {
    const { say } = world;
    for (const close of [false, true]) {
      const { client, socket } = await meet(world);
      const [end, away] = [ended(socket), client.away()];
      socket.disconnect(close);
      say(close, await end, socket.connected, socket.disconnect() === socket);
      await away;
      client.end();
    }
  },

  "a client that leaves": async (world) => {
    const { say } = world;
    const { client, socket } = await meet(world);
    const end = ended(socket);
    client.end();
    say("left", await end);
  },

  "an acknowledgement that a client leaves owing": async (world) => {
    const { say } = world;
    const { client, socket } = await meet(world);
    const owed = socket.timeout(200).emitWithAck("nobody answers").catch(String);
    const end = ended(socket);
    client.end();
    say("left", await end, await owed);
  },

  "a connection that ends, and another": async (world) => {
    const { io, say } = world;
    const { client, socket } = await meet(world);
    const [end, again, away] = [ended(socket), nextSocket(io), client.away()];
    socket.conn.close();
    say("ended", await end, socket.conn.readyState === "open");
    await away;
    const { recovered } = await again;
    say("again", recovered);
  },

  "connection state recovery": {
    options: { connectionStateRecovery: {} },
    run: async (world) => {
      const { io, say } = world;
      let asked = 0;
      io.use((socket, next) => {
        asked += 1;
        next();
      });
      const { client, socket } = await meet(world);
      const heard = client.heard("news");
      answersFlush(client);
      await socket.join("red");
      socket.data.name = "someone";
      socket.emit("news", "first");
      await flush({ socket });
      const [end, again] = [ended(socket), nextSocket(io)];
      socket.conn.close();
      const reason = await end;
      io.to("red").emit("news", "missed");
      io.to("blue").emit("news", "not for it");
      io.volatile.emit("news", "volatile");
      io.except("red").emit("news", "not for red");
      const back = await again;
      await flush({ socket: back });
      say("back", reason, back.recovered, back.id === socket.id, back.data, back.rooms.has("red"));
      say(
        "heard",
        heard.map(([value]) => value),
        asked,
      );
      const [ended2, again2] = [ended(back), nextSocket(io)];
      back.disconnect();
      say("sent away", await ended2);
      client.end();
      void again2;
    },
  },

  listeners: async (world) => {
    const { client, socket } = await meet(world);
    const { say } = world;
    socket.onAny((event, ...args) => say("any", event, args.length));
    socket.onAnyOutgoing((event, ...args) => say("outgoing", event, ...args));
    const heard = [];
    socket.once("a", (value) => heard.push(["once", value]));
    const listener = (value) => heard.push(["on", value]);
    socket.on("a", listener);
    socket.on("b", (answer) => answer(socket.rawListeners("a").length));
    client.emit("a", 1);
    client.emit("a", 2);
    say("listeners", await client.request("b"));
    socket.off("a", listener);
    client.emit("a", 3);
    say("listeners", await client.request("b"), heard);
    socket.offAny();
    socket.emit("x", 1);
    socket.send("message");
    socket.volatile.emit("y", 2);
    socket.offAnyOutgoing();
    socket.emit("z", 3);
    socket.removeAllListeners("a");
    for (const name of ["connect", "disconnect", "connect_error"]) {
      try {
        socket.emit(name);
      } catch ({ message }) {
        say("refused", message);
      }
    }
  },
};
