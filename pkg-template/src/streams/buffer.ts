/** All that came, in batches. */
import { checkCount } from "../checks.js";
import type { Observable } from "../observable.js";
import { type Collection, paced, type PaceOptions } from "./pace.js";
import type { Source } from "./source.js";

/** How {@link buffer} hands values on. */
export interface BufferOptions extends PaceOptions {
  /** How many values may wait. Default 1,000. */
  limit?: number | undefined;
  /**
   * What becomes of more than `limit`: `flush` hands them on at once, ahead of their time; `drop-oldest`
   * keeps the newest. Default `flush`.
   */
  overflow?: "flush" | "drop-oldest" | undefined;
  /** Is told how many values were dropped, before those that came with them. */
  onDropped?: ((count: number) => void) | undefined;
}

/**
 * Returns the values that came, oldest first, once per animation frame or interval. Nothing comes where
 * nothing has come.
 *
 * @throws {SockeyeError} `invalid_option`.
 * @example
 * buffer(client.on("log"), { every: 250 }).subscribe((lines) => list.append(...lines));
 */
export function buffer<Value>(
  source: Source<Value>,
  options: BufferOptions = {},
): Observable<readonly Value[]> {
  const { limit = 1_000, overflow = "flush", onDropped } = options;
  checkCount("limit", limit, 1_000_000, 1);
  const makeCollection = () =>
    overflow === "flush" ? new All<Value>(limit) : new Newest<Value>(limit, onDropped);
  return paced(source, options, makeCollection, { keep: "all" });
}

class All<Value> implements Collection<Value, readonly Value[]> {
  readonly #limit: number;
  #values: Value[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(value: Value): boolean {
    return this.#values.push(value) >= this.#limit;
  }

  take(): readonly Value[] {
    const values = this.#values;
    this.#values = [];
    return values;
  }
}

/** Holds up to twice its limit, so that it need not move all values for each that it drops. */
class Newest<Value> implements Collection<Value, readonly Value[]> {
  readonly #limit: number;
  readonly #onDropped: ((count: number) => void) | undefined;
  #values: Value[] = [];
  #dropped = 0;

  constructor(limit: number, onDropped: ((count: number) => void) | undefined) {
    this.#limit = limit;
    this.#onDropped = onDropped;
  }

  add(value: Value): boolean {
    if (this.#values.push(value) >= 2 * this.#limit) this.#drop();
    return false;
  }

  take(): readonly Value[] {
    this.#drop();
    const [values, dropped] = [this.#values, this.#dropped];
    this.#values = [];
    this.#dropped = 0;
    if (dropped > 0) this.#onDropped?.(dropped);
    return values;
  }

  #drop(): void {
    const tooMany = this.#values.length - this.#limit;
    if (tooMany > 0) this.#dropped += this.#values.splice(0, tooMany).length;
  }
}
