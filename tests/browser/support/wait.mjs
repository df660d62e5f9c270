/** Waiting for things instead of sleeping. */
import { setTimeout as sleep } from "node:timers/promises";

/** Resolves with the first truthy result of `probe`; rejects after `limitMs`. */
export async function waitFor(what, probe, limitMs = 10_000) {
  const end = performance.now() + limitMs;
  for (;;) {
    const result = await probe();
    if (result) return result;
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain for ${what}`);
    await sleep(20);
  }
}
