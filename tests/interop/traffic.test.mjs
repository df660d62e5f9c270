/** What is counted, changed and stopped on the way, with the wasm, against the real socket.io. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Server } from "socket.io";
import { createClient } from "sockeye-client";

// The library under socket.io, from where socket.io finds it.
const fromSocketIo = createRequire(createRequire(import.meta.url).resolve("socket.io"));
const { WebSocket } = createRequire(fromSocketIo.resolve("engine.io"))("ws");

const limit = { timeout: 60_000 };
const reconnect = { minMs: 10, baseMs: 20, capMs: 50 };

/** A client of a server that echoes. */
async function setUp(t, options = {}) {
  const http = createServer();
  const io = new Server(http);
  io.on("connection", (socket) => {
    socket.on("echo", (value, answer) => answer(value));
    socket.on("send back", (value) => socket.emit("back", value));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const url = `http://127.0.0.1:${http.address().port}`;
  const client = createClient(url, { webSocket: WebSocket, reconnect, ...options });
  t.after(async () => {
    await client.destroy();
    const closed = new Promise((resolve) => void io.close(resolve));
    http.closeAllConnections();
    await closed;
  });
  return { io, client };
}

for (const transport of ["websocket", "polling"]) {
  test(`the bytes of all frames are counted over ${transport}`, limit, async (t) => {
    const { client } = await setUp(t, { transports: [transport], upgrade: false });
    await client.connect();
    await client.request("echo", "before");
    assert.deepEqual(client.metrics.value.received, { events: 0, bytes: 0 });
    const text = "ü".repeat(10_000);
    await client.request("echo", text);
    const { sent, received, roundTrip } = client.metrics.value;
    for (const { events, bytes } of [sent, received]) {
      assert.equal(events, 1);
      assert.ok(bytes >= 20_000 && bytes < 21_000, `${bytes} bytes`);
    }
    assert.ok(roundTrip.lastMs > 0 && roundTrip.smoothedMs === roundTrip.lastMs);
  });
}

test("binary values are counted in bytes", limit, async (t) => {
  const { client } = await setUp(t);
  await client.connect();
  void client.metrics;
  await client.request("echo", new Uint8Array(5_000));
  const { sent, received } = client.metrics.value;
  for (const { bytes } of [sent, received]) assert.ok(bytes > 5_000 && bytes < 5_200, `${bytes}`);
});

test("actions, signs of life and lost connections are counted", limit, async (t) => {
  const { io, client } = await setUp(t);
  void client.metrics;
  const action = client.enqueue("echo", "x");
  await action.accepted;
  const { outbox } = client.metrics.value;
  assert.equal(outbox.depth, 1);
  assert.ok(outbox.oldestMs >= 0);
  await client.connect();
  assert.equal(await action.result, "x");
  assert.deepEqual(client.metrics.value.outbox, { depth: 0, oldestMs: undefined });
  // Before it was sent, the server was asked for a sign of life.
  assert.ok(client.metrics.value.roundTrip.probeMs >= 0);
  const lost = new Promise((resolve) => {
    client.status.subscribe(({ state }) => void (state === "waiting" && resolve()));
  });
  for (const socket of io.sockets.sockets.values()) socket.conn.transport.socket.terminate();
  await lost;
  assert.deepEqual(client.metrics.value.reconnections, { transport_close: 1 });
});

test("interceptors change and stop what passes both ways", limit, async (t) => {
  const { client } = await setUp(t);
  await client.connect();
  const trace = client.trace();
  client.use({
    outbound: (event, [value]) => (value === "secret" ? false : [`${value}>`]),
    inbound: (event, [value]) => [`<${value}`],
    ack: (event, [value]) => [`(${value})`],
  });
  assert.equal(await client.request("echo", "x"), "(x>)");
  assert.throws(() => client.emit("send back", "secret"), { code: "vetoed" });
  const back = new Promise((resolve) => client.on("back").subscribe(resolve));
  client.emit("send back", "y");
  assert.equal(await back, "<y>");
  const names = trace.entries.map(({ direction, kind, event }) =>
    [direction, kind, event].join(" "),
  );
  assert.deepEqual(names, [
    "out request echo",
    "in ack echo",
    "out event send back",
    "in event back",
  ]);
});
