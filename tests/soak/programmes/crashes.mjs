/** Tabs crash while all of them enqueue; mostly the one that sends. */
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../support/clock.mjs";
import { percentiles } from "../support/percentiles.mjs";
import { withSetting } from "../support/setting.mjs";

export const summary = "tabs crash (Page.crash) among two to four that enqueue";
export const counts = { full: 500, quick: 20 };
export const unit = "crashes";

const crashesPerRound = 25;
/** Another tab has to send again after so long. */
const takeOverLimitMs = 10_000;
const late = "late";

export async function run({ count, random, store, progress, check, expect }) {
  const takeOvers = [];
  let done = 0;
  while (done < count) {
    const crashes = Math.min(crashesPerRound, count - done);
    await withSetting({ store }, async (setting) => {
      const browser = await setting.startBrowser();
      const tabs = await openTabs(setting, browser, random);
      for (let crash = 0; crash < crashes; crash += 1) {
        const takenOver = await crashOne(setting, browser, tabs, random);
        if (takenOver === late) expect(false, await tabs[0].evaluate(() => window.soak.describe()));
        else if (takenOver !== undefined) takeOvers.push(takenOver);
        done += 1;
        progress(done);
      }
      for (const tab of tabs) await tab.close();
      await setting.settle(browser);
      check(setting.verdict());
    });
  }
  const figures = { takeOvers: takeOvers.length, takeOverMs: percentiles(takeOvers) };
  expect(count < 100 || figures.takeOverMs.p99 <= 1_000, "the take-over's p99 is over 1 s");
  return { done, figures };
}

async function openTabs(setting, browser, random) {
  setting.server.setDelay(20);
  const tabs = [];
  const count = 2 + random.below(3);
  while (tabs.length < count) tabs.push(await openTab(setting, browser, random));
  await setting.next("an action that is applied", ({ type }) => type === "applied");
  return tabs;
}

async function openTab(setting, browser, random) {
  const tab = await setting.open(browser);
  const seed = random.below(2 ** 32);
  await tab.evaluate((settings) => window.soak.startEnqueuing(settings), {
    ...{ tab: tab.tab, seed, lanes: 5, burst: 40, pauseMs: 100 },
  });
  return tab;
}

/** Crashes a tab and opens another; resolves with how long nobody sent if it was the one that sent. */
async function crashOne(setting, browser, tabs, random) {
  await sleep(random.below(300));
  const sender = tabs.findIndex(({ tab }) => tab === setting.lastApplied.via);
  const isSender = sender >= 0 && !random.oneIn(4);
  const [tab] = tabs.splice(isSender ? sender : random.below(tabs.length), 1);
  const crashedAt = now();
  const isOther = ({ type, via }) => type === "applied" && via !== tab.tab;
  const next = isSender && setting.next("another tab that sends", isOther, takeOverLimitMs);
  const takenOver =
    next &&
    next.then(
      ({ at }) => at - crashedAt,
      () => late,
    );
  await tab.crash();
  const result = await takenOver;
  await tab.close();
  tabs.push(await openTab(setting, browser, random));
  return result || undefined;
}
