/** Only the newest of each kind. */
import { checkCount } from "../checks.js";
import type { Observable } from "../observable.js";
import { readPath } from "../ownField.js";
import { type Collection, paced, type PaceOptions } from "./pace.js";
import type { Source } from "./source.js";

/** How {@link conflate} hands values on. */
export interface ConflateOptions extends PaceOptions {
  /**
   * How many keys may wait. With that many the batch comes at once, ahead of its time: no key is dropped.
   * Default 10,000.
   */
  limit?: number | undefined;
}

/**
 * Returns the newest value of each key, once per animation frame or interval, as a map in the order in
 * which the keys came. Nothing comes where nothing has changed. The key is what a function returns, or the path of a
 * field: with a path a client whose core is in a worker leaves there what is not the newest.
 *
 * @throws {SockeyeError} `invalid_option`.
 * @example
 * const quotes = conflate(client.on("finance:quote"), "symbol");
 * quotes.subscribe((changed) => {
 *   for (const [symbol, { price }] of changed) table.show(symbol, price);
 * });
 */
export function conflate<Value, Key>(
  source: Source<Value>,
  key: string | ((value: Value) => Key),
  options: ConflateOptions = {},
): Observable<ReadonlyMap<Key, Value>> {
  const { limit = 10_000 } = options;
  checkCount("limit", limit, 1_000_000, 1);
  const isPath = typeof key === "string";
  const keyOf = isPath ? (value: Value) => readPath(value, key) as Key : key;
  const wanted = isPath ? { keep: "newestOfEach" as const, key } : { keep: "all" as const };
  return paced(source, options, () => new NewestOfEach(keyOf, limit), wanted);
}

class NewestOfEach<Key, Value> implements Collection<Value, ReadonlyMap<Key, Value>> {
  readonly #keyOf: (value: Value) => Key;
  readonly #limit: number;
  #values = new Map<Key, Value>();

  constructor(keyOf: (value: Value) => Key, limit: number) {
    this.#keyOf = keyOf;
    this.#limit = limit;
  }

  add(value: Value): boolean {
    return this.#values.set(this.#keyOf(value), value).size >= this.#limit;
  }

  take(): ReadonlyMap<Key, Value> {
    const values = this.#values;
    this.#values = new Map();
    return values;
  }
}
