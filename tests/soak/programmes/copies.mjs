/** A browser's profile is copied while actions wait in it, and the copy is used, too. */
import { withSetting } from "../support/setting.mjs";

export const summary = "a profile is copied, and started beside the original or in place of it";
export const counts = { full: 50 };
export const unit = "copies";

export async function run({ count, random, store, progress, check, expect }) {
  const figures = { waiting: 0, besides: 0, inPlace: 0 };
  for (let done = 1; done <= count; done += 1) {
    await withSetting({ store }, async (setting) => {
      const copy = await copyInMidQueue(setting, random);
      figures.waiting += setting.ledger.missing;
      expect(setting.ledger.missing > 0, "nothing waited when the profile was copied");
      if (done % 2 === 0) await useBoth(setting, copy);
      else await goBack(setting, copy);
      figures[done % 2 === 0 ? "besides" : "inPlace"] += 1;
      check(setting.verdict());
    });
    progress(done);
  }
  return { done: count, figures };
}

/** Some actions have been sent then, and the last of them have not been answered. */
async function copyInMidQueue(setting, random) {
  setting.server.setDelay(100);
  const browser = await setting.startBrowser();
  const page = await setting.open(browser);
  const count = 10 + random.below(40);
  await enqueueSome(page, count, random.pick([1, 3]));
  await setting.next("an action that is applied", ({ type }) => type === "applied");
  await browser.close();
  return setting.copyProfile();
}

/** Two browsers have the same actions, at the same time, and each has more of its own. */
async function useBoth(setting, copy) {
  const browsers = await Promise.all([setting.startBrowser(), setting.startBrowser([], copy)]);
  const pages = await Promise.all(browsers.map((browser) => setting.open(browser)));
  await Promise.all(pages.map((page) => enqueueSome(page, 10, 2)));
  await Promise.all(browsers.map((browser) => setting.settle(browser)));
}

/** What was stored comes back when all of it has been applied, and more after it. */
async function goBack(setting, copy) {
  const browser = await setting.startBrowser();
  await enqueueSome(await setting.open(browser), 10, 2);
  await setting.settle(browser);
  await browser.close();
  const next = await setting.startBrowser([], copy);
  await enqueueSome(await setting.open(next), 10, 2);
  await setting.settle(next);
}

/** In lanes of the page's own: between two stores there is no order. */
const enqueueSome = (page, count, lanes) =>
  page.evaluate(
    (tab, count, lanes) => {
      const enqueue = (_, at) => window.soak.enqueue(tab, `${tab}, lane ${at % lanes}`);
      return Promise.all(Array.from({ length: count }, enqueue));
    },
    ...[page.tab, count, lanes],
  );
