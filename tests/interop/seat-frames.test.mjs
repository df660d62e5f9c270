/**
 * What no honest client sends, and no honest server: `sockeye-client/testing` takes the one as socket.io does, and
 * makes the other, which a client survives.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { Server } from "socket.io";
import { createClient } from "sockeye-client";
import { createMockServer } from "sockeye-client/testing";
import { WebSocket } from "ws";
import { startMock } from "../browser/support/mock.mjs";

const placeholder = '{"_placeholder":true,"num":0}';

/** Messages of a client that is connected to the main namespace: texts, and bytes. */
const hostile = [
  [""],
  ["2"],
  ["3"],
  ["7"],
  ["x"],
  ["4"],
  ["47"],
  ["49"],
  ["4x"],
  ['42["a"'],
  ['42{"a":1}'],
  ["42[]"],
  ["42"],
  ["42[null]"],
  ["42[1]"],
  ["42[{}]"],
  ['42["connect"]'],
  ['42["disconnecting"]'],
  ["43"],
  ["43[]"],
  ["431"],
  ['431{"a":1}'],
  ["4399[]"],
  ["40"],
  ["40{"],
  ["40[]"],
  ["40/nowhere"],
  ["40/nowhere,[]"],
  ["41[1]"],
  ['44{"message":"no"}'],
  ['42/nowhere,["a"]'],
  ["45"],
  ['45-["a"]'],
  ['45x-["a"]'],
  ['450-["a"]', Buffer.from([1])],
  ['4511-["a"]'],
  ['451000000-["a"]'],
  ['451-["a"]', Buffer.from([1])],
  [`451-["a",${placeholder}]`, Buffer.from([1])],
  [`451-["a",${placeholder}]`, '42["b"]'],
  [`451-["a",${placeholder}]`, `451-["b",${placeholder}]`],
  ...['"splice"', "-1", "1", "null", "0.5", "[0]"].map((number) => [
    `451-["a",{"_placeholder":true,"num":${number}}]`,
    Buffer.from([1]),
  ]),
  [Buffer.from([1])],
  ['42["a",{"__proto__":{"polluted":true}}]'],
  ['42["a",1e400]'],
  [`42["a","${"é".repeat(600_000)}"]`],
];

/** Resolves with what the server's handlers and the client see of these messages. */
async function attack(io, open, messages) {
  const handled = [];
  io.on("connection", (socket) => {
    socket.onAny((event, ...args) => {
      if (event !== "echo") handled.push([event, args.length, String(args[0]).slice(0, 40)]);
    });
    socket.on("echo", (answer) => answer("still there"));
    socket.on("error", () => handled.push("error"));
    socket.on("disconnect", (reason) => handled.push(reason));
  });
  const socket = open();
  const got = [];
  const over = new Promise((resolve) => {
    socket.onclose = () => resolve("closed");
    socket.onerror = () => {};
    socket.onmessage = ({ data }) => {
      if (data.startsWith("0")) socket.send("40");
      else if (data.startsWith("40{")) [...messages, '427["echo"]'].forEach(send);
      else if (data.startsWith("437")) resolve("open");
      else got.push(data);
    };
    const send = (message) => socket.send(message);
  });
  const end = await over;
  socket.close();
  await io.close();
  return { end, got, handled };
}

async function attackReal(messages) {
  const http = createServer();
  const io = new Server(http);
  await once(http.listen(0, "127.0.0.1"), "listening");
  const address = `ws://127.0.0.1:${http.address().port}/socket.io/?EIO=4&transport=websocket`;
  return attack(io, () => new WebSocket(address), messages);
}

function attackSeat(messages) {
  const io = createMockServer();
  return attack(io, () => new io.WebSocket("ws://mock/socket.io/?EIO=4"), messages);
}

for (const messages of hostile) {
  const name = messages.map((message) => JSON.stringify(String(message).slice(0, 40))).join(", ");
  test(`${name} does what it does to socket.io`, { timeout: 20_000 }, async () => {
    const real = await attackReal(messages);
    assert.deepEqual(await attackSeat(messages), real);
  });
}

/** The hint to a wrong name has all of them. */
function namesOfMalformed() {
  try {
    createMockServer().faults.add({ on: { packet: {} }, do: { malformed: { name: "?" } } });
  } catch ({ hint }) {
    return hint.replace("one of: ", "").split(", ");
  }
}

test("there are the malformed frames of sockeye-mock", async (t) => {
  const mock = await startMock();
  t.after(() => mock.stop());
  const { malformed } = await (await fetch(`${mock.url}/control/malformed`)).json();
  const names = malformed.map(({ name }) => name);
  assert.deepEqual(
    namesOfMalformed(),
    names.filter((name) => !name.startsWith("websocket-")),
  );
});

for (const malformed of namesOfMalformed()) {
  test(`a client goes on after ${malformed}`, { timeout: 20_000 }, async (t) => {
    const server = createMockServer();
    server.on("connection", (socket) => {
      socket.on("ask", (answer) => answer("answered"));
      socket.emit("news", "one");
    });
    const direction = "serverToClient";
    const on = { event: { name: "news" } };
    server.faults.add({ direction, on, times: 1, do: { malformed: { name: malformed } } });
    const reconnect = { minMs: 1, baseMs: 1, capMs: 1 };
    const options = {
      ...server.clientOptions(),
      reconnect,
      reconnectOn: { serverDisconnect: "always" },
    };
    const client = createClient("http://mock", options);
    t.after(async () => {
      await client.destroy();
      await server.close();
    });
    await client.connect();
    await server.waitFor({ kind: "fault" });
    const ask = client.enqueue("ask").result;
    assert.equal(await ask, "answered");
  });
}
