/** Addresses at which no Socket.IO server answers: each failure says what is wrong there. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { useBrowser } from "../support/browser.mjs";
import { assertFailure } from "../support/failures.mjs";
import { listen } from "../support/listen.mjs";
import { handshake, startScripted } from "../support/scripted.mjs";
import { startSite } from "../support/site.mjs";

const browser = useBrowser();
const connectTimeoutMs = 2_000;
let site;
before(async () => (site = await startSite()));
after(() => site.stop());

const text =
  (body, headers = {}, status = 200) =>
  (_, response) => {
    response.writeHead(status, { "content-type": "text/plain", ...headers }).end(body);
  };
const cors = { "access-control-allow-origin": "*" };

/** Makes `window.client` and resolves with what became of its first `connect()`. */
const connect = (page, url, options) =>
  page.evaluate(
    ([url, options]) => {
      const { makeClient, outcome } = window.kit;
      window.client = makeClient(url, options);
      return outcome(window.client.connect());
    },
    [url, { connectTimeoutMs, ...options }],
  );

/** Polling would say something else of these servers, or the same by itself. */
const withoutPolling = { transports: ["websocket"] };

/** The client goes on trying: it connects as soon as a server listens at the address. */
async function assertRecovers(t, page, port) {
  const server = await startScripted({ port });
  t.after(server.stop);
  await page.evaluate(() => window.kit.until(window.client, "connected"));
  assert.equal(server.peers.length, 1);
}

const cases = [
  {
    title: "an HTTP server that lets the page read its answer",
    code: "not_socketio",
    server: { http: text("hello", cors), refuse: true },
  },
  {
    title: "an HTTP server without CORS headers",
    code: "unreachable_or_cors",
    server: { http: text("hello"), refuse: true },
  },
  {
    title: "a WebSocket server that does not speak Engine.IO",
    code: "not_socketio",
    server: { script: (peer) => peer.send("welcome to the chat") },
  },
  {
    title: "a WebSocket server that sends bytes",
    code: "not_socketio",
    server: { script: (peer) => peer.send(Buffer.from([4, 2])) },
  },
  {
    title: "a WebSocket server that says nothing",
    code: "connect_timeout",
    server: { script: () => {} },
    options: withoutPolling,
  },
  {
    title: "a Socket.IO server whose WebSockets are blocked",
    code: "websocket_blocked",
    server: { http: text(handshake(), cors), refuse: true },
    options: withoutPolling,
  },
  {
    title: "a Socket.IO server that has no WebSocket transport",
    code: "websocket_blocked",
    server: { http: text('{"code":0,"message":"Transport unknown"}', cors), refuse: true },
    options: withoutPolling,
  },
  {
    title: "a Socket.IO server that has no polling transport either",
    code: "websocket_blocked",
    server: { http: text('{"code":0,"message":"Transport unknown"}', cors, 400), refuse: true },
  },
  {
    title: "a server that allows no session",
    code: "forbidden",
    server: { http: text('{"code":4,"message":"Forbidden"}', cors, 403), refuse: true },
  },
  {
    title: "a server that fails",
    code: "http_error",
    server: { http: text("<h1>Internal Server Error</h1>", cors, 500), refuse: true },
  },
  {
    title: "a Socket.IO 2 server whose WebSockets are blocked",
    code: "unsupported_server",
    server: { http: text(`85:${handshake()}2:40`, cors), refuse: true },
  },
  {
    title: "a proxy before a server that is down",
    code: "server_unreachable",
    server: { http: (_, response) => response.writeHead(502, cors).end("<html>"), refuse: true },
  },
];

for (const { title, code, server, options } of cases) {
  test(`reports ${code} for ${title}, and recovers`, async (t) => {
    const page = await browser.open(t, site.url);
    const wrong = await startScripted(server);
    t.after(wrong.stop);
    assertFailure(await connect(page, wrong.url, options), code, connectTimeoutMs + 500);
    const state = await page.evaluate(() => window.client.status.value.state);
    const goesOn = ["waiting", "connecting"].includes(state);
    assert.equal(goesOn, code !== "unsupported_server", `goes on trying: ${state}`);
    await wrong.stop();
    if (!goesOn) await page.evaluate(() => void window.client.connect());
    await assertRecovers(t, page, wrong.port);
    assert.deepEqual(page.errors, []);
  });
}

test("reports unreachable_or_cors where nothing listens at another origin, and recovers", async (t) => {
  const page = await browser.open(t, site.url);
  const { port, url, stop } = await listen(() => {});
  await stop();
  assertFailure(await connect(page, url), "unreachable_or_cors", connectTimeoutMs);
  await assertRecovers(t, page, port);
});

test("reports server_unreachable where nothing listens at the page's own origin", async (t) => {
  const own = await startSite();
  t.after(own.stop);
  const page = await browser.open(t, own.url);
  await page.evaluate(() =>
    Promise.all(["facade", "core", "payload"].map((name) => import(`/sockeye/${name}.js`))),
  );
  await own.stop();
  assertFailure(await connect(page, own.url), "server_unreachable", connectTimeoutMs);
  await assertRecovers(t, page, own.port);
});

test("reports connect_timeout for a black hole, and recovers", async (t) => {
  const page = await browser.open(t, site.url);
  const hole = await listen(() => {});
  t.after(hole.stop);
  hole.server.on("upgrade", () => {});
  const failure = await connect(page, hole.url);
  assertFailure(failure, "connect_timeout", connectTimeoutMs + 500);
  assert.ok(failure.ms >= connectTimeoutMs);
  await hole.stop();
  await assertRecovers(t, page, hole.port);
});

test("asks the server why once in a series of failures", async (t) => {
  const page = await browser.open(t, site.url);
  let asked = 0;
  const http = (_, response) => response.writeHead(200, cors).end(String((asked += 1)));
  const wrong = await startScripted({ http, refuse: true });
  t.after(wrong.stop);
  await connect(page, wrong.url, withoutPolling);
  await page.evaluate(() => window.kit.until(window.client, ({ attempt }) => attempt >= 5));
  assert.equal(asked, 1);
  const status = await page.evaluate(() => window.kit.toPlain(window.client.status.value));
  assert.equal(status.cause.code, "not_socketio");
});
