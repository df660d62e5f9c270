/** How often what has been collected is handed on. */
import { checkTimes } from "../checks.js";
import { Observable, type Observer } from "../observable.js";
import { later, type Pace, pace, type PacedObserver } from "../pacing.js";
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

/** @internal Collects the values of `source` anew for each subscriber, and hands them on in pace. */
export function paced<Value, Batch>(
  source: Source<Value>,
  { every = "frame" }: PaceOptions,
  makeCollection: () => Collection<Value, Batch>,
  wanted?: Omit<Pace, "every">,
): Observable<Batch> {
  if (every !== "frame") checkTimes({ every });
  const holders = new Set<() => void>();
  const batches = new Observable<Batch>((observer) => {
    const pace = wanted && { ...wanted, every };
    const { release, end } = collect(source, every, makeCollection(), observer, pace);
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
  wanted: Pace | undefined,
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
  const collector: Observer<Value> & PacedObserver = {
    [pace]: wanted,
    next: (value) => {
      const isFull = collection.add(value);
      cancel ??= later(every, hand);
      if (isFull) hand();
    },
    error: (error) => finish(() => observer.error?.(error)),
    complete: () => finish(() => observer.complete?.()),
  };
  const subscription = source.subscribe(collector);
  const end = () => {
    stop();
    subscription.unsubscribe();
  };
  return { release, end };
}
