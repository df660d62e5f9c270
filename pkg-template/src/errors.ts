/** The one kind of error that Sockeye throws, rejects with and reports. */

/** Every code that a {@link SockeyeError} can have. `docs/errors.md` explains each. */
export type SockeyeErrorCode =
  // The call is wrong.
  | "invalid_url"
  | "invalid_option"
  | "reserved_event"
  | "not_serializable"
  | "binary_unsupported"
  | "too_many_attachments"
  | "payload_too_large"
  | "responder_exists"
  | "vetoed"
  | "invalid_event"
  | "client_destroyed"
  | "no_provider"
  // The call cannot be served.
  | "buffer_full"
  | "too_many_requests"
  | "iterator_overflow"
  | "fetch_failed"
  | "outbox_full"
  | "duplicate_key"
  | "not_durable"
  | "storage_full"
  | "storage_version"
  | "storage_damaged"
  | "storage_lost"
  | "storage_failed"
  // A request ended without an answer.
  | "ack_timeout"
  | "disconnected"
  | "identity_changed"
  | "aborted"
  // An action ended without being applied, or may have.
  | "action_rejected"
  | "action_expired"
  | "action_cancelled"
  | "action_conflict"
  | "action_quarantined"
  | "action_unknown"
  // A topic could not be joined.
  | "topic_failed"
  // A handler of the application took too long.
  | "hook_timeout"
  // The core cannot be loaded.
  | "load_failed"
  | "wasm_unavailable"
  | "worker_failed"
  // The core has a defect, or no memory left.
  | "core_failed"
  // An attempt to connect failed.
  | "server_unreachable"
  | "unreachable_or_cors"
  | "websocket_blocked"
  | "websocket_unavailable"
  | "forbidden"
  | "http_error"
  | "not_socketio"
  | "invalid_handshake"
  | "unsupported_server"
  | "connect_timeout"
  | "connect_refused"
  | "auth_failed"
  | "auth_stopped"
  | "address_failed"
  // A connection ended.
  | "server_disconnect"
  | "client_disconnect"
  | "session_unknown"
  | "ping_timeout"
  | "transport_close"
  | "transport_error"
  | "parse_error"
  | "suspended"
  // The connection goes on, but something of it was lost.
  | "attachments_exceeded"
  // The application's code failed.
  | "listener_error"
  // A mock server has not seen what a test waits for.
  | "not_seen";

/** An error as plain data. */
export interface ErrorData {
  code: SockeyeErrorCode;
  message: string;
  hint: string;
}

/**
 * An error with a stable code and a hint that says what to do.
 *
 * @example
 * try {
 *   await client.request("save", draft);
 * } catch (error) {
 *   if (isSockeyeError(error) && error.code === "ack_timeout") retryLater(draft);
 * }
 */
export class SockeyeError extends Error {
  override readonly name = "SockeyeError";
  /** What happened, for programs. */
  declare readonly code: SockeyeErrorCode;
  /** What to do about it, for people. */
  declare readonly hint: string;
  /** What the server said, with `connect_refused` and `action_rejected`; the issues, with `invalid_event`. */
  declare readonly data: unknown;

  /** For tests and stand-ins: applications get errors, and make none. */
  constructor(error: ErrorData, details: { cause?: unknown; data?: unknown } = {}) {
    super(error.message, details);
    this.code = error.code;
    this.hint = error.hint;
    this.data = details.data;
  }
}

/**
 * Returns whether `error` is an error of Sockeye.
 *
 * It looks at the name, so that it also knows the errors of another copy of the package.
 *
 * @example
 * window.addEventListener("unhandledrejection", ({ reason }) => {
 *   if (isSockeyeError(reason)) report(reason.code, reason.hint);
 * });
 */
export function isSockeyeError(error: unknown): error is SockeyeError {
  return error instanceof Error && error.name === "SockeyeError";
}

/** Makes an error whose texts are written where it is made. */
export function fail(
  code: SockeyeErrorCode,
  message: string,
  hint: string,
  cause?: unknown,
): SockeyeError {
  return new SockeyeError({ code, message, hint }, cause === undefined ? {} : { cause });
}
