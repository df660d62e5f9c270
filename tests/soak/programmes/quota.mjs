/** There is no room for actions, and then there is again. */
import { waitFor } from "../../browser/support/wait.mjs";
import { withSetting } from "../support/setting.mjs";

export const summary =
  "the origin's quota is used up, what is stored drains, and there is room again";
export const counts = { full: 100, quick: 3 };
export const unit = "cycles";

/** How much room is left, at least and at most, when the quota is set. */
const leastRoom = 100_000;
const mostRoom = 600_000;
/** How many actions are refused before anything is sent. */
const refusals = 5;
const drainLimitMs = 60_000;
/** How long what is stored may drain before there is room again. */
const withoutRoomMs = 3_000;

export const run = ({ count, random, store, progress, check, expect }) =>
  withSetting({ store }, async (setting) => {
    await makeDatabase(setting);
    const figures = { acceptedWhileFilling: 0, drainedWithoutRoom: 0 };
    for (let done = 1; done <= count; done += 1) {
      const cycle = await fillAndDrain({ setting, random, expect });
      figures.acceptedWhileFilling += cycle.accepted;
      if (cycle.hasDrained) figures.drainedWithoutRoom += 1;
      progress(done);
    }
    await setting.settle(await setting.startBrowser());
    check(setting.verdict());
    return { done: count, figures };
  });

/** To make it takes more room than there may be. */
async function makeDatabase(setting) {
  const browser = await setting.startBrowser();
  await setting.settle(browser);
  await browser.close();
}

/**
 * One cycle; resolves with how many actions there was room for, and whether they were sent before there
 * was room again: Chromium counts what is marked and removed as more, until it tidies up.
 *
 * How much room there is it asks for when a database is used first, and then for half a minute no more. So each
 * cycle has a browser of its own, which is given its limit before.
 */
async function fillAndDrain({ setting, random, expect }) {
  const browser = await setting.startBrowser();
  const keeper = await setting.openOther(browser); // the quota is its session's
  await limitRoom(keeper, setting.origin, leastRoom + random.below(mostRoom - leastRoom));
  let page = await openPaused(setting, browser);
  const { accepted, codes } = await page.evaluate((settings) => window.soak.fillUp(settings), {
    ...{
      tab: page.tab,
      lanes: 3,
      fill: random.pick([2_000, 5_000, 20_000]),
      refusals,
      most: 10_000,
    },
  });
  expect(codes.length === refusals, `only ${codes.length} of ${accepted} actions were refused`);
  const others = codes.filter((code) => code !== "storage_full");
  expect(others.length === 0, `refused with ${others}`);
  if (random.oneIn(2)) {
    await page.navigate(`${setting.origin}/other.html`);
    const next = await openPaused(setting, browser);
    await page.close();
    page = next;
  }
  const stored = await whenItems(page, accepted, drainLimitMs);
  const unasked = stored === accepted ? [] : await notAccepted(setting, page);
  expect(
    stored === accepted,
    `${accepted} accepted, ${stored} stored; of others pages said ${unasked}`,
  );
  await page.evaluate(() => window.soak.client.outbox.resume());
  const left = await whenItems(page, 0, withoutRoomMs);
  await keeper.send("Storage.overrideQuotaForOrigin", { origin: setting.origin });
  const { code } = await page.evaluate((tab) => window.soak.enqueue(tab, "after"), page.tab);
  expect(!code, `refused with ${code} although there is room again`);
  const stuck = await whenItems(page, 0, drainLimitMs);
  expect(stuck === 0, `${stuck} actions do not drain although there is room again`);
  expect(setting.ledger.missing === 0, `${setting.ledger.missing} accepted actions are lost`);
  await browser.close();
  return { accepted, hasDrained: left === 0 };
}

async function openPaused(setting, browser) {
  const page = await setting.open(browser);
  await page.evaluate(() => window.soak.client.outbox.pause());
  return page;
}

/** Leaves room for so many bytes more than are used now. */
async function limitRoom(page, origin, room) {
  const { usage } = await page.send("Storage.getUsageAndQuota", { origin });
  const quotaSize = usage + room;
  await page.send("Storage.overrideQuotaForOrigin", { origin, quotaSize });
}

/** Resolves with how many actions there are in the end: so many, unless something is wrong. */
async function whenItems(page, count, limitMs) {
  const countItems = () => page.evaluate(() => window.soak.countItems());
  const isReached = async () => (await countItems()) === count;
  await waitFor(`${count} actions`, isReached, limitMs).catch(() => {}); // the caller sees it
  return countItems();
}

/** What pages said of actions that are stored and were not accepted. */
async function notAccepted({ ledger }, page) {
  const ids = await page.evaluate(() => window.soak.client.outbox.items.value.map(({ id }) => id));
  return ids.map((id) => ledger.said(id)).filter((said) => said !== "accepted");
}
