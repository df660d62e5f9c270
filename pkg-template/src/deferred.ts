/** Promises that are settled from outside. */
import type { SockeyeError } from "./errors.js";

/** A promise that may be ignored. */
export class Deferred<Value = void> {
  readonly promise: Promise<Value>;
  settle!: (error?: SockeyeError, value?: Value) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.settle = (error, value) => (error ? reject(error) : resolve(value as Value));
    });
    this.promise.catch(() => {});
  }
}
