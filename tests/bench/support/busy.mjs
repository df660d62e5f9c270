/** How busy a page's main thread is. */
import { setTimeout as pass } from "node:timers/promises";
import { goto, measureIn, newPage } from "./browser.mjs";

/**
 * The part of the time that tasks of the main thread take, for so many seconds after `measure(...args)` of the page has
 * resolved. In a new page: what cannot keep up leaves a queue behind.
 */
export async function busyPart(browser, url, seconds, ...args) {
  const page = await newPage(browser);
  await goto(page, url);
  await measureIn(page, ...args);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable");
  const before = await busyTime(cdp);
  await pass(seconds * 1_000);
  const after = await busyTime(cdp);
  await page.context().close();
  return (after.busy - before.busy) / (after.at - before.at);
}

/** The seconds that tasks of the main thread have taken, and when that was. */
async function busyTime(cdp) {
  const { metrics } = await cdp.send("Performance.getMetrics");
  const value = (wanted) => metrics.find(({ name }) => name === wanted).value;
  return { busy: value("TaskDuration"), at: value("Timestamp") };
}
