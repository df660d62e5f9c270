/** There is no room for actions, and then there is again. */
import { withSetting } from "../support/setting.mjs";

export const summary =
  "the origin's quota is used up, what is stored drains, and there is room again";
export const counts = { full: 100, quick: 5 };
export const unit = "cycles";

/** How much room is left, at least and at most, when the quota is set. */
const leastRoom = 100_000;
const mostRoom = 600_000;
/** How many actions are refused before anything is sent. */
const refusals = 5;
const drainLimitMs = 20_000;

export const run = ({ count, random, store, progress, check, expect }) =>
  withSetting({ store }, async (setting) => {
    const browser = await setting.startBrowser();
    const keeper = await setting.openOther(browser); // the quota is its session's
    let accepted = 0;
    for (let done = 1; done <= count; done += 1) {
      accepted += await fillAndDrain({ setting, browser, keeper, random, expect });
      progress(done);
    }
    await setting.settle(browser);
    check(setting.verdict());
    return { done: count, figures: { acceptedWhileFilling: accepted } };
  });

/** One cycle; resolves with how many actions there was room for. */
async function fillAndDrain({ setting, browser, keeper, random, expect }) {
  let page = await openPaused(setting, browser);
  await limitRoom(keeper, setting.origin, leastRoom + random.below(mostRoom - leastRoom));
  const { accepted, codes } = await page.evaluate((settings) => window.soak.fillUp(settings), {
    ...{ tab: page.tab, lanes: 3, fill: random.pick([200, 5_000, 20_000]), refusals, most: 10_000 },
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
  const stored = await whenItems(page, accepted);
  expect(stored === accepted, `${accepted} accepted, ${stored} stored`);
  await drain(setting, page, expect);
  await keeper.send("Storage.overrideQuotaForOrigin", { origin: setting.origin });
  const { code } = await page.evaluate((tab) => window.soak.enqueue(tab, "after"), page.tab);
  expect(!code, `refused with ${code} although there is room again`);
  await page.close();
  return accepted;
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

/** What is stored is sent and removed although there is no room. */
async function drain(setting, page, expect) {
  await page.evaluate(() => window.soak.client.outbox.resume());
  const left = await whenItems(page, 0);
  expect(left === 0, `${left} actions do not drain without room`);
  expect(setting.ledger.missing === 0, `${setting.ledger.missing} accepted actions are lost`);
}

/** Resolves with how many actions there are in the end: so many, unless something is wrong. */
const whenItems = (page, count) =>
  page.evaluate((...args) => window.soak.whenItems(...args), count, drainLimitMs);
