/** What becomes of a connection when its page is left. */
import assert from "node:assert/strict";
import { startEcho } from "../../support/echo.mjs";
import { startSite } from "../../support/site.mjs";
import { waitFor } from "../../support/wait.mjs";

/** Far less than the server waits for an answer to its ping. */
const soonMs = 10_000;

const connect = (page, url) =>
  page.evaluate((url) => {
    window.client = window.kit.makeClient(url);
    return window.client.connect();
  }, url);

export const pageChecks = {
  "leaves no connection behind when its page is left, and is back with it": async (world) => {
    const { t, open } = world;
    const { url, noted } = await startEcho(t);
    const site = await startSite({ headers: { "cache-control": "no-cache" } }); // else none is kept
    t.after(site.stop);
    const page = await open(site.url);
    await connect(page, url);
    assert.equal(noted.engine.clientsCount, 1);
    await page.navigate(`${site.url}/?next`);
    await waitFor("the end", () => noted.engine.clientsCount === 0, soonMs);
    await page.back();
    const isKept = await page.evaluate(() => window.client !== undefined);
    t.diagnostic(isKept ? "the page was kept" : "the page was loaded again");
    if (!isKept) return;
    await page.evaluate(() => window.kit.until(window.client, "connected"));
    assert.equal(noted.engine.clientsCount, 1);
  },

  "leaves no connection behind when its tab is closed": async ({ t, open, close }) => {
    const { url, noted } = await startEcho(t);
    const page = await open();
    await connect(page, url);
    await close(page);
    await waitFor("the end", () => noted.engine.clientsCount === 0, soonMs);
  },
};
