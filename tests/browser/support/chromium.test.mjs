/** That the tests' own Chromium does to pages what tests of lifecycle and kills take for granted. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { makeProfile, startChromium } from "./chromium.mjs";
import { startSite } from "./site.mjs";
import { waitFor } from "./wait.mjs";

let site;
before(async () => (site = await startSite()));
after(() => site.stop());

const limit = { timeout: 60_000 };

/** Starts a browser that ends with the test. */
async function start(t, options) {
  const browser = await startChromium(options);
  t.after(() => browser.kill());
  return browser;
}

/** Opens a page that counts ticks and keeps the names of the events of its life. */
async function openWatched(browser) {
  const page = await browser.open(site.url);
  await page.evaluate(() => {
    window.life = [];
    const keep = ({ type }) => window.life.push(type);
    for (const name of ["freeze", "resume"]) document.addEventListener(name, keep);
    for (const name of ["pagehide", "pageshow"]) addEventListener(name, keep);
    window.ticks = 0;
    setInterval(() => (window.ticks += 1), 10);
  });
  return page;
}

const visibility = () => document.visibilityState;
const ticksOf = (page) => page.evaluate(() => window.ticks);
const lifeOf = (page) => page.evaluate(() => window.life);

test("freezes and hides pages", limit, async (t) => {
  const browser = await start(t);
  const page = await openWatched(browser);
  assert.equal(await page.evaluate(visibility), "visible");
  await page.freeze();
  await waitFor("freeze", async () => (await lifeOf(page)).includes("freeze"));
  const before = await ticksOf(page);
  const other = await browser.open(site.url); // takes a while
  assert.equal(await ticksOf(page), before, "no timer runs");
  assert.equal(await page.evaluate(visibility), "hidden");
  await page.thaw();
  await waitFor("resume", async () => (await lifeOf(page)).includes("resume"));
  await waitFor("a tick", async () => (await ticksOf(page)) > before);
  await page.show();
  assert.equal(await page.evaluate(visibility), "visible");
  assert.equal(await other.evaluate(visibility), "hidden");
});

test("keeps pages in the back/forward cache", limit, async (t) => {
  const browser = await start(t);
  const page = await openWatched(browser);
  await page.navigate(`${site.url}/?next`);
  assert.equal(await page.back(), "BackForwardCacheRestore");
  await waitFor("pageshow", async () => (await lifeOf(page)).includes("pageshow"));
  assert.deepEqual(await lifeOf(page), ["pagehide", "freeze", "resume", "pageshow"]);
});

test("crashes a page and leaves the others", limit, async (t) => {
  const browser = await start(t);
  const page = await browser.open(site.url);
  const told = [];
  const other = await browser.open(site.url, { bindings: { tell: (text) => told.push(text) } });
  const asked = page.evaluate(() => new Promise(() => {}));
  const failed = assert.rejects(asked, /the page crashed/);
  await page.crash();
  await failed;
  await page.close();
  await other.evaluate(() => window.tell("a text"));
  await waitFor("what the page told", () => told.length > 0);
  assert.deepEqual(told, ["a text"]);
  await other.close();
});

test("stops and kills all processes of a browser, and keeps its profile", limit, async (t) => {
  const profile = makeProfile();
  t.after(profile.remove);
  const first = await start(t, { profile: profile.directory });
  const page = await first.open(site.url);
  await page.evaluate(() => localStorage.setItem("name", "value"));
  first.stop();
  let hasAnswered = false;
  const answer = page.evaluate(() => 1).then(() => (hasAnswered = true));
  // A whole other browser has the time to start.
  const another = await start(t);
  await another.close();
  assert.equal(hasAnswered, false, "a stopped browser says nothing");
  first.continue();
  await answer;
  await first.close();

  const second = await start(t, { profile: profile.directory });
  const reopened = await second.open(site.url);
  assert.equal(await reopened.evaluate(() => localStorage.getItem("name")), "value");
  const asked = assert.rejects(
    reopened.evaluate(() => new Promise(() => {})),
    /browser ended/,
  );
  await second.kill();
  await asked;
  assert.ok(existsSync(profile.directory));
});
