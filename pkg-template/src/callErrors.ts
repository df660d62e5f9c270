/** How a call ends for which nobody has to know more than the client itself. */
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

export const ackTimeout: ErrorData = {
  code: "ack_timeout",
  message: "no answer came in time",
  hint: "check that the server's handler calls its acknowledgement; raise `timeoutMs`",
};

export function aborted(signal: AbortSignal): SockeyeError {
  const hint = "if it had been sent, the server may have received it all the same";
  return fail("aborted", "the request was aborted", hint, signal.reason);
}
