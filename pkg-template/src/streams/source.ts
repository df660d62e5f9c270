/** What helpers take values from. */
import type { Observer, Subscription } from "../observable.js";

/**
 * Where values come from: a stream of a client, of another helper, or of RxJS.
 *
 * @example
 * const quotes: Source<Quote> = client.on("quote");
 */
export interface Source<Value> {
  /** Calls the observer, or its `next`, with each value from now on. */
  subscribe(
    observer: Observer<Value> | ((value: Value) => void),
  ): Pick<Subscription, "unsubscribe">;
}

/** @internal Where the method of {@link Holding} is. */
export const flush = Symbol("flush");

/** @internal A source that holds values back may be told to hand them on ahead of their time. */
export interface Holding {
  [flush]?(): void;
}
