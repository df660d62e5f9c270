/** Only the newest. */
import type { Observable } from "../observable.js";
import { type Collection, paced, type PaceOptions } from "./pace.js";
import type { Source } from "./source.js";

/**
 * Returns the newest value, once per animation frame or interval; those before it are left out. Nothing
 * comes where nothing has come.
 *
 * @throws {SockeyeError} `invalid_option`.
 * @example
 * latest(client.on("cursor")).subscribe(({ x, y }) => draw(x, y));
 */
export function latest<Value>(source: Source<Value>, options: PaceOptions = {}): Observable<Value> {
  return paced(source, options, () => new Newest<Value>(), { keep: "newest" });
}

class Newest<Value> implements Collection<Value, Value> {
  #value: Value | undefined;

  add(value: Value): boolean {
    this.#value = value;
    return false;
  }

  take(): Value {
    return this.#value as Value;
  }
}
