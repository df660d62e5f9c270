/** A page is left, kept in the back/forward cache, and returned to. */
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

export const summary = "a page is left and returned to, out of the back/forward cache";
export const counts = { full: 50, quick: 3 };
export const unit = "returns";

export const run = ({ count, random, store, progress, check, expect }) =>
  withSetting({ store }, async (setting) => {
    const goneAfter = new Times("gone after the page was left", ghostLimitMs);
    const liveAfter = new Times("live after the return", liveLimitMs);
    const browser = await setting.startBrowser();
    const page = await openLivePage(setting, browser, random);
    for (let done = 1; done <= count; done += 1) {
      const leaving = gone(setting, page, now());
      await page.navigate(`${setting.origin}/other.html`);
      goneAfter.add(await leaving, expect);
      await sleep(random.below(2_000));
      const how = await page.back();
      expect(how === "BackForwardCacheRestore", `the page was not kept: ${how}`);
      liveAfter.add(await live(page), expect);
      progress(done);
    }
    await page.close();
    await setting.settle(browser);
    check(setting.verdict());
    const figures = { goneAfterMs: goneAfter.figures, liveAfterMs: liveAfter.figures };
    return { done: count, figures };
  });
