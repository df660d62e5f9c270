/** What a connection says when it cannot do what it is asked. */
import { type ErrorData, fail, type SockeyeError } from "./errors.js";

export const destroyed: ErrorData = {
  code: "client_destroyed",
  message: "the client was destroyed",
  hint: "make a new client with createClient()",
};

export const clientDisconnect: ErrorData = {
  code: "client_disconnect",
  message: "the client was disconnected",
  hint: "call connect() to come back",
};

export const identityChanged: ErrorData = {
  code: "identity_changed",
  message: "it was not sent, because the client has another user since",
  hint: "send it again as the new user if that is meant",
};

export const ackTimeout: ErrorData = {
  code: "ack_timeout",
  message: "no answer came in time",
  hint: "check that the server's handler calls its acknowledgement; raise `timeoutMs`",
};

export function aborted(signal: AbortSignal): SockeyeError {
  const hint = "if it had been sent, the server may have received it all the same";
  return fail("aborted", "the request was aborted", hint, signal.reason);
}

export function readerFailed(error: unknown): SockeyeError {
  const hint = "the error is the `cause`; the event counts as one without an id";
  return fail("listener_error", "a function of the option `dedup` threw", hint, error);
}

/** Where the application's uncaught errors show; outside browsers they would end the process. */
export function show(error: unknown): void {
  try {
    if (typeof reportError === "function") reportError(error);
    else console.error(error);
  } catch {
    // Test set-ups replace these by functions that throw; `errors` tells all the same.
  }
}
