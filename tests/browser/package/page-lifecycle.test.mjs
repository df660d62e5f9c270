/**
 * Pages that are frozen, left, hidden, stopped and cut off, in a Chromium that does to them what it does
 * for people.
 */
import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { after, before, test } from "node:test";
import { Server } from "socket.io";
import { startChromium, throttleAfter } from "../support/chromium.mjs";
import { listen } from "../support/listen.mjs";
import { startSite } from "../support/site.mjs";
import { waitFor } from "../support/wait.mjs";

let site;
before(async () => (site = await startSite({ headers: { "cache-control": "no-cache" } })));
after(() => site.stop());

const limit = { timeout: 120_000 };
/** From when a page is back until the server has answered it. */
const liveMs = 3_000;
/** From when a page is frozen or left until the server knows. */
const ghostMs = 1_000;

/** A server that answers `echo` and notes when clients come and go. */
async function startServer(t, options) {
  const http = await listen((_request, response) => response.writeHead(404).end());
  const io = new Server(http.server, { cors: { origin: "*" }, ...options });
  const noted = { connections: 0, ends: [], echoes: [], pings: 0 };
  io.on("connection", (socket) => {
    noted.connections += 1;
    socket.conn.on("heartbeat", () => (noted.pings += 1));
    socket.on("disconnect", (reason) => noted.ends.push({ reason, at: performance.now() }));
    socket.on("echo", (value, done) => {
      noted.echoes.push(value);
      done?.(value);
    });
  });
  t.after(async () => {
    await http.stop();
    await io.close(); // would wait for pages that connect again
  });
  return { url: http.url, noted };
}

/** A page whose client is connected. */
async function start(t, server, args = []) {
  const browser = await startChromium({ args });
  t.after(() => browser.kill());
  const page = await browser.open(site.url);
  await page.evaluate(async (url) => {
    await new Promise((resolve) => {
      if (window.kit) resolve();
      else addEventListener("load", resolve);
    });
    window.client = window.kit.makeClient(url, { reconnect: {} });
    window.states = [];
    window.client.status.subscribe(({ state, cause }) =>
      window.states.push(cause ? `${state} ${cause.code}` : state),
    );
    await window.client.connect();
  }, server.url);
  return { browser, page };
}

/** Resolves with how long it takes until the server has answered; what went to one that is gone is lost. */
async function live(page) {
  const since = performance.now();
  await page.evaluate(async () => {
    const ask = () => window.client.request("echo", "live");
    await ask().catch(ask);
  });
  return performance.now() - since;
}

/** Resolves with how long after `since` the server knew of the next end. */
async function ghost(server, since, count = 1) {
  await waitFor("the server to know", () => server.noted.ends.length === count);
  return server.noted.ends.at(-1).at - since;
}

function assertWithin(ms, limitMs, what) {
  assert.ok(ms <= limitMs, `${what}: ${Math.round(ms)} ms, not within ${limitMs} ms`);
}

test("a frozen page is gone at once, and live when it goes on", limit, async (t) => {
  const server = await startServer(t);
  const { page } = await start(t, server);
  for (const round of [1, 2]) {
    const since = performance.now();
    await page.freeze();
    assertWithin(await ghost(server, since, round), ghostMs, "the server knows");
    assert.equal(server.noted.connections, round, "a frozen page connects nowhere");
    await page.thaw();
    assertWithin(await live(page), liveMs, "live");
  }
  const states = await page.evaluate(() => window.states);
  assert.ok(states.includes("waiting suspended"), states.join());
});

test("a page that is left is gone at once, and live when it comes back", limit, async (t) => {
  const server = await startServer(t);
  const { page } = await start(t, server);
  const since = performance.now();
  await page.navigate(`${site.url}/?next`);
  assertWithin(await ghost(server, since), ghostMs, "the server knows");
  assert.equal(await page.back(), "BackForwardCacheRestore");
  assertWithin(await live(page), liveMs, "live");
  assert.equal(server.noted.connections, 2);
});

test("a hidden page keeps its connection with timers at one per minute", limit, async (t) => {
  // Four times the time after which an unanswered ping ends the connection.
  const server = await startServer(t, { pingInterval: 1_000, pingTimeout: 2_000 });
  const { browser, page } = await start(t, server, [throttleAfter(1)]);
  await page.evaluate(() => {
    window.ticks = 0;
    setInterval(() => (window.ticks += 1), 100);
  });
  await browser.open(`${site.url}/?other`);
  assert.equal(await page.evaluate(() => document.visibilityState), "hidden");
  const ticks = () => page.evaluate(() => window.ticks);
  const isThrottled = async () => {
    const [before, pings] = [await ticks(), server.noted.pings];
    await waitFor("three pings", () => server.noted.pings >= pings + 3);
    return (await ticks()) - before <= 1;
  };
  await waitFor("timers at one per minute", isThrottled, 60_000);
  const [before, pings] = [await ticks(), server.noted.pings];
  await waitFor("twelve answered pings", () => server.noted.pings >= pings + 12, 30_000);
  assert.ok((await ticks()) - before <= 1, "there were no timers");
  assert.deepEqual([server.noted.connections, server.noted.ends], [1, []]);
});

test("a browser that was stopped for longer than the heartbeat is live again", limit, async (t) => {
  const server = await startServer(t, { pingInterval: 500, pingTimeout: 1_000 });
  const { browser, page } = await start(t, server);
  browser.stop();
  await waitFor("the server to give up", () => server.noted.ends.length === 1);
  browser.continue();
  assertWithin(await live(page), liveMs, "live");
});

/** Passes everything on to a server, until what is connected by then is swallowed without a word. */
async function startHole(t, server) {
  const open = new Set();
  const { port } = new URL(server.url);
  const relay = createServer((client) => {
    const upstream = connect(Number(port), "127.0.0.1");
    const pair = [client, upstream];
    for (const [from, to] of [pair, pair.toReversed()]) {
      open.add(from);
      from.on("data", (data) => open.has(from) && to.write(data));
      from.on("error", () => {});
      from.on("close", () => open.has(from) && to.destroy());
    }
    t.after(() => pair.forEach((socket) => socket.destroy()));
  });
  await new Promise((resolve) => relay.listen(0, "127.0.0.1", resolve));
  t.after(() => relay.close());
  return { url: `http://127.0.0.1:${relay.address().port}`, swallow: () => open.clear() };
}

test("a dead connection is found within five seconds of an event", limit, async (t) => {
  const server = await startServer(t);
  const hole = await startHole(t, server);
  const { page } = await start(t, { ...server, url: hole.url });
  hole.swallow();
  const foundMs = await page.evaluate(async () => {
    const since = performance.now();
    window.client.emit("echo", "lost");
    await window.kit.until(window.client, ({ state }) => state !== "connected");
    return performance.now() - since;
  });
  assertWithin(foundMs, 5_500, "it is found");
  assert.ok(foundMs >= 4_900, `and not long before: ${foundMs}`);
  assertWithin(await live(page), liveMs, "live");
  assert.equal(server.noted.connections, 2);
});

test(
  "a dead connection is found within two seconds when the page is seen again",
  limit,
  async (t) => {
    const server = await startServer(t);
    const hole = await startHole(t, server);
    const { browser, page } = await start(t, { ...server, url: hole.url });
    const other = await browser.open(`${site.url}/?other`);
    hole.swallow();
    await page.show();
    await page.evaluate(() => window.client.emit("echo", "kept"));
    assertWithin(await live(page), liveMs, "live");
    assert.deepEqual(server.noted.echoes, ["kept", "live"], "nothing was sent into the void");
    await other.close();
  },
);
