/** How often what has been collected is handed on. */
import { checkTimes } from "../checks.js";
import { Observable, type Observer } from "../observable.js";
import { flush, type Holding, type Source } from "./source.js";

/** How often values are handed on. */
export interface PaceOptions {
  /**
   * With the next animation frame, or so many milliseconds after the first value. Hidden pages have no
   * frames: there it is about once a second. Default `frame`.
   */
  every?: "frame" | number | undefined;
}

/** @internal What has come and has not been handed on. */
export interface Collection<Value, Batch> {
  /** Returns whether no more may wait: it is to be handed on at once. */
  add(value: Value): boolean;
  /** Returns what has come, and forgets it. */
  take(): Batch;
}

/** Where nothing is painted, this is waited for in place of a frame. */
const MAX_FRAME_MS = 1_000;
/** Where there are no frames at all. */
const FRAME_MS = 16;

/** @internal Collects the values of `source` anew for each subscriber, and hands them on in pace. */
export function paced<Value, Batch>(
  source: Source<Value>,
  { every = "frame" }: PaceOptions,
  makeCollection: () => Collection<Value, Batch>,
): Observable<Batch> {
  if (every !== "frame") checkTimes({ every });
  const holders = new Set<() => void>();
  const batches = new Observable<Batch>((observer) => {
    const { release, end } = collect(source, every, makeCollection(), observer);
    holders.add(release);
    return () => {
      holders.delete(release);
      end();
    };
  });
  const hold: Holding = {
    [flush]: () => {
      (source as Holding)[flush]?.();
      for (const release of [...holders]) release();
    },
  };
  return Object.assign(batches, hold);
}

/** Returns what hands on what waits, and what ends it. */
function collect<Value, Batch>(
  source: Source<Value>,
  every: "frame" | number,
  collection: Collection<Value, Batch>,
  observer: Observer<Batch>,
): { release: () => void; end: () => void } {
  let cancel: (() => void) | undefined;
  const stop = () => {
    cancel?.();
    cancel = undefined;
  };
  const hand = () => {
    stop();
    observer.next?.(collection.take());
  };
  const release = () => {
    if (cancel) hand();
  };
  const finish = (tell: () => void) => {
    release();
    tell();
  };
  const subscription = source.subscribe({
    next: (value) => {
      const isFull = collection.add(value);
      cancel ??= later(every, hand);
      if (isFull) hand();
    },
    error: (error) => finish(() => observer.error?.(error)),
    complete: () => finish(() => observer.complete?.()),
  });
  const end = () => {
    stop();
    subscription.unsubscribe();
  };
  return { release, end };
}

/** Calls `run` once, unless what is returned is called before. */
function later(every: "frame" | number, run: () => void): () => void {
  const hasFrames = every === "frame" && typeof requestAnimationFrame === "function";
  const timer = setTimeout(run, hasFrames ? MAX_FRAME_MS : every === "frame" ? FRAME_MS : every);
  if (!hasFrames) return () => clearTimeout(timer);
  const frame = requestAnimationFrame(run);
  return () => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
  };
}
