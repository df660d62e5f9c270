/** What can be seen of a transport, and the names of transports as classes. */
import { Emitter } from "@socket.io/component-emitter";
import type { NoEvents } from "./noEvents.js";

/** The transports there are. */
export type CoreTransportName = "polling" | "websocket";

/** Why a transport failed. */
export class TransportError extends Error {
  readonly type = "TransportError";
  /** The HTTP status, or the event that tells of the error. */
  readonly description: unknown;
  /** What else is known about it. */
  readonly context: unknown;

  constructor(reason: string, description?: unknown, context?: unknown) {
    super(reason);
    this.description = description;
    this.context = context;
  }
}

/** What is known about the end of a transport. */
export interface CloseDetails {
  description: string;
  context?: unknown;
}

/** The events of a transport. */
export interface TransportReservedEvents {
  error: (err: Error) => void;
  close: (details?: CloseDetails) => void;
}

/** A transport of an engine. The core does its work; here it can be looked at, and closed. */
export class Transport extends Emitter<NoEvents, NoEvents, TransportReservedEvents> {
  /** `polling` or `websocket`. */
  readonly name: string;
  /** The parameters of its requests. */
  readonly query: Record<string, string>;
  readyState: "opening" | "open" | "closed" = "opening";
  /** Whether what is written now goes out at once. */
  writable = false;
  readonly #onClose: () => void;

  /** @internal */
  constructor(name: string, query: Record<string, string>, onClose: () => void) {
    super();
    this.name = name;
    this.query = query;
    this.#onClose = onClose;
  }

  /** Closes the transport, and with it the connection. */
  close(): this {
    if (this.readyState !== "closed") this.#onClose();
    return this;
  }

  /** @internal */
  opened(): void {
    this.readyState = "open";
    this.writable = true;
  }

  /** @internal */
  ended(error: Error | undefined, details: CloseDetails | undefined): void {
    this.readyState = "closed";
    if (error) this.emitReserved("error", error);
    this.emitReserved("close", details);
  }
}
