/** What the ways to drive a browser share: functions go over as text, values as JSON. */

/** Returns the text of a function of one text, which calls `work` and resolves with its result as text. */
export const remotely = (work) =>
  `async (json) => JSON.stringify({ value: await (${work})(...JSON.parse(json)) })`;

/** Returns what a function made by {@link remotely} resolved with. */
export const valueOf = (text) => JSON.parse(text).value;

/** Rejects if `promise` has not settled after `limitMs`. */
export function inTime(promise, what, limitMs = 30_000) {
  let timer;
  const tooLate = new Promise((_, reject) => {
    const error = new Error(`waited ${limitMs} ms in vain for ${what}`);
    timer = setTimeout(() => reject(error), limitMs);
  });
  return Promise.race([promise, tooLate]).finally(() => clearTimeout(timer));
}
