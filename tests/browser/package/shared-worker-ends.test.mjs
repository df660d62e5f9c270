/** Tabs that share a core in a shared worker, and what is left of it when they go, or when the process ends in which it is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Heard } from "../../soak/support/heard.mjs";
import { withSetting } from "../../soak/support/setting.mjs";
import { countPages, processOfWorker } from "../../soak/support/sharedWorker.mjs";
import { waitFor } from "../support/wait.mjs";

const limit = { timeout: 120_000 };
const limitMs = 30_000;
const user = { identity: "user" };

/** Runs `body` with a server, a web site and a browser, and compares what was accepted with what was applied. */
const inBrowser = (body) =>
  withSetting({ mode: "shared" }, async (setting) => {
    const browser = await setting.startBrowser();
    await body(setting, browser);
    assert.deepEqual(setting.verdict().words, []);
  });

/** Opens a tab that is connected, and in the room of the news. */
async function openTab(setting, browser) {
  const tab = await setting.open(browser, user);
  await tab.evaluate((name) => window.soak.follow(name), tab.tab);
  await tab.evaluate(() => window.soak.client.connect());
  return tab;
}

async function openTabs(setting, browser, count) {
  const tabs = [];
  while (tabs.length < count) tabs.push(await openTab(setting, browser));
  return tabs;
}

const goings = {
  "is closed": (tab) => tab.close(),
  crashes: async (tab) => {
    await tab.crash();
    await tab.close();
  },
  "is closed while it is frozen": async (tab) => {
    await tab.freeze();
    await tab.close();
  },
  "is closed while it may come back": async (tab, origin) => {
    await tab.navigate(`${origin}/other.html`);
    await tab.close();
  },
};
for (const [how, go] of Object.entries(goings))
  test(`nothing in the worker refers to a tab that ${how}`, limit, () =>
    inBrowser(async (setting, browser) => {
      await openTab(setting, browser);
      const going = await openTab(setting, browser);
      assert.equal(await countPages(browser), 2);
      await go(going, setting.origin);
      const isGone = async () => (await countPages(browser)) === 1;
      await waitFor("the tab to be forgotten", isGone, limitMs);
    }),
  );

/** Has tabs hear numbered news and enqueue; returns what they hear. */
async function keepBusy(setting, tabs) {
  const heard = new Heard();
  setting.watch((told) => heard.take(told));
  setting.server.sayNews(20);
  setting.server.setDelay(20);
  for (const [seed, tab] of tabs.entries()) {
    const settings = { tab: tab.tab, seed, lanes: 3, burst: 10, pauseMs: 100 };
    await tab.evaluate((settings) => window.soak.startEnqueuing(settings), settings);
  }
  await hearing(heard, tabs);
  await waitFor("actions that wait", () => setting.ledger.missing > 0, limitMs);
  return heard;
}

const hearing = (heard, tabs) =>
  waitFor("all to hear news", heard.livingOf(tabs.map(({ tab }) => tab)), limitMs);

/** Ends a process that this test's browser has started. */
const killRenderer = async (browser) => process.kill(await processOfWorker(browser), "SIGKILL");

for (const hasTab of [true, false]) {
  const what = hasTab ? "it and a tab" : "only it";
  test(`tabs go on with another worker when the process that has ${what} is killed`, limit, () =>
    inBrowser(async (setting, browser) => {
      const [first, ...others] = await openTabs(setting, browser, 3);
      if (!hasTab) await first.close();
      const ended = hasTab && first.next("Inspector.targetCrashed");
      const heard = await keepBusy(setting, hasTab ? [first, ...others] : others);
      const failures = others.map(({ tab }) =>
        setting.next(
          "a failure",
          (told) => told.code === "core_failed" && told.tab === tab,
          limitMs,
        ),
      );
      const gaps = new Set();
      setting.watch(
        ({ type, tab, isGap, last }) => type === "heard" && last && isGap && gaps.add(tab),
      );
      await killRenderer(browser);
      await Promise.all([...failures, ended]);
      for (const tab of others) await tab.evaluate(() => window.soak.live());
      await hearing(heard, others);
      for (const tab of others) await tab.evaluate(() => window.soak.stopEnqueuing());
      await waitFor("all to be applied", () => setting.ledger.missing === 0, limitMs);
      assert.deepEqual([...gaps].sort(), others.map(({ tab }) => tab).sort(), "a gap was told");
      assert.deepEqual(heard.verdict().words, []);
      assert.equal(setting.ledger.verdict().counts.doubled, 0);
      const connections = setting.events.filter(({ type }) => type === "held").at(-1);
      assert.equal(connections.connections, 1);
      if (hasTab) await first.close();
    }),
  );
}
