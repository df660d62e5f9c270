/** A namespace as the connection sees it. */
import type { AuthReason } from "./auth.js";
import type { SockeyeError } from "./errors.js";
import type { ReliableParts } from "./reliablePort.js";
import type { ClientStatus } from "./status.js";

/** What the connection tells a namespace. */
export interface SocketEvents {
  /** Returns whether no listener threw. */
  handleDelivered(
    event: number,
    args: readonly unknown[],
    connection: number,
    ackId: number,
  ): boolean;
  handleAuthNeeded(ticket: number, attempt: number, reason: AuthReason): void;
  handleAccepted(id: string, recovered: boolean): void;
  handleStatus(status: ClientStatus): void;
  /** An attempt of this namespace, or of the connection, failed. */
  handleFailed(error: SockeyeError): void;
}

/** What a namespace has to say before it connects. */
export interface SocketAuth {
  /** Whether there is anything to ask for. */
  readonly hasAuth: boolean;
  /** Whether asking again may give something else. */
  readonly canRefresh: boolean;
}

/** What the connection knows of a namespace. */
export interface Socket {
  namespace: string;
  auth: SocketAuth;
  /** Whether it is to be connected as soon as the core is there. */
  wanted: boolean;
  events: SocketEvents;
  parts: ReliableParts;
}
