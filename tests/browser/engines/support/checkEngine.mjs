/** Runs the list of checks in one engine. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startMock } from "../../support/mock.mjs";
import { startSite } from "../../support/site.mjs";
import { connectionChecks } from "./connectionChecks.mjs";
import { loadingChecks } from "./loadingChecks.mjs";

const limitMs = 30_000;

/**
 * Makes a test of each check. `engine` has a `name`, how to `start` it, and what is `missing` for that,
 * in words: then the tests are skipped and say so.
 */
export function checkEngine({ name, start, missing }) {
  const skip = missing ? `skipped: ${missing}` : false;
  const world = {};
  before(async () => {
    if (skip) return;
    world.mock = await startMock();
    world.site = await startSite();
    world.browser = await start();
  });
  after(async () => {
    await world.browser?.kill();
    await world.site?.stop();
    await world.mock?.stop();
  });
  for (const [what, check] of Object.entries({ ...loadingChecks, ...connectionChecks })) {
    test(`${what} in ${name}`, { skip, timeout: limitMs }, async (t) => {
      const pages = [];
      await check({ t, ...world, open: (url) => openPage(t, world, pages, url) });
      for (const page of pages) assert.deepEqual(await page.evaluate(() => window.errors), []);
    });
  }
}

/** Opens a page, by default that of the site; it is closed when its test ends. */
async function openPage(t, { browser, site }, pages, url = site.url) {
  const page = await browser.open(url);
  t.after(() => page.close());
  pages.push(page);
  return page;
}
