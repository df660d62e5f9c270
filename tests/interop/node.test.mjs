/** The package in Node, which has a WebSocket of its own only from version 22 on. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { createClient, isSockeyeError } from "sockeye-client";
import { createClient as createInline } from "sockeye-client/inline";
import { startPrimes } from "./primes-server.mjs";

// The library under socket.io, from where socket.io finds it.
const fromSocketIo = createRequire(createRequire(import.meta.url).resolve("socket.io"));
const { WebSocket } = createRequire(fromSocketIo.resolve("engine.io"))("ws");

const entries = { "the lazy entry": createClient, "the inline entry": createInline };

for (const [entry, create] of Object.entries(entries)) {
  test(`talks to socket.io through ${entry}`, async (t) => {
    const server = await startPrimes();
    t.after(() => server.stop());
    server.io.on("connection", (socket) => {
      socket.on("double", (number, answer) => answer(number * 2));
    });
    const client = create(server.url, { webSocket: WebSocket });
    t.after(() => client.destroy());
    const events = client.on("subscription:confirmed")[Symbol.asyncIterator]();
    const confirmed = events.next();
    assert.deepEqual(client.status.value, { state: "idle" }, "nothing connects by itself here");

    await client.connect();
    client.emit("subscribe:jobs");
    const { type, subscribed } = (await confirmed).value;
    assert.deepEqual({ type, subscribed }, { type: "jobs", subscribed: true });
    assert.equal(await client.request("double", 21), 42);
    assert.equal(server.io.engine.clientsCount, 1);
    await client.destroy();
    assert.equal((await events.next()).done, true);
  });
}

test("gives a WebSocket its headers and protocols", async (t) => {
  const server = await startPrimes();
  t.after(() => server.stop());
  const client = createClient(server.url, {
    webSocket: WebSocket,
    transports: ["websocket"],
    extraHeaders: { "x-own": "1" },
    protocols: ["a", "b"],
  });
  t.after(() => client.destroy());
  await client.connect();
  const [socket] = server.io.of("/").sockets.values();
  assert.equal(socket.handshake.headers["x-own"], "1");
  assert.equal(socket.handshake.headers["sec-websocket-protocol"], "a,b");
});

test("connects by polling where there is no WebSocket", async (t) => {
  const server = await startWithoutWebSocket(t);
  server.io.on("connection", (socket) => {
    socket.on("double", (number, answer) => answer(number * 2));
  });
  const client = createClient(server.url);
  t.after(() => client.destroy());
  await client.connect();
  assert.equal(await client.request("double", 21), 42);
  const [socket] = server.io.of("/").sockets.values();
  assert.equal(socket.conn.transport.name, "polling");
});

test("says what to do where there is no WebSocket and no other transport is allowed", async (t) => {
  const server = await startWithoutWebSocket(t);
  const reconnect = { minMs: 10, baseMs: 20, capMs: 20 };
  const client = createClient(server.url, { transports: ["websocket"], reconnect });
  t.after(() => client.destroy());
  const failure = await client.connect().then(
    () => undefined,
    (error) => error,
  );
  assert.ok(isSockeyeError(failure));
  assert.equal(failure.code, "websocket_unavailable");
  assert.match(failure.hint, /`webSocket`/);
});

async function startWithoutWebSocket(t) {
  const server = await startPrimes();
  t.after(() => server.stop());
  const { WebSocket: own } = globalThis;
  t.after(() => (globalThis.WebSocket = own));
  delete globalThis.WebSocket;
  return server;
}
