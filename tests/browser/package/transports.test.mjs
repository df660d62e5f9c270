/** The package over each transport, at real socket.io servers. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { useBrowser } from "../support/browser.mjs";
import { echoBytes, echoedBytes, exchange, inOrder, startEcho } from "../support/echo.mjs";
import { startSite } from "../support/site.mjs";
import { waitFor } from "../support/wait.mjs";

const EVENTS = 200;

const browser = useBrowser();
let site;
before(async () => (site = await startSite()));
after(() => site.stop());

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

for (const transport of ["polling", "websocket"]) {
  test(`carries bytes and keeps the order over ${transport} alone`, async (t) => {
    const { url, noted } = await startEcho(t);
    const page = await pageOf(t, url, { transports: [transport] });
    assert.deepEqual(await echoBytes(page), echoedBytes);
    assert.deepEqual(await exchange(page, EVENTS), inOrder(EVENTS));
    assert.deepEqual(noted.transports, [transport]);
  });
}

test("loses nothing while it changes from polling to a WebSocket", async (t) => {
  const { url, noted } = await startEcho(t);
  const page = await pageOf(t, url, { transports: ["polling", "websocket"] });
  assert.deepEqual(await exchange(page, EVENTS), inOrder(EVENTS));
  await waitFor("the change", () => noted.transports.length === 2);
  assert.deepEqual(noted.transports, ["polling", "websocket"]);
  assert.deepEqual(await echoBytes(page), echoedBytes);
});

test("goes over polling where no WebSocket gets through", async (t) => {
  const { url, noted } = await startEcho(t, { transports: ["polling"] });
  const page = await pageOf(t, url, {});
  assert.deepEqual(await exchange(page, EVENTS), inOrder(EVENTS));
  assert.deepEqual(noted.transports, ["polling"]);
});

test("tells the server over polling that it leaves", async (t) => {
  const { url, noted } = await startEcho(t);
  const page = await pageOf(t, url, { transports: ["polling"] });
  await page.evaluate(() => window.client.destroy());
  await waitFor("the end", () => noted.engine.clientsCount === 0);
  assert.deepEqual(noted.reasons, ["client namespace disconnect"]);
});
