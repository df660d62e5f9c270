/** How long to wait before something is tried again. */

/** The bounds of a wait. */
export interface BackoffTimes {
  minMs: number;
  baseMs: number;
  capMs: number;
  random: () => number;
}

/** Returns the wait after so many failures in a row: `min + random(0, min(cap, base · 2ⁿ) − min)`. */
export function backoff(failures: number, times: BackoffTimes): number {
  const { minMs, baseMs, capMs, random } = times;
  const shortest = Math.min(minMs, capMs);
  const longest = Math.min(capMs, baseMs * 2 ** Math.min(failures - 1, MAX_DOUBLINGS));
  return shortest + random() * Math.max(0, longest - shortest);
}

/** With more of them the product would overflow. */
const MAX_DOUBLINGS = 31;
