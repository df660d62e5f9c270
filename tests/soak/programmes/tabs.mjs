/** The tab that sends is frozen, another one takes over, and the first one wakes. */
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../support/clock.mjs";
import { percentiles } from "../support/percentiles.mjs";
import { withSetting } from "../support/setting.mjs";

export const summary = "two to eight tabs: the one that sends is frozen, replaced and thawed";
export const counts = { full: 100, quick: 5 };
export const unit = "freezes";

const perRound = 10;
const takeOverMs = 1_500;
/** Timers of hidden pages run once per second, and a lock is taken between two questions. */
const slackMs = 10_000;

/** With `lifecycle: false` the frozen page gives nothing away, so that its lock has to be stolen. */
const ways = { released: {}, stolen: { lifecycle: false } };

export async function run({ count, random, store, progress, check, expect }) {
  const times = { released: [], stolen: [] };
  let done = 0;
  for (let round = 0; done < count; round += 1) {
    const way = round % 2 === 0 ? "stolen" : "released";
    const freezes = Math.min(count > perRound ? perRound : 3, count - done);
    await withSetting({ store }, async (setting) => {
      const options = { ...ways[way], outbox: { takeOverMs } };
      const browser = await setting.startBrowser();
      const tabs = await openTabs(setting, browser, random, options);
      for (let freeze = 0; freeze < freezes; freeze += 1) {
        times[way].push(await replaceSender(setting, tabs, random));
        done += 1;
        progress(done);
      }
      for (const tab of tabs) await tab.close();
      await setting.settle(browser, options);
      check(setting.verdict());
    });
  }
  const limitMs = takeOverMs + slackMs;
  const late = times.stolen.filter((ms) => ms > limitMs).length;
  expect(late === 0, `${late} locks were stolen after more than ${limitMs} ms`);
  const figures = { releasedMs: percentiles(times.released), stolenMs: percentiles(times.stolen) };
  return { done, figures: { ...figures, takeOverMs } };
}

async function openTabs(setting, browser, random, options) {
  setting.server.setDelay(10);
  const tabs = [];
  const count = 2 + random.below(7);
  while (tabs.length < count) {
    const tab = await setting.open(browser, options);
    const seed = random.below(2 ** 32);
    await tab.evaluate((settings) => window.soak.startEnqueuing(settings), {
      ...{ tab: tab.tab, seed, lanes: 5, burst: 20, pauseMs: 200 },
    });
    tabs.push(tab);
  }
  await setting.next("an action that is applied", ({ type }) => type === "applied");
  return tabs;
}

/** Resolves with how long it took until another tab sent. */
async function replaceSender(setting, tabs, random) {
  await sleep(random.below(500));
  const sender = tabs.find(({ tab }) => tab === setting.lastApplied.via);
  const frozenAt = now();
  await sender.freeze();
  const isOther = ({ type, via }) => type === "applied" && via !== sender.tab;
  const { at } = await setting.next("another tab that sends", isOther);
  await sleep(random.below(500));
  await sender.thaw();
  // It thinks that it still sends until the store tells it otherwise.
  await sleep(random.below(500));
  return at - frozenAt;
}
