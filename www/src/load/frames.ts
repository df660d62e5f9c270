/** How long frames take: the times between two calls of `requestAnimationFrame`. */

export const shownMs = 10_000;
/** From here on a frame was missed, at 60 of them per second. */
export const lateMs = 25;
/** From here on it is felt: the browser's own bound for long tasks and long animation frames. */
export const longMs = 50;

export interface Frame {
  /** When it ended, on the page's clock. */
  at: number;
  ms: number;
}

export interface Summary {
  p50: number;
  p99: number;
  max: number;
  /** How many took longer than {@link longMs}. */
  long: number;
}

/**
 * Calls `onFrame` in each frame with those of the last ten seconds, until the returned function is called.
 *
 * A hidden page has no frames: the time until it is shown again is none.
 */
export function watchFrames(onFrame: (frames: readonly Frame[], now: number) => void): () => void {
  const frames: Frame[] = [];
  let last: number | undefined;
  let next = requestAnimationFrame(function tick(now) {
    if (last !== undefined) frames.push({ at: now, ms: now - last });
    last = now;
    const old = frames.findIndex(({ at }) => at > now - shownMs);
    frames.splice(0, old === -1 ? frames.length : old);
    onFrame(frames, now);
    next = requestAnimationFrame(tick);
  });
  const pause = () => (last = undefined);
  document.addEventListener("visibilitychange", pause);
  return () => {
    cancelAnimationFrame(next);
    document.removeEventListener("visibilitychange", pause);
  };
}

/** Returns `undefined` for no frames. */
export function summarize(frames: readonly Frame[]): Summary | undefined {
  const sorted = frames.map(({ ms }) => ms).sort((a, b) => a - b);
  const below = (part: number) => sorted[Math.ceil(sorted.length * part) - 1];
  const [p50, p99, max] = [below(0.5), below(0.99), sorted.at(-1)];
  if (p50 === undefined || p99 === undefined || max === undefined) return undefined;
  return { p50, p99, max, long: sorted.filter((ms) => ms > longMs).length };
}
