/** The promise of `connect()`. */
import type { SockeyeError } from "./errors.js";

/** A promise that may be ignored. */
export class Deferred {
  readonly promise: Promise<void>;
  settle!: (error?: SockeyeError) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.settle = (error) => (error ? reject(error) : resolve());
    });
    this.promise.catch(() => {});
  }
}
