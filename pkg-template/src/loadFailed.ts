/** The core, or what comes with it, could not be loaded. */
import { fail, type SockeyeError } from "./errors.js";

export function loadFailed(cause: unknown): SockeyeError {
  const hint =
    'check the network and that the bundler ships the lazy chunk; or import "sockeye-client/inline"';
  return fail("load_failed", "the client's core could not be loaded", hint, cause);
}
