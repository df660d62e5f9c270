/** Namespaces with auth and query, and those that refuse. */
import { quick } from "../setting.js";

export default (it) => {
  it("sends `auth` with CONNECT, not in the query", async ({ connected, deepEqual, equal }) => {
    const { server } = await connected({ namespace: "/abc", auth: { a: "b", c: 1 } });
    const [{ auth, query }] = await server.handshakes();
    deepEqual(auth, { a: "b", c: 1 });
    equal(query.a, undefined);
  });

  it("calls an `auth` function for each connection", async (c) => {
    let made = 0;
    const { server, socket } = await c.connected({ auth: (give) => give({ made: (made += 1) }) });
    const again = c.event(socket, "connect");
    await server.closeEngines();
    await again;
    const auths = (await server.handshakes()).map(({ auth }) => auth);
    c.deepEqual(auths, [{ made: 1 }, { made: 2 }]);
  });

  it("takes another `auth` for the next connection", async ({ connected, event, deepEqual }) => {
    const { server, socket } = await connected({ auth: { token: "old" } });
    socket.auth = { token: "new" };
    const again = event(socket, "connect");
    socket.disconnect().connect();
    await again;
    const auths = (await server.handshakes()).map(({ auth }) => auth.token);
    deepEqual(auths, ["old", "new"]);
  });

  it("treats a promise of `auth` as is its custom", async (c) => {
    const server = await c.serve();
    const socket = c.io(server.url, { ...quick, auth: async () => ({ token: "promised" }) });
    if (!c.differs("authMayBeAsync")) {
      socket.on("connect", c.never("connect"));
      const other = c.io(`${server.url}/other`);
      await c.event(other, "connect");
      return;
    }
    await c.event(socket, "connect");
    const [{ auth }] = await server.handshakes();
    c.deepEqual(auth, { token: "promised" });
  });

  for (const [form, address, options] of [
    ["an object", "/", { query: { e: "f" } }],
    ["an address", "/?e=f", {}],
    ["a namespace's address", "/abc?e=f", {}],
    ["an object for a namespace", "/abc", { query: { e: "f" } }],
  ]) {
    it(`sends the query of ${form}`, async ({ serve, io, event, equal }) => {
      const server = await serve();
      await event(io(server.url + address, { ...options, forceNew: true }), "connect");
      const [{ query }] = await server.handshakes();
      equal(query.e, "f");
    });
  }

  it("encodes names and values of the query", async ({ connected, equal }) => {
    const { server } = await connected({ namespace: "/abc", query: { "&a": "&=?a é" } });
    const [{ query }] = await server.handshakes();
    equal(query["&a"], "&=?a é");
  });

  it("tells a middleware's refusal with its data, and does not try again", async (c) => {
    const server = await c.serve();
    await server.refuse("/no", "Auth failed", { code: "E_AUTH", more: [1] });
    const socket = c.io(`${server.url}/no`, quick);
    const order = c.trace([
      [socket, "connect_error", "disconnect"],
      [socket.io, "close", "reconnect_attempt"],
    ]);
    const [error] = await c.event(socket, "connect_error");
    c.ok(error instanceof Error, "an Error");
    c.equal(error.message, "Auth failed");
    c.deepEqual(error.data, { code: "E_AUTH", more: [1] });
    c.equal(socket.active, false);
    c.equal(socket.connected, false);
    c.deepEqual(order, ["close", "connect_error"]);
    await c.connected();
    c.deepEqual(order, ["close", "connect_error"], "nothing more");
  });

  it("connects after a refusal when it is told to", async ({ serve, io, event }) => {
    const server = await serve();
    await server.refuse("/no", "not yet");
    const socket = io(`${server.url}/no`, quick);
    await event(socket, "connect_error");
    await server.refuse("/no");
    socket.connect();
    await event(socket, "connect");
  });

  it("keeps the connection for others when one namespace is refused", async (c) => {
    const server = await c.serve();
    await server.refuse("/no", "Auth failed");
    const one = c.manager(server.url);
    const [root, refused] = [one.socket("/"), one.socket("/no")];
    root.on("disconnect", c.never("disconnect"));
    await Promise.all([c.event(root, "connect"), c.event(refused, "connect_error")]);
    await c.settled(root);
    c.equal(root.connected, true);
  });

  it("tells that a namespace does not exist", async ({ serve, io, event, equal }) => {
    const server = await serve();
    const [error] = await event(io(`${server.url}/unknown`), "connect_error");
    equal(error.message, "Invalid namespace");
  });

  it("has its own state in each namespace", async (c) => {
    const server = await c.serve();
    const one = c.manager(server.url);
    const names = ["/", "/admin", "/jobs"];
    const sockets = names.map((name) => one.socket(name, { auth: { name } }));
    const heard = sockets.map((socket) => c.events(socket, "news"));
    await Promise.all(sockets.map((socket) => c.event(socket, "connect")));
    await server.emit("/admin", "news", "for admins");
    await Promise.all(sockets.map(c.settled));
    c.deepEqual(heard, [[], [["for admins"]], []]);
    const auths = (await server.handshakes()).map(({ namespace, auth }) => [namespace, auth.name]);
    c.deepEqual(auths.sort(), names.map((name) => [name, name]).sort());
    c.equal(new Set(sockets.map(({ id }) => id)).size, 3, "an id each");
  });
};
