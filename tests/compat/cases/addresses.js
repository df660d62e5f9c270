/** What the module exports, how addresses are read, which calls share a Manager. */
export default (it) => {
  // The client writes into the options that it is given.
  const idle = (more) => ({ autoConnect: false, ...more });

  it("exports what the official client exports", ({ client, equal, ok }) => {
    const { io, connect, Manager, Socket, protocol } = client;
    for (const same of [client.default, connect]) equal(same, io, "an alias of io");
    equal(io.Manager, Manager, "io.Manager");
    equal(io.Socket, Socket, "io.Socket");
    equal(io.io, io, "io.io");
    equal(io.connect, io, "io.connect");
    equal(protocol, 5, "protocol");
    for (const transport of ["Fetch", "XHR", "NodeXHR", "WebSocket", "NodeWebSocket"]) {
      ok(client[transport], transport);
    }
    ok("WebTransport" in client, "WebTransport");
  });

  it("makes Sockets of a Manager synchronously", ({ client, io, ok, equal }) => {
    const socket = io("http://127.0.0.1:9/news", idle());
    ok(socket instanceof client.Socket, "a Socket");
    ok(socket.io instanceof client.Manager, "a Manager");
    equal(socket.nsp, "/news", "nsp");
    equal(socket.connected, false, "connected");
    equal(socket.disconnected, true, "disconnected");
    equal(socket.active, false, "active");
    equal(socket.recovered, false, "recovered");
    equal(socket.id, undefined, "id");
    equal(socket.io.engine, undefined, "no engine before open()");
  });

  it("has an engine as soon as it connects", ({ io, equal }) => {
    const socket = io("http://127.0.0.1:9", { forceNew: true });
    equal(socket.io.engine.readyState, "opening");
    equal(socket.active, true, "active");
    socket.disconnect();
    equal(socket.active, false, "active");
  });

  it.inBrowsers("completes addresses from the page's", ({ io, equal }) => {
    const { host } = location;
    for (const [address, namespace] of [
      [undefined, "/"],
      ["/news", "/news"],
      [`//${host}/other`, "/other"],
      [`${host}/third`, "/third"],
    ]) {
      const socket = io(address, idle({ multiplex: false }));
      equal(socket.nsp, namespace);
      equal(new URL(socket.io.uri).host, host);
    }
    equal(io(idle({ multiplex: false })).nsp, "/", "options only");
  });

  it("shares a Manager between namespaces of one server", ({ io, equal }) => {
    const first = io("http://127.0.0.1:19/foo", idle());
    const second = io("http://127.0.0.1:19/bar", idle());
    equal(first.io, second.io);
  });

  it("makes a Manager for a second Socket of one namespace", ({ io, ok }) => {
    const first = io("http://127.0.0.1:29/", idle());
    const second = io("http://127.0.0.1:29/", idle());
    ok(first.io !== second.io, "another Manager");
  });

  it("makes a Manager for another query on the same namespace", ({ io, ok }) => {
    const first = io("http://127.0.0.1:39/?woot", idle());
    const second = io("http://127.0.0.1:39/", idle());
    ok(first.io !== second.io, "another Manager");
  });

  it("makes a Manager for another path", ({ io, ok }) => {
    const first = io("http://127.0.0.1:49/foo", idle({ path: "/foo" }));
    const second = io("http://127.0.0.1:49/bar", idle({ path: "/bar" }));
    ok(first.io !== second.io, "another Manager");
  });

  for (const [option, value] of [
    ["forceNew", true],
    ["force new connection", true],
    ["multiplex", false],
  ]) {
    it(`makes a Manager with ${option}: ${value}`, ({ io, ok }) => {
      const first = io("http://127.0.0.1:59/foo", idle());
      const second = io("http://127.0.0.1:59/bar", idle({ [option]: value }));
      ok(first.io !== second.io, "another Manager");
    });
  }

  it("does not share a Manager that was forced to be new", ({ io, ok }) => {
    const first = io("http://127.0.0.1:69/foo", idle({ forceNew: true }));
    const second = io("http://127.0.0.1:69/bar", idle());
    ok(first.io !== second.io, "another Manager");
  });

  it("fills in the default ports", ({ io, equal, ok }) => {
    const plain = io("http://sockeye.invalid/a", idle());
    equal(io("http://sockeye.invalid:80/b", idle()).io, plain.io, "port 80");
    ok(io("https://sockeye.invalid/c", idle()).io !== plain.io, "https is another server");
    ok(io("http://sockeye.invalid/d", idle({ path: "/test" })).io !== plain.io, "a path");
  });

  it("reads IPv6 addresses", ({ io, equal }) => {
    const plain = io("http://[::1]/a", idle());
    equal(io("http://[::1]:80/b", idle()).io, plain.io);
  });

  it("takes the namespace from the address and the query into the options", ({ io, equal }) => {
    const options = idle();
    const socket = io("http://127.0.0.1:79/some-namespace?a=b&c=d", options);
    equal(socket.nsp, "/some-namespace");
    equal(socket.io.opts, options, "the caller's options");
    equal(socket.io.opts.query.a, "b");
    equal(socket.io.opts.query.c, "d");
    equal(socket.io.opts.path, "/socket.io");
  });

  it("prefers the query of the options", ({ io, deepEqual }) => {
    const socket = io("http://127.0.0.1:89/?a=b", idle({ query: { c: "d" } }));
    deepEqual(socket.io.opts.query, { c: "d" });
  });

  it("gives back the Socket that a Manager has for a namespace", ({ manager, equal }) => {
    const one = manager("http://127.0.0.1:99", idle());
    const first = one.socket("/foo", { auth: { token: "first" } });
    const second = one.socket("/foo", { auth: { token: "second" } });
    equal(first, second);
    equal(second.auth.token, "first", "the second options are ignored");
  });

  it("knows the Manager's options and changes them while it lives", ({ manager, equal }) => {
    const one = manager("http://127.0.0.1:109", idle());
    equal(one.reconnection(), true);
    equal(one.reconnectionAttempts(), Infinity);
    equal(one.reconnectionDelay(), 1000);
    equal(one.reconnectionDelayMax(), 5000);
    equal(one.randomizationFactor(), 0.5);
    equal(one.timeout(), 20000);
    for (const [name, value] of [
      ["reconnectionAttempts", 3],
      ["reconnectionDelay", 20],
      ["reconnectionDelayMax", 40],
      ["randomizationFactor", 0],
      ["timeout", 60],
      ["reconnection", false],
    ]) {
      equal(one[name](value), one, "setters chain");
      equal(one[name](), value, name);
    }
  });

  it("honours a randomizationFactor of 0, and takes other zeros for none", ({ manager, equal }) => {
    const zeros = { randomizationFactor: 0, reconnectionDelay: 0, reconnectionAttempts: 0 };
    const one = manager("http://127.0.0.1:119", idle({ ...zeros, reconnection: undefined }));
    equal(one.randomizationFactor(), 0);
    equal(one.reconnectionDelay(), 1000);
    equal(one.reconnectionAttempts(), Infinity);
    equal(one.reconnection(), true);
  });

  it("refuses reserved event names", ({ io, throws }) => {
    const socket = io("http://127.0.0.1:129", idle());
    for (const name of [
      "connect",
      "connect_error",
      "disconnect",
      "disconnecting",
      "newListener",
      "removeListener",
    ]) {
      throws(() => socket.emit(name, "x"), new RegExp(`"${name}" is a reserved event name`));
    }
  });

  it("refuses addresses of more than 8,000 characters", ({ client, throws }) => {
    throws(() => client.io(`http://127.0.0.1/?${"a".repeat(8_000)}`, idle()), /URI too long/);
  });
};
