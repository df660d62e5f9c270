/** Connections to socket.io: namespaces, refusals, ends, restarts. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { assertFailure } from "../browser/support/failures.mjs";
import { waitFor } from "../browser/support/wait.mjs";
import { startPrimes } from "./primes-server.mjs";
import { connect, nextSocket, useSetting } from "./setting.mjs";

const open = useSetting();
const statusOf = (page) => page.evaluate(() => window.kit.toPlain(window.client.status.value));

test("has one connection, over WebSocket from the start", async (t) => {
  const { page, server } = await open(t);
  await connect(page);
  await connect(page);
  assert.equal(server.io.engine.clientsCount, 1);
  const [[, socket]] = server.io.of("/").sockets;
  assert.equal(socket.conn.transport.name, "websocket");
});

test("shares one connection between namespaces, each with its auth and events", async (t) => {
  const { page, server } = await open(t);
  const auths = {};
  for (const name of ["/admin", "/jobs"]) {
    server.io.of(name).on("connection", (socket) => {
      auths[name] = socket.handshake.auth;
      socket.on("where", (answer) => answer(name));
      socket.emit("hello", name);
    });
  }
  const got = await page.evaluate(async () => {
    const { client, kit } = window;
    const admin = client.namespace("/admin", { auth: { token: "for admin" } });
    const jobs = client.namespace("jobs");
    const hellos = [kit.take(admin.on("hello"), 1), kit.take(jobs.on("hello"), 1)];
    await Promise.all([client.connect(), admin.connect(), jobs.connect()]);
    const places = [await admin.request("where"), await jobs.request("where")];
    return { hellos: (await Promise.all(hellos)).flat(), places };
  });
  assert.deepEqual(got, { hellos: ["/admin", "/jobs"], places: ["/admin", "/jobs"] });
  assert.deepEqual(auths, { "/admin": { token: "for admin" }, "/jobs": {} });
  assert.equal(server.io.engine.clientsCount, 1);

  const left = once([...server.io.of("/jobs").sockets.values()][0], "disconnect");
  await page.evaluate(() => window.client.namespace("/jobs").disconnect());
  assert.equal((await left)[0], "client namespace disconnect");
  assert.equal(server.io.engine.clientsCount, 1, "the others stay");
});

test("reports what a middleware refuses with, and the namespace that it refuses only", async (t) => {
  const { page, server } = await open(t);
  server.io.of("/admin").use((_, next) => {
    next(Object.assign(new Error("not for you"), { data: { code: "forbidden", need: ["admin"] } }));
  });
  const [root, admin, unknown] = await page.evaluate(async () => {
    const { client, kit } = window;
    const results = [
      client.connect(),
      client.namespace("/admin").connect(),
      client.namespace("/unknown").connect(),
    ];
    return Promise.all(results.map(kit.outcome));
  });
  assertFailure(admin, "connect_refused", 2_000);
  const data = { message: "not for you", data: { code: "forbidden", need: ["admin"] } };
  assert.deepEqual(admin.data, data);
  assertFailure(unknown, "connect_refused", 2_000);
  assert.deepEqual(unknown.data, { message: "Invalid namespace" });
  assert.equal(root.code, undefined, "the root namespace connects");
  assert.deepEqual(await statusOf(page), { state: "connected", recovered: false });
});

test("may leave a namespace that a slow middleware has not let in, and enter it with other auth", async (t) => {
  const { page, server } = await open(t);
  const waiting = [];
  const users = [];
  server.io.of("/slow").use((socket, next) => {
    if (socket.handshake.auth.user === "A") waiting.push(next);
    else next();
  });
  server.io.of("/slow").on("connection", (socket) => users.push(socket.handshake.auth.user));
  await connect(page);
  await page.evaluate(() => {
    const { client } = window;
    window.user = "A";
    window.slow = client.namespace("/slow", { auth: () => ({ user: window.user }) });
    void window.slow.connect();
  });
  await waitFor("the middleware", () => waiting.length === 1);
  const entered = page.evaluate(() => {
    window.slow.disconnect();
    window.user = "B";
    return window.slow.connect();
  });
  await page.evaluate(() => window.client.connect());
  waiting[0]();
  await entered;
  await waitFor("one socket", () => server.io.of("/slow").sockets.size === 1);
  assert.equal(users.at(-1), "B");
  assert.equal(server.io.engine.clientsCount, 1);
  assert.deepEqual(
    await statusOf(page),
    { state: "connected", recovered: false },
    "the root never noticed",
  );
});

test("lets a namespace connect that is answered after another was refused", async (t) => {
  const { page, server } = await open(t);
  const asked = new Promise((resolve) => {
    server.io.use((_, next) => resolve(next));
  });
  const refused = await page.evaluate(() => {
    const { client, kit } = window;
    window.root = kit.outcome(client.connect());
    return kit.outcome(client.namespace("/unknown").connect());
  });
  assertFailure(refused, "connect_refused", 2_000);
  (await asked)();
  const root = await page.evaluate(() => window.root);
  assert.equal(root.code, undefined, JSON.stringify(root));
});

test("stays disconnected when the server disconnects it, until connect()", async (t) => {
  const { page, server } = await open(t);
  const [socket] = await Promise.all([nextSocket(server), connect(page)]);
  socket.disconnect(true);
  await waitFor("the end", async () => (await statusOf(page)).state === "disconnected");
  const { reason, cause } = await statusOf(page);
  assert.equal(reason, "io server disconnect");
  assertFailure(cause, "server_disconnect");
  await waitFor("the server to agree", () => server.io.engine.clientsCount === 0);
  await Promise.all([nextSocket(server), connect(page)]);
  assert.equal(server.io.engine.clientsCount, 1);
});

test("tells the server when it disconnects", async (t) => {
  const { page, server } = await open(t);
  const [socket] = await Promise.all([nextSocket(server), connect(page)]);
  const ended = once(socket, "disconnect");
  await page.evaluate(() => window.client.disconnect());
  assert.equal((await ended)[0], "client namespace disconnect");
  assert.equal((await statusOf(page)).reason, "io client disconnect");
  await waitFor("the connection to end", () => server.io.engine.clientsCount === 0);
});

test("connects again when the server restarts, and gets its events once", async (t) => {
  const { page, server } = await open(t);
  await page.evaluate(() => {
    window.news = [];
    window.client.on("news").subscribe((value) => window.news.push(value));
  });
  const [socket] = await Promise.all([nextSocket(server), connect(page)]);
  socket.emit("news", "before");
  await waitFor("the first event", () => page.evaluate(() => window.news.length === 1));

  await page.evaluate(() => {
    window.waiting = window.kit.until(window.client, "waiting");
  });
  await server.stop();
  assert.match((await page.evaluate(() => window.waiting)).reason, /^transport (close|error)$/);
  await page.evaluate(() => window.kit.until(window.client, ({ attempt }) => attempt >= 3));

  const second = await startPrimes({ port: server.port });
  t.after(() => second.stop());
  const again = await nextSocket(second);
  again.emit("news", "after");
  await waitFor("the second event", () => page.evaluate(() => window.news.length === 2));
  assert.deepEqual(await page.evaluate(() => window.news), ["before", "after"]);
  assert.equal(second.io.engine.clientsCount, 1);
  assert.deepEqual(await statusOf(page), { state: "connected", recovered: false });
  assert.deepEqual(page.errors, []);
});

test("brings every namespace back, with fresh auth and over one connection", async (t) => {
  const { page, server } = await open(t);
  const tokens = [];
  server.io.of("/admin").on("connection", (socket) => {
    tokens.push(socket.handshake.auth.token);
    socket.emit("hello", tokens.length);
  });
  await page.evaluate(async () => {
    const { client, kit } = window;
    let made = 0;
    const admin = client.namespace("/admin", { auth: () => ({ token: (made += 1) }) });
    window.hellos = kit.take(admin.on("hello"), 2);
    await Promise.all([client.connect(), admin.connect()]);
  });
  const again = nextSocket(server);
  [...server.io.of("/").sockets.values()][0].conn.close();
  await again;
  assert.deepEqual(await page.evaluate(() => window.hellos), [1, 2]);
  assert.deepEqual(tokens, [1, 2]);
  assert.equal(server.io.engine.clientsCount, 1);
});

test("answers heartbeats, so that an idle connection lives", async (t) => {
  const { page, server } = await open(t, { server: { pingInterval: 50, pingTimeout: 2_000 } });
  const [socket] = await Promise.all([nextSocket(server), connect(page)]);
  let pongs = 0;
  await new Promise((resolve) => {
    socket.conn.on("packet", ({ type }) => type === "pong" && (pongs += 1) === 10 && resolve());
    socket.on("disconnect", resolve);
  });
  assert.equal(pongs, 10);
  assert.deepEqual(await statusOf(page), { state: "connected", recovered: false });
});

test("connects again after the server closes the transport", async (t) => {
  const { page, server } = await open(t);
  for (let round = 0; round < 5; round += 1) {
    const arrived = nextSocket(server);
    if (round === 0) await connect(page);
    const socket = await arrived;
    assert.equal(server.io.engine.clientsCount, 1);
    socket.conn.close();
  }
});
