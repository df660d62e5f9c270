/** The package over each transport, at real socket.io servers. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server } from "socket.io";
import { useBrowser } from "../support/browser.mjs";
import { listen } from "../support/listen.mjs";
import { startSite } from "../support/site.mjs";
import { waitFor } from "../support/wait.mjs";

const EVENTS = 200;

const browser = useBrowser();
let site;
before(async () => (site = await startSite()));
after(() => site.stop());

/** A server that sends back what it gets and notes the transports, ends and frames of its clients. */
async function startServer(t, options) {
  const http = await listen((_request, response) => response.writeHead(404).end());
  const io = new Server(http.server, { cors: { origin: "*" }, ...options });
  const noted = { transports: [], reasons: [], engine: io.engine };
  io.on("connection", (socket) => {
    noted.transports.push(socket.conn.transport.name);
    socket.conn.on("upgrade", ({ name }) => noted.transports.push(name));
    socket.on("echo", (...args) => args.pop()(...args));
    socket.on("number", (number) => socket.emit("number", number));
    socket.on("disconnect", (reason) => noted.reasons.push(reason));
  });
  t.after(async () => {
    await io.close();
    await http.stop();
  });
  return { url: http.url, noted };
}

/** A page with a connected `window.client`. */
async function pageOf(t, url, options) {
  const page = await browser.open(t, site.url);
  await page.evaluate(
    ([url, options]) => {
      window.client = window.kit.makeClient(url, options);
      return window.client.connect();
    },
    [url, options],
  );
  return page;
}

/** Sends bytes in several forms, and returns what comes back as numbers. */
const echoBytes = (page) =>
  page.evaluate(async () => {
    const bytes = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256);
    const view = new DataView(bytes.buffer, 2, 3);
    const blob = new Blob([bytes.subarray(0, 4)]);
    const answer = await window.client.request("echo", { whole: bytes.buffer, view }, [
      blob,
      "text",
    ]);
    const [{ whole, view: part }, [read, text]] = answer;
    return [whole.byteLength, ...[part, read].map((b) => [...new Uint8Array(b)].join(" ")), text];
  });

/** Sends numbered events, lets `between` run, and returns the numbers that come back. */
const exchange = (page) =>
  page.evaluate(async (count) => {
    const all = window.kit.take(window.client.on("number"), count);
    for (let number = 0; number < count; number++) {
      window.client.emit("number", number);
      if (number % 10 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    return all;
  }, EVENTS);

const inOrder = Array.from({ length: EVENTS }, (_, number) => number);

for (const transport of ["polling", "websocket"]) {
  test(`carries bytes and keeps the order over ${transport} alone`, async (t) => {
    const { url, noted } = await startServer(t);
    const page = await pageOf(t, url, { transports: [transport] });
    assert.deepEqual(await echoBytes(page), [1_000, "2 3 4", "0 1 2 3", "text"]);
    assert.deepEqual(await exchange(page), inOrder);
    assert.deepEqual(noted.transports, [transport]);
  });
}

test("loses nothing while it changes from polling to a WebSocket", async (t) => {
  const { url, noted } = await startServer(t);
  const page = await pageOf(t, url, { transports: ["polling", "websocket"] });
  assert.deepEqual(await exchange(page), inOrder);
  await waitFor("the change", () => noted.transports.length === 2);
  assert.deepEqual(noted.transports, ["polling", "websocket"]);
  assert.deepEqual(await echoBytes(page), [1_000, "2 3 4", "0 1 2 3", "text"]);
});

test("goes over polling where no WebSocket gets through", async (t) => {
  const { url, noted } = await startServer(t, { transports: ["polling"] });
  const page = await pageOf(t, url, {});
  assert.deepEqual(await exchange(page), inOrder);
  assert.deepEqual(noted.transports, ["polling"]);
});

test("tells the server over polling that it leaves", async (t) => {
  const { url, noted } = await startServer(t);
  const page = await pageOf(t, url, { transports: ["polling"] });
  await page.evaluate(() => window.client.destroy());
  await waitFor("the end", () => noted.engine.clientsCount === 0);
  assert.deepEqual(noted.reasons, ["client namespace disconnect"]);
});
