/** What applications choose, and what holds if they do not. */
import type { Socket } from "socket.io";
import type { Report } from "./actions.js";
import type { LogLimits } from "./eventLog.js";
import type { ServerSocket } from "./socketio.js";
import type { ActionStore, Awaitable } from "./store.js";
import { isEverybodys } from "./streams.js";

/** The options of `createServerHelper`. */
export interface ServerHelperOptions<Tx = undefined> {
  /** Where keys and outcomes are kept: `memoryStore()`, `redisStore(client)`, or your database. */
  readonly store: ActionStore<Tx>;
  /** How long keys are kept, in milliseconds: 14 days by default. Longer than clients are offline. */
  readonly retentionMs?: number;
  /** How much of each stream is kept, so that it can be replayed. */
  readonly log?: Partial<LogLimits>;
  /**
   * How long a handler may work, in milliseconds, before a handler may get the action again: 30,000 by
   * default. It does not concern work in a transaction.
   */
  readonly leaseMs?: number;
  /** Returns whose actions come over a socket, as its authentication says; by default all are one's. */
  identify?(socket: Socket): string;
  /** Whether a socket may read a stream; by default those of its rooms and of the whole namespace. */
  maySince?(socket: Socket, stream: string): Awaitable<boolean>;
  /** Told what handlers throw and what the store fails with; `console.error` by default. */
  onError?(error: unknown): void;
}

/** The same, complete, for our view of sockets. */
export interface Settings<Tx> {
  readonly store: ActionStore<Tx>;
  readonly retentionMs: number;
  readonly leaseMs: number;
  readonly log: LogLimits;
  readonly report: Report;
  readonly identify: (socket: ServerSocket) => string;
  readonly maySince: (socket: ServerSocket, stream: string) => Awaitable<boolean>;
}

/** Completes the options; throws a `RangeError` for numbers that are no whole numbers from 1. */
export function settingsOf<Tx>(options: ServerHelperOptions<Tx>): Settings<Tx> {
  const { store, log = {} } = options;
  return {
    store,
    retentionMs: checked("retentionMs", options.retentionMs ?? 14 * dayMs),
    leaseMs: Math.min(checked("leaseMs", options.leaseMs ?? 30_000), longestTimerMs),
    log: {
      maxEvents: checked("log.maxEvents", log.maxEvents ?? 1_000),
      maxStreams: checked("log.maxStreams", log.maxStreams ?? 1_000),
      maxAgeMs: checked("log.maxAgeMs", log.maxAgeMs ?? hourMs),
    },
    report: safely((error) => (options.onError ? options.onError(error) : console.error(error))),
    identify: (socket) => (options.identify ? options.identify(theirs(socket)) : ""),
    maySince: (socket, stream) =>
      options.maySince
        ? options.maySince(theirs(socket), stream)
        : isEverybodys(stream) || socket.rooms.has(stream),
  };
}

function checked(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`${name} must be a whole number from 1`);
}

/** What is told of errors must not make new ones. */
function safely(report: Report): Report {
  return (error) => {
    try {
      report(error);
    } catch (another) {
      console.error(another);
    }
  };
}

const theirs = (socket: ServerSocket): Socket => socket as unknown as Socket;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const longestTimerMs = 2 ** 31 - 1;
