/** Where clients of a run have their cores. The other tests are the same wherever that is. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { useBrowser } from "../support/browser.mjs";
import { mode } from "../support/modes.mjs";
import { startScripted } from "../support/scripted.mjs";
import { startSite } from "../support/site.mjs";

const browser = useBrowser();
let site, server;
before(async () => {
  site = await startSite();
  server = await startScripted();
});
after(async () => {
  await server?.stop();
  await site?.stop();
});

/** How many workers and shared workers there are in each mode. */
const expected = { page: [0, 0], worker: [1, 0], shared: [0, 1] };

/** Those of all pages. */
async function countShared(page) {
  const session = await page.context().browser().newBrowserCDPSession();
  const filter = [{ type: "shared_worker" }];
  const { targetInfos } = await session.send("Target.getTargets", { filter });
  return targetInfos.length;
}

test(`a client has its core where the mode "${mode}" says`, async (t) => {
  const page = await browser.open(t, site.url);
  const codes = await page.evaluate(async (url) => {
    const codes = [];
    window.client = window.kit.makeClient(url);
    window.client.errors.subscribe(({ code }) => codes.push(code));
    await window.client.connect();
    return codes;
  }, server.url);
  assert.deepEqual([page.workers().length, await countShared(page)], expected[mode]);
  assert.deepEqual(codes, []);
  assert.deepEqual(page.errors, []);
});
