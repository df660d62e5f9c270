/** All processes of the browser are stopped, as when a machine sleeps, and go on. */
import { setTimeout as sleep } from "node:timers/promises";
import { live, liveLimitMs, openLivePage, Times } from "../support/lifecycle.mjs";
import { withSetting } from "../support/setting.mjs";

export const summary = "the browser is stopped (SIGSTOP) for 5 to 120 s and goes on";
export const counts = { full: 20, quick: 3 };
export const unit = "stops";

const shortestMs = 5_000;
const longestMs = 120_000;

/** Some servers have long given the connection up, for others it still lives. */
const heartbeats = [{ pingInterval: 1_000, pingTimeout: 2_000 }, {}];

export async function run({ count, random, store, quick, progress, check, expect }) {
  const liveAfter = new Times("live after a stop", liveLimitMs);
  let done = 0;
  for (const [index, server] of heartbeats.entries()) {
    const stops = index === 0 ? Math.ceil(count / 2) : Math.floor(count / 2);
    await withSetting({ store, server }, async (setting) => {
      const browser = await setting.startBrowser();
      const page = await openLivePage(setting, browser, random);
      for (let stop = 0; stop < stops; stop += 1) {
        const stopMs = quick ? shortestMs : shortestMs + random.below(longestMs - shortestMs);
        browser.stop();
        await sleep(stopMs);
        browser.continue();
        liveAfter.add(await live(page), expect);
        done += 1;
        progress(done);
      }
      await page.close();
      await setting.settle(browser);
      check(setting.verdict());
    });
  }
  return { done, figures: { liveAfterMs: liveAfter.figures } };
}
