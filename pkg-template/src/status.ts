/** Whether a client is connected, and if not, what happens next. */
import type { SockeyeError, SockeyeErrorCode } from "./errors.js";

/** Why a connection ended, in socket.io's words. */
export type DisconnectReason =
  | "io server disconnect"
  | "io client disconnect"
  | "ping timeout"
  | "transport close"
  | "transport error"
  | "parse error";

/** The states of a client. `docs/status.md` has all transitions. */
export type ClientStatus =
  /** Nobody has asked for a connection yet. */
  | { readonly state: "idle" }
  /** An attempt is under way, the `attempt`-th since the last connection. */
  | { readonly state: "connecting"; readonly attempt: number; readonly cause?: SockeyeError }
  /** Events flow. */
  | {
      readonly state: "connected";
      /** Whether the server has taken up the connection before: what was missed follows. */
      readonly recovered: boolean;
    }
  /** The `attempt`-th attempt since the last connection starts at `retryAt`. */
  | {
      readonly state: "waiting";
      readonly attempt: number;
      /** In milliseconds since 1970, to be shown; the waiting itself does not go by this clock. */
      readonly retryAt: number;
      /** There if attempts have failed for so long that they have become rare. */
      readonly slow?: true;
      readonly cause?: SockeyeError;
      /** There if a connection ended, rather than an attempt. */
      readonly reason?: DisconnectReason;
    }
  /** Nothing happens until `connect()` is called. */
  | {
      readonly state: "disconnected";
      readonly cause: SockeyeError;
      readonly reason?: DisconnectReason;
    }
  /** The client was destroyed. */
  | { readonly state: "closed" };

const reasons: Partial<Record<SockeyeErrorCode, DisconnectReason>> = {
  server_disconnect: "io server disconnect",
  client_disconnect: "io client disconnect",
  ping_timeout: "ping timeout",
  transport_close: "transport close",
  suspended: "transport close",
  transport_error: "transport error",
  session_unknown: "transport error",
  http_error: "transport error",
  forbidden: "transport error",
  server_unreachable: "transport error",
  not_socketio: "transport error",
  parse_error: "parse error",
};

/** Makes a status of what the core says. */
export function toStatus(
  state: "idle" | "connecting" | "connected" | "waiting" | "disconnected",
  attempt: number,
  retryInMs: number,
  cause: SockeyeError | undefined,
  slow = false,
): ClientStatus {
  const why = cause && { cause };
  switch (state) {
    case "connecting":
      return { state, attempt, ...why };
    case "waiting":
      return {
        ...{ state, attempt, retryAt: Math.round(Date.now() + retryInMs) },
        ...(slow && { slow }),
        ...why,
      };
    case "disconnected":
      return { state, ...why } as ClientStatus;
    case "idle":
      return { state };
    case "connected":
      return { state, recovered: false };
  }
}

/** `connect()` and `disconnect()` may have announced a status before the core does. */
export function isSame(current: ClientStatus, next: ClientStatus): boolean {
  if (current.state === "connecting" && next.state === "connecting") {
    return current.attempt === next.attempt && current.cause === next.cause;
  }
  return (
    current.state === "disconnected" &&
    next.state === "disconnected" &&
    current.cause.code === next.cause.code
  );
}

/** Adds what the namespace knows: whether a connection was recovered, and why one ended. */
export function withDetails(
  next: ClientStatus,
  previous: ClientStatus,
  recovered: boolean,
): ClientStatus {
  if (next.state === "connected") return { ...next, recovered };
  if (next.state !== "waiting" && next.state !== "disconnected") return next;
  const reason = next.cause && reasons[next.cause.code];
  return reason && previous.state === "connected" ? { ...next, reason } : next;
}
