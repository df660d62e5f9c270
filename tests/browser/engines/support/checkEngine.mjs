/** Runs the list of checks in one engine. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { record } from "../../../../tools/lib/records.mjs";
import { startMock } from "../../support/mock.mjs";
import { startSite } from "../../support/site.mjs";
import { connectionChecks } from "./connectionChecks.mjs";
import { loadingChecks } from "./loadingChecks.mjs";
import { pageChecks } from "./pageChecks.mjs";
import { storeChecks } from "./storeChecks.mjs";

const limitMs = 60_000;
const checks = { ...loadingChecks, ...connectionChecks, ...pageChecks, ...storeChecks };

/**
 * Makes a test of each check. `engine` has a `name`, how to `start` it, and what is `missing` for that,
 * in words: then the tests are skipped and say so.
 */
export function checkEngine({ name, start, missing }) {
  const skip = missing ? `skipped: ${missing}` : false;
  const world = {};
  let passed = 0;
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
    if (skip) return;
    const version = world.browser?.version;
    record("engines", name, { passed: passed === Object.keys(checks).length, version });
  });
  for (const [what, check] of Object.entries(checks)) {
    test(`${what} in ${name}`, { skip, timeout: limitMs }, async (t) => {
      const pages = new Pages(t, world);
      const open = (url) => pages.open(url);
      await check({ t, ...world, open, close: (page) => pages.close(page) });
      await pages.closeAll();
      passed += 1;
    });
  }
}

/** The pages of a test. Nothing is thrown in them that nobody catches. */
class Pages {
  #open = new Set();
  #world;

  constructor(t, world) {
    this.#world = world;
    t.after(() => Promise.all([...this.#open].map((page) => page.close())));
  }

  /** Opens a page, by default that of the site. */
  async open(url = this.#world.site.url) {
    const page = await this.#world.browser.open(url);
    this.#open.add(page);
    return page;
  }

  async close(page) {
    const errors = await page.evaluate(() => window.errors);
    this.#open.delete(page);
    await page.close();
    assert.deepEqual(errors, []);
  }

  async closeAll() {
    for (const page of this.#open) await this.close(page);
  }
}
