/** Returns what is left of a time limit that began at `since`; a moment if nothing is, so that it ends as one that is over. */
export const timeLeft = (limitMs: number, since: number): number =>
  Math.max(1, limitMs - (performance.now() - since));
