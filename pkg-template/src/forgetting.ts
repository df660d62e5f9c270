/** What is to be thrown away, until the store has said whether it is gone. */
import { Deferred } from "./deferred.js";

export class Forgetting {
  readonly #waiting = new Map<string, Deferred<boolean>>();

  /** Resolves with whether it is gone. */
  wait(key: string): Promise<boolean> {
    const waiting = this.#waiting.get(key) ?? new Deferred<boolean>();
    this.#waiting.set(key, waiting);
    return waiting.promise;
  }

  settle(key: string, isGone: boolean): void {
    this.#waiting.get(key)?.settle(undefined, isGone);
    this.#waiting.delete(key);
  }

  /** Nobody will say any more. */
  stop(): void {
    for (const key of this.#waiting.keys()) this.settle(key, false);
  }
}
