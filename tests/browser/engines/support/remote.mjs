/** What the ways to drive a browser share: functions go over as text, values as JSON. */
import { waitFor } from "../../support/wait.mjs";

/** Returns the text of a function of one text, which calls `work` and resolves with its result as text. */
export const remotely = (work) =>
  `async (json) => JSON.stringify({ value: await (${work})(...JSON.parse(json)) })`;

/** Returns what a function made by {@link remotely} resolved with. */
export const valueOf = (text) => JSON.parse(text).value;

/**
 * Resolves when the tab shows a page that `isNew`, a function that runs in it with `argument`, and has loaded
 * it. Drivers may take the end of the load of the page before for that.
 */
export async function shown(page, isNew, argument) {
  const isComplete = () => document.readyState === "complete";
  await waitFor("the page", () => page.evaluate(isNew, argument).catch(() => false));
  await waitFor("the end of its load", () => page.evaluate(isComplete));
}

/** Is true in a page with another address than this. */
export const isElsewhere = (href) => location.href !== href;

/** Rejects if `promise` has not settled after `limitMs`. */
export function inTime(promise, what, limitMs = 30_000) {
  let timer;
  const tooLate = new Promise((_, reject) => {
    const error = new Error(`waited ${limitMs} ms in vain for ${what}`);
    timer = setTimeout(() => reject(error), limitMs);
  });
  return Promise.race([promise, tooLate]).finally(() => clearTimeout(timer));
}
