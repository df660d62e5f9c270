/** What a connection says when it cannot do what it is asked. */
import { type ErrorData, fail, type SockeyeError } from "./errors.js";

export const identityChanged: ErrorData = {
  code: "identity_changed",
  message: "it was not sent, because the client has another user since",
  hint: "send it again as the new user if that is meant",
};

export function readerFailed(error: unknown): SockeyeError {
  const hint = "the error is the `cause`; the event counts as one without an id";
  return fail("listener_error", "a function of the option `dedup` threw", hint, error);
}
