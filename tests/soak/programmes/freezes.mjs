/** A page is frozen for a while and goes on. */
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../support/clock.mjs";
import {
  ghostLimitMs,
  gone,
  live,
  liveLimitMs,
  openLivePage,
  Times,
} from "../support/lifecycle.mjs";
import { withSetting } from "../support/setting.mjs";

export const summary = "a page is frozen and goes on";
export const counts = { full: 50, quick: 3 };
export const unit = "freezes";

export const run = ({ count, random, store, progress, check, expect }) =>
  withSetting({ store }, async (setting) => {
    const goneAfter = new Times("gone after a freeze", ghostLimitMs);
    const liveAfter = new Times("live after a freeze", liveLimitMs);
    const browser = await setting.startBrowser();
    const page = await openLivePage(setting, browser, random);
    for (let done = 1; done <= count; done += 1) {
      const leaving = gone(setting, page, now());
      await page.freeze();
      goneAfter.add(await leaving, expect);
      await sleep(random.below(2_000));
      await page.thaw();
      liveAfter.add(await live(page), expect);
      progress(done);
    }
    await page.close();
    await setting.settle(browser);
    check(setting.verdict());
    const figures = { goneAfterMs: goneAfter.figures, liveAfterMs: liveAfter.figures };
    return { done: count, figures };
  });
