/** Two servers behind a balancer that gives each request to the next one. */
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { createClient } from "sockeye-client";
import { io as compat } from "sockeye-client/compat";
import { io as official } from "socket.io-client";
import { WebSocket } from "ws";
import { listen } from "../browser/support/listen.mjs";
import { startWorker } from "./processes.mjs";

globalThis.WebSocket ??= WebSocket; // before Node 22 there is none

const limit = { timeout: 15_000 };
const host = "127.0.0.1";
const ends = [];
let balancer;

before(async () => {
  const owner = { after: (end) => ends.push(end) };
  const ports = await Promise.all([startWorker(owner), startWorker(owner)]);
  balancer = await startBalancer(ports);
});
after(async () => {
  await balancer.stop();
  for (const end of ends) await end();
});

/** Gives each request to the next port; a WebSocket stays where it was opened. */
async function startBalancer(ports) {
  let turn = 0;
  const nextPort = () => ports[(turn += 1) % ports.length];
  const forward = (request, response) => {
    const { method, url, headers } = request;
    const onward = httpRequest({ host, port: nextPort(), method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  };
  const site = await listen(forward);
  site.server.on("upgrade", (request, socket, head) => tunnel(request, socket, head, nextPort()));
  return site;
}

function tunnel({ url, rawHeaders }, socket, head, port) {
  const onward = connect(port, host);
  const lines = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  }
  onward.write(`GET ${url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  onward.write(head);
  socket.pipe(onward).pipe(socket);
  for (const [one, other] of [
    [socket, onward],
    [onward, socket],
  ]) {
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
  }
}

test("session_unknown says that polling needs sticky sessions", limit, async (t) => {
  const client = createClient(balancer.url, { transports: ["polling"] });
  t.after(() => client.destroy());
  const told = new Promise((resolve) => client.errors.subscribe(resolve));
  const connecting = client.connect().catch((error) => error);
  const error = await told;
  assert.equal(error.code, "session_unknown");
  assert.match(error.hint, /sticky|session/i);
  await client.destroy();
  await connecting;
});

test("needs no sticky sessions over WebSocket, which it tries first", limit, async (t) => {
  const client = createClient(balancer.url);
  t.after(() => client.destroy());
  await client.connect();
  assert.equal(await client.request("echo", 1), 1);
});

for (const [name, io] of Object.entries({ "socket.io-client": official, compat })) {
  test(`${name} tells the status and the server's answer`, limit, async (t) => {
    const socket = io(balancer.url, { forceNew: true, transports: ["polling"] });
    t.after(() => {
      socket.io.reconnection(false);
      socket.disconnect();
    });
    const error = await new Promise((resolve) => {
      socket.io.engine.once("error", resolve);
    });
    assert.equal(error.type, "TransportError");
    assert.match(error.message, /^xhr (poll|post) error$/);
    assert.equal(error.description, 400);
    if (io === compat) assert.match(error.context.responseText, /"code":1/);
  });
}
