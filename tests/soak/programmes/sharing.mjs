/** Tabs that share one core come and go, while all of them listen and enqueue. */
import { setTimeout as sleep } from "node:timers/promises";
import { waitFor } from "../../browser/support/wait.mjs";
import { percentiles } from "../support/percentiles.mjs";
import { withSetting } from "../support/setting.mjs";
import { countPages } from "../support/sharedWorker.mjs";
import { SharingTabs } from "../support/sharingTabs.mjs";

export const summary =
  "one to six tabs with one core in a shared worker open, close, crash, freeze and go elsewhere";
export const counts = { full: 100, quick: 10 };
export const unit = "rounds";

const newsEveryMs = 20;
/** Of one that is there, and the one for which the store was opened. */
const mostPages = 2;
/** From when a tab has gone until nothing is held for it. */
const releaseMs = 2_000;
/** After this nobody is waited for any more. */
const limitMs = 15_000;

export const run = ({ count, random, store, progress, check, expect }) =>
  withSetting({ store, mode: "shared" }, async (setting) => {
    const browser = await setting.startBrowser();
    const tabs = new SharingTabs(setting, browser, random);
    await tabs.open();
    await settled(setting, tabs);
    expect((await countPages(browser)) === 1, "the worker's heap does not show its pages");
    setting.server.sayNews(newsEveryMs);
    setting.server.setDelay(10);
    const times = await doAll(setting, tabs, { count, random, progress });
    const did = { ...tabs.did };
    await endAll(setting, tabs, browser);
    check(setting.verdict());
    check(tabs.heard.verdict());
    const settledMs = percentiles(times);
    const { mostConnections, unexpected } = tabs;
    expect(mostConnections === 1, `there were ${mostConnections} connections at once`);
    expect(count < 100 || settledMs.p99 <= releaseMs, "the p99 of what is held is over 2 s");
    for (const text of unexpected) expect(false, text);
    return { done: count, figures: { mostConnections, settledMs, ...did } };
  });

/** Resolves with how long the server held anything else than the tabs that were there, each time that it was waited for. */
async function doAll(setting, tabs, { count, random, progress }) {
  const times = [];
  for (let done = 1; done <= count; done += 1) {
    await tabs.doOne();
    progress(done);
    // Sometimes the next thing happens while this one is under way.
    if (random.oneIn(4)) continue;
    times.push(await settled(setting, tabs));
    await sleep(random.below(200));
  }
  return times;
}

/** All hear the last news, and close one after the other; in the end everything is applied, and nothing is held. */
async function endAll(setting, tabs, browser) {
  await tabs.reviveAll();
  await settled(setting, tabs);
  await heardAll(setting, tabs);
  await tabs.closeBut(1);
  await settled(setting, tabs);
  const isReleased = async () => (await countPages(browser)) <= mostPages;
  await waitFor("nothing to be held of tabs that have gone", isReleased, limitMs);
  await tabs.closeBut(0);
  await settled(setting, tabs);
  await setting.settle(browser, tabs.options);
  await settled(setting, tabs);
}

/** Resolves when the server has exactly what the tabs that are there hold, with how long that took. */
async function settled(setting, tabs) {
  const start = performance.now();
  const isSettled = () => tabs.held === tabs.expected;
  await waitFor(`the server to hold ${tabs.expected}`, isSettled, limitMs).catch(({ message }) => {
    throw new Error(`${message}; it holds ${tabs.held}`);
  });
  return performance.now() - start;
}

/** Ends the news when all tabs have heard of them; resolves when they have heard the last one. */
async function heardAll(setting, { heard, names }) {
  const isLive = heard.livingOf(names);
  await waitFor("all tabs to hear news", isLive, limitMs);
  const ended = setting.next("the last news", ({ type }) => type === "lastNews");
  setting.server.sayNews(0);
  const { number } = await ended;
  for (const tab of names)
    await waitFor(`${tab} to hear ${number}`, () => heard.last(tab) === number, limitMs);
}
