/** What a Firefox of its own shows: one that is killed, a private one, one without room. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeProfile } from "../support/chromium.mjs";
import { startSite } from "../support/site.mjs";
import { missingFirefox, startFirefox } from "./support/firefox.mjs";
import { startKeeper } from "./support/keeper.mjs";
import { appliedInOrder, connect, store } from "./support/storeChecks.mjs";

const missing = missingFirefox();
const settings = { skip: missing ? `skipped: ${missing}` : false, timeout: 60_000 };

/** Starts a browser that ends with the test. */
async function start(t, options) {
  const browser = await startFirefox(options);
  t.after(() => browser.kill());
  return browser;
}

async function siteOf(t) {
  const site = await startSite();
  t.after(site.stop);
  return site;
}

test("applies what was accepted before Firefox was killed", settings, async (t) => {
  const keeper = await startKeeper(t);
  const { url } = await siteOf(t);
  const profile = makeProfile();
  t.after(profile.remove);
  const killed = await start(t, { profile: profile.directory });
  const ids = await store(await killed.open(url), keeper.url, 200);
  await killed.kill();
  const next = await start(t, { profile: profile.directory });
  await connect(await next.open(url), keeper.url);
  await appliedInOrder(keeper, ids);
});

test("keeps actions over a reload in a private window of Firefox", settings, async (t) => {
  const keeper = await startKeeper(t);
  const browser = await start(t, { isPrivate: true });
  const page = await browser.open((await siteOf(t)).url);
  const ids = await store(page, keeper.url, 5);
  assert.equal(await page.evaluate(() => window.client.outbox.durability), "strict");
  await page.reload();
  await connect(page, keeper.url);
  await appliedInOrder(keeper, ids);
});

test("takes nothing when Firefox has no room, and goes on when it has", settings, async (t) => {
  const keeper = await startKeeper(t);
  // In all, in kilobytes; what one site gets of it is never less than 10 MB.
  const preferences = { "dom.quotaManager.temporaryStorage.fixedLimit": 10_240 };
  const browser = await start(t, { preferences });
  const page = await browser.open((await siteOf(t)).url);
  const { accepted, codes } = await page.evaluate(async (url) => {
    window.client = window.kit.makeClient(url);
    const accepted = [];
    const codes = new Set();
    for (let n = 0; n < 20; n++) {
      const noise = crypto.getRandomValues(new Uint32Array(16_384));
      const action = window.client.enqueue("save", { n, noise: noise.join(" ").repeat(5) });
      const { code } = await window.kit.outcome(action.accepted);
      if (code) codes.add(code);
      else accepted.push(action.id);
    }
    return { accepted, codes: [...codes] };
  }, keeper.url);
  assert.deepEqual(codes, ["storage_full"]);
  assert.ok(accepted.length > 0, "some are accepted");
  await page.evaluate(() => window.client.connect());
  await appliedInOrder(keeper, accepted);
  const small = await page.evaluate(async () => {
    const action = window.client.enqueue("save", 1);
    await action.result;
    return action.id;
  });
  await appliedInOrder(keeper, [...accepted, small]);
});
