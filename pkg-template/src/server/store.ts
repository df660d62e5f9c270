/** What the helper needs of a store. */
import type { Decision, KnownKey, LaneState, Outcome } from "./decide.js";
import type { Envelope } from "./envelope.js";
import type { EventLog, LogLimits } from "./eventLog.js";

/** A value, or a promise of it. */
export type Awaitable<T> = T | PromiseLike<T>;

/** An enqueued action, as stores see it. */
export interface Action {
  /** Whose it is. Keys and lanes of one identity are unknown to another. */
  readonly identity: string;
  readonly envelope: Envelope;
  /** The fingerprint of the event and its arguments. */
  readonly hash: string;
  /** How long its key and its lane are kept, at least. */
  readonly keepMs: number;
}

/**
 * Keeps keys, outcomes and lanes.
 *
 * For a database with transactions use `rowStore`, which makes one of these from the access to rows.
 */
export interface ActionStore<Tx = undefined> {
  /** Returns the id of the memory; an empty memory takes a new, random one. */
  memory(): Promise<string>;
  /** Decides; if the decision is `apply`, lends the key to `token` for `leaseMs`. One transaction. */
  claim(action: Action, token: string, leaseMs: number): Promise<Decision>;
  /** Stores the outcome and advances the lane. Returns the outcome that counts: the first one. */
  settle(action: Action, token: string, outcome: Outcome): Promise<Outcome>;
  /** Gives the key back: the work failed, and may run again at once. */
  release(action: Action, token: string): Promise<void>;
  /** Does the application's work and the decision in one transaction; stores without any leave it out. */
  readonly transaction?: Transaction<Tx> | undefined;
  /** Makes a log of events that all processes with this store share; otherwise each has its own. */
  eventLog?(limits: LogLimits): EventLog;
}

/** Runs `work` in a transaction: commits what it returns, rolls back if it throws. */
export type Transaction<Tx> = <R>(work: (tx: Tx, rows: Rows) => Promise<R>) => Promise<R>;

/** Which lane of which client. */
export interface LaneId {
  readonly identity: string;
  readonly client: string;
  readonly lane: string;
}

/** What is written for a key: the outcome, or who works on it and for how long. */
export interface KeyRecord {
  readonly hash: string;
  readonly outcome?: Outcome | undefined;
  readonly claim?: { readonly token: string; readonly leaseMs: number } | undefined;
}

/**
 * The rows of a store, inside one transaction.
 *
 * Rows are kept for `keepMs` after they were last written, at least; older ones may be left out.
 */
export interface Rows {
  /** Returns the id of the memory; an empty one takes a new, random one. */
  memory(): Awaitable<string>;
  /** Returns where a lane stands; nothing if it is not known. */
  lane(id: LaneId): Awaitable<LaneState | undefined>;
  /** Writes where a lane stands. */
  setLane(id: LaneId, state: LaneState, keepMs: number): Awaitable<void>;
  /** A claim whose lease is over is left out of what is known. */
  key(identity: string, key: string): Awaitable<KnownKey | undefined>;
  /** Writes what is known of a key. */
  setKey(identity: string, key: string, record: KeyRecord, keepMs: number): Awaitable<void>;
}
