/** A page is hidden, with its timers at one per minute. */
import { setTimeout as sleep } from "node:timers/promises";
import { throttleAfter } from "../../browser/support/chromium.mjs";
import { percentiles } from "../support/percentiles.mjs";
import { withSetting } from "../support/setting.mjs";

export const summary = "a hidden page whose timers run once per minute keeps its connection";
export const counts = { full: 30, quick: 0.25 };
export const unit = "minutes";

const graceSeconds = 5;
/** Until then timers run more often. */
const settlingMs = 12_000;
const pongLimitMs = 50;
const pokeEveryMs = 2_000;

export const run = ({ count: minutes, store, progress, check, expect }) =>
  withSetting({ store, server: { pingInterval: 1_000, pingTimeout: 2_000 } }, async (setting) => {
    const browser = await setting.startBrowser([throttleAfter(graceSeconds)]);
    const page = await setting.open(browser);
    await page.evaluate((tab) => {
      window.ticks = 0;
      setInterval(() => (window.ticks += 1), 100);
      window.soak.enqueueWhenPoked(tab);
      return window.soak.live();
    }, page.tab);
    const front = await setting.openOther(browser);
    await sleep(settlingMs);
    const seen = await watchHidden(setting, page, minutes, progress);
    const figures = summed(seen);
    const most = Math.ceil(minutes) + 1;
    expect(figures.ticks <= most, `${figures.ticks} ticks, so timers were not throttled`);
    expect(figures.disconnects === 0, `${figures.disconnects} disconnects`);
    expect(figures.pongs > 0 && figures.pongMs.p99 <= pongLimitMs, "pongs are slow");
    await front.close();
    await page.close();
    await setting.settle(browser);
    check(setting.verdict());
    return { done: minutes, figures };
  });

/** What happens while the page is hidden; it enqueues whenever the server says so. */
async function watchHidden(setting, page, minutes, progress) {
  const told = [];
  const leave = setting.watch((what) => told.push(what));
  const countTicks = () => page.evaluate(() => window.ticks);
  const before = await countTicks();
  const end = performance.now() + minutes * 60_000;
  for (let left = end; left > 0; left = end - performance.now()) {
    setting.server.poke();
    await sleep(Math.min(pokeEveryMs, Math.max(0, end - performance.now())));
    progress(minutes - Math.max(0, end - performance.now()) / 60_000);
  }
  leave();
  return { told, ticks: (await countTicks()) - before };
}

function summed({ told, ticks }) {
  const all = (type) => told.filter((one) => one.type === type);
  const applied = all("applied").map(({ at, enqueuedAt }) => at - enqueuedAt);
  return {
    ticks,
    disconnects: all("disconnected").length,
    pongs: all("pong").length,
    pongMs: percentiles(all("pong").map(({ ms }) => ms)),
    appliedAfterMs: percentiles(applied),
  };
}
