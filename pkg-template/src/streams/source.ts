/** What helpers take values from. */
import type { Observer } from "../observable.js";

/**
 * Where values come from: a stream of a client, of another helper, or of RxJS.
 *
 * @example
 * const quotes: Source<Quote> = client.on("quote");
 */
export interface Source<Value> {
  subscribe(observer: Observer<Value> | ((value: Value) => void)): { unsubscribe(): void };
}
