/** What a subscriber says who does not want each event by itself. */

/** How much of an event's values is wanted, and how often. */
export interface Pace {
  /** With the next animation frame, or so many milliseconds after what came before. */
  every: "frame" | number;
  /** All values, the newest one, or the newest of each key. */
  keep: "all" | "newest" | "newestOfEach";
  /** The path of the key in a value. */
  key?: string;
}

/** Where an observer has its {@link Pace}, if whoever gives it values may leave some out, and hold some back. */
export const pace = Symbol("pace");

/** An observer that says so. */
export interface PacedObserver {
  readonly [pace]?: Pace | undefined;
}

/** Calls `run` once with the next frame, or later, unless what is returned is called before. */
export function later(every: "frame" | number, run: () => void): () => void {
  const hasFrames = every === "frame" && typeof requestAnimationFrame === "function";
  const timer = setTimeout(run, hasFrames ? MAX_FRAME_MS : every === "frame" ? FRAME_MS : every);
  if (!hasFrames) return () => clearTimeout(timer);
  const frame = requestAnimationFrame(run);
  return () => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
  };
}

/** Where nothing is painted, this is waited for in place of a frame. */
const MAX_FRAME_MS = 1_000;
/** Where there are no frames at all. */
const FRAME_MS = 16;
