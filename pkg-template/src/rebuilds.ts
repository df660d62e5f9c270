/** How often a client makes a new core of one that failed. Loaded with the core. */
import { fail, type SockeyeError } from "./errors.js";

/** What fails again and again has a cause that a new core does not end. */
const MAX_REBUILDS = 3;
const WITHIN_MS = 60_000;

export class Rebuilds {
  /** When the last ones were. */
  #times: number[] = [];

  /** Returns the error with which to stop, if a new core would be one too many; it counts otherwise. */
  next(error: SockeyeError): SockeyeError | undefined {
    const now = performance.now();
    this.#times = this.#times.filter((time) => now - time < WITHIN_MS);
    if (this.#times.length < MAX_REBUILDS) {
      this.#times.push(now);
      return undefined;
    }
    this.#times = [];
    const hint = "connect() begins anew; please report the `cause`";
    const message = `the client's core failed ${MAX_REBUILDS + 1} times within a minute`;
    return fail("core_failed", message, hint, error.cause);
  }
}
