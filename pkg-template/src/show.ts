/** What the application's own code throws. */
import { fail, type SockeyeError } from "./errors.js";

/** Where the application's uncaught errors show; outside browsers they would end the process. */
export function show(error: unknown): void {
  try {
    if (typeof reportError === "function") reportError(error);
    else console.error(error);
  } catch {
    // Test set-ups replace these by functions that throw; `errors` tells all the same.
  }
}

/** Makes the error that tells of it. */
export function listenerError(cause: unknown): SockeyeError {
  const hint = "the error is the `cause`; other listeners were called all the same";
  return fail("listener_error", "a listener threw", hint, cause);
}
