/** Tokens, users, policies and addresses, against the real socket.io. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Server } from "socket.io";
import { createClient, StopReconnecting } from "sockeye-client";
import { waitFor } from "../browser/support/wait.mjs";

// The library under socket.io, from where socket.io finds it.
const fromSocketIo = createRequire(createRequire(import.meta.url).resolve("socket.io"));
const { WebSocket } = createRequire(fromSocketIo.resolve("engine.io"))("ws");

const reconnect = { minMs: 10, baseMs: 20, capMs: 40 };
const limit = { timeout: 30_000 };

/** A server that notes what it hears, and from whom. */
async function start(t, { allow = () => undefined, options = {}, port = 0 } = {}) {
  const http = createServer();
  const io = new Server(http, options);
  const heard = [];
  const tokens = [];
  const frames = [];
  io.engine.on("connection", (session) => {
    session.on("packet", ({ type, data }) => frames.push([type, String(data)]));
  });
  io.use((socket, next) => {
    tokens.push(socket.handshake.auth.token);
    next(allow(socket.handshake.auth, socket));
  });
  io.on("connection", (socket) => {
    const { token } = socket.handshake.auth;
    socket.onAny((event, ...args) => {
      heard.push({ token, event, args: args.filter((arg) => typeof arg !== "function") });
      if (typeof args.at(-1) === "function") args.at(-1)();
    });
  });
  http.listen(port, "127.0.0.1");
  await once(http, "listening");
  t.after(() => new Promise((resolve) => void io.close(resolve)));
  const url = `http://127.0.0.1:${http.address().port}`;
  return { io, http, heard, tokens, frames, url };
}

function connectTo(t, url, options = {}) {
  const client = createClient(url, {
    webSocket: WebSocket,
    transports: ["websocket"],
    reconnect,
    ...options,
  });
  t.after(() => client.destroy());
  return client;
}

const reaches = (client, state) =>
  waitFor(`the state ${state}`, () => client.status.value.state === state);
const socketOf = ({ io }) => [...io.of("/").sockets.values()][0];

test(
  "an expired token is refreshed once, on the same connection, and nothing is lost",
  limit,
  async (t) => {
    const expired = () => Object.assign(new Error("no"), { data: { code: "token_expired" } });
    const server = await start(t, { allow: ({ token }) => (token === 1 ? expired() : undefined) });
    const asked = [];
    const client = connectTo(t, server.url, {
      auth: ({ reason, attempt }) => ({ token: asked.push([reason, attempt]) }),
    });
    client.emit("kept", 1);
    await client.connect();
    assert.equal(await client.request("done"), undefined);
    assert.deepEqual(asked, [
      ["connect", 1],
      ["expired", 2],
    ]);
    assert.deepEqual(server.tokens, [1, 2]);
    assert.deepEqual(
      server.heard.map(({ event, token }) => [event, token]),
      [
        ["kept", 2],
        ["done", 2],
      ],
    );
    assert.equal(server.io.engine.clientsCount, 1);
  },
);

test("a failing auth heals itself: two failures, then a connection", limit, async (t) => {
  const server = await start(t);
  let calls = 0;
  const auth = () => (++calls < 3 ? Promise.reject(new Error("503")) : { token: "t" });
  const client = connectTo(t, server.url, { auth });
  await assert.rejects(client.connect(), { code: "auth_failed" });
  await reaches(client, "connected");
  assert.equal(calls, 3);
});

test("an auth that never answers is given up, and asked again", limit, async (t) => {
  const server = await start(t);
  const signals = [];
  const auth = ({ signal }) =>
    signals.push(signal) === 1 ? new Promise(() => {}) : { token: "t" };
  const client = connectTo(t, server.url, { auth, authTimeoutMs: 100 });
  await assert.rejects(client.connect(), { code: "auth_failed" });
  assert.equal(signals[0].aborted, true);
  await reaches(client, "connected");
});

test("StopReconnecting stops: no attempt follows", limit, async (t) => {
  const server = await start(t);
  let calls = 0;
  const auth = () => {
    calls++;
    throw new StopReconnecting("closed");
  };
  const client = connectTo(t, server.url, { auth });
  await assert.rejects(client.connect(), { code: "auth_stopped" });
  assert.equal(client.status.value.state, "disconnected");
  await waitFor("the session to end", () => server.io.engine.clientsCount === 0);
  assert.equal(calls, 1);
});

test("refreshAuth() joins with the new token on the same connection", limit, async (t) => {
  const server = await start(t);
  let token = 0;
  const client = connectTo(t, server.url, { auth: () => ({ token: ++token }) });
  await client.connect();
  const [session] = [...Object.values(server.io.engine.clients)];
  await client.refreshAuth();
  await client.request("done");
  assert.deepEqual(server.heard.at(-1), { token: 2, event: "done", args: [] });
  assert.deepEqual(Object.values(server.io.engine.clients), [session]);
});

test("the next user sends nothing of the last one", limit, async (t) => {
  const server = await start(t, { options: { connectionStateRecovery: {} } });
  let token = "alice";
  const client = connectTo(t, server.url, { auth: () => ({ token }), identity: "alice" });
  await client.connect();
  const first = client.id;
  client.disconnect();
  client.emit("secret of alice");
  const request = client.request("question of alice");
  client.logout({ queue: "discard" });
  await assert.rejects(request, { code: "identity_changed" });
  token = "bob";
  client.setIdentity("bob");
  await client.connect();
  await client.request("done");
  assert.deepEqual(server.heard, [{ token: "bob", event: "done", args: [] }]);
  assert.notEqual(client.id, first);
  assert.equal(client.recovered, false);

  // A change of user while connected.
  token = "carol";
  client.setIdentity("carol");
  client.emit("of carol");
  await waitFor("Carol to be heard", () => server.heard.length === 2);
  assert.deepEqual(server.heard[1], { token: "carol", event: "of carol", args: [] });
  await waitFor("Bob to have left", () => server.io.of("/").sockets.size === 1);
});

test(
  "a client that the server disconnects comes back if it is to, and stays out if it is banned",
  limit,
  async (t) => {
    const server = await start(t);
    let isBanned = false;
    const client = connectTo(t, server.url, { reconnectOn: { serverDisconnect: () => !isBanned } });
    const faithful = connectTo(t, server.url);
    await client.connect();
    const first = client.id;
    server.io.of("/").sockets.get(first).disconnect();
    await waitFor("another connection", () => client.id !== undefined && client.id !== first);
    isBanned = true;
    server.io.of("/").sockets.get(client.id).disconnect();
    await reaches(client, "disconnected");
    assert.equal(client.status.value.cause.code, "server_disconnect");
    await faithful.connect();
    socketOf(server).disconnect();
    await reaches(faithful, "disconnected");
    await waitFor("all sessions to end", () => server.io.engine.clientsCount === 0);
  },
);

test("a refusal that says when to come back is tried again then", limit, async (t) => {
  let refusals = 0;
  const full = () => Object.assign(new Error("full"), { data: { retryAfterMs: 300 } });
  const server = await start(t, { allow: () => (refusals++ === 0 ? full() : undefined) });
  const client = connectTo(t, server.url);
  const startedAt = performance.now();
  await assert.rejects(client.connect(), { code: "connect_refused" });
  await reaches(client, "connected");
  assert.ok(performance.now() - startedAt >= 299);
  assert.equal(refusals, 2);
});

test("Retry-After of an HTTP answer is obeyed", limit, async (t) => {
  const server = await start(t);
  const [answer] = server.http.listeners("request");
  server.http.removeAllListeners("request");
  let isBusy = true;
  server.http.on("request", (request, response) => {
    if (!isBusy) return answer(request, response);
    isBusy = false;
    response.writeHead(503, { "retry-after": "1" }).end("busy");
  });
  const client = connectTo(t, server.url, { transports: ["polling"] });
  const startedAt = performance.now();
  await assert.rejects(client.connect(), { code: "server_unreachable" });
  await reaches(client, "connected");
  assert.ok(performance.now() - startedAt >= 999);
});

test("a function gives another address for the next attempt", limit, async (t) => {
  const server = await start(t);
  const gone = createServer().listen(0, "127.0.0.1");
  await once(gone, "listening");
  const { port } = gone.address();
  gone.close();
  await once(gone, "close");
  const attempts = [];
  const client = connectTo(t, ({ attempt }) => {
    attempts.push(attempt);
    return attempt === 1 ? `http://127.0.0.1:${port}/ignored` : server.url;
  });
  client.emit("kept");
  client.connect().catch(() => {});
  await reaches(client, "connected");
  await waitFor("what was kept", () => server.heard.length === 1);
  assert.equal(client.name, "/");
  assert.deepEqual(attempts, [1, 2]);
});

test("a token is in CONNECT and nowhere else", limit, async (t) => {
  const server = await start(t);
  const canary = "canary-4711";
  const told = [];
  const client = connectTo(t, server.url, { auth: () => ({ token: canary }) });
  client.status.subscribe((status) => told.push(status));
  client.errors.subscribe((error) => told.push(error));
  await client.connect();
  const urls = Object.values(server.io.engine.clients).map(({ request }) => request.url);
  for (let round = 0; round < 3; round++) {
    await client.request("done", round);
    const { id } = client;
    Object.values(server.io.engine.clients)[0].close();
    await waitFor("the next connection", () => client.id !== undefined && client.id !== id);
  }
  const leaks = server.frames.filter(([, data]) => data.includes(canary) && !data.startsWith("0"));
  assert.deepEqual(leaks, []);
  assert.equal(server.frames.filter(([, data]) => data.includes(canary)).length, 4);
  assert.ok(!urls.join().includes(canary));
  assert.ok(!JSON.stringify(told).includes(canary));
});
