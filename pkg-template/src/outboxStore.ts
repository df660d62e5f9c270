/**
 * Where the outbox keeps its actions: what a store has to do, and nothing of how.
 *
 * Several clients, in one page or in several tabs, may use one store at the same time. Each method is one
 * transaction: it is done wholly or not at all, and a promise resolves only after the commit.
 */
import type { Attachment } from "./binary.js";

/** What an action sends: the JSON of its name and arguments, and the binary values beside it. */
export interface StoredPayload {
  readonly body: string;
  readonly attachments?: readonly Attachment[];
}

/** That an action was sent, and as what. */
export interface SentRecord {
  /** The epoch of the drainer that numbered it, and its number in its lane; without a helper 0. */
  readonly epoch: number;
  readonly sequence: number;
  /** The memory of the server that it was first sent to, and that server's clock; without a helper neither. */
  readonly memory?: string;
  readonly serverTimeMs?: number;
  /** How many times it was sent. */
  readonly attempts: number;
}

/** Why an action stays in the store without being sent. */
export type Parked = "quarantined" | "unknown";

/** An action without its payload. */
export interface StoredAction {
  /** Unlike any other, for ever. */
  readonly key: string;
  readonly event: string;
  readonly lane: string;
  /** Its place among all actions of the partition; the store gives it when it commits. */
  readonly order: number;
  readonly coalesceKey?: string;
  readonly bytes: number;
  readonly attachmentCount: number;
  /** From {@link OutboxPartition.put} on. None: for ever. */
  readonly ttlMs?: number;
  /** How long ago that was, when it is read; never negative. */
  readonly ageMs: number;
  readonly ackTimeoutMs: number;
  readonly resend: boolean;
  readonly sent?: SentRecord;
  /** How many connections ended right after it was sent. */
  readonly kills: number;
  readonly parked?: Parked;
}

/** A record that cannot be read. Nobody removes it. */
export interface UnreadableAction {
  readonly key: string;
  /** Whether it is of a version to come; else it is damaged. */
  readonly isFuture: boolean;
  /** If that can still be read. */
  readonly event?: string;
  readonly lane?: string;
}

/** What changes of an action when it is about to be sent, or was. */
export interface Mark {
  readonly key: string;
  readonly sent?: SentRecord;
  readonly kills: number;
}

/** How an action can end. */
export type Outcome =
  "applied" | "rejected" | "expired" | "cancelled" | "conflict" | "quarantined" | "unknown";

/** How an action ended, and what the server answered. */
export interface Settlement {
  readonly key: string;
  readonly outcome: Outcome;
  readonly args?: readonly unknown[];
}

/** What somebody else did to the store. A hint: the store itself is the truth. */
export type StoreChange =
  | KnownChange
  /** There were changes that are not known: the store is to be read. */
  | { readonly type: "missed" };

/** What somebody else did to an action. */
export type KnownChange =
  | { readonly type: "put"; readonly action: StoredAction }
  | { readonly type: "marked"; readonly mark: Mark }
  | ({ readonly type: "settled" } & Settlement)
  | { readonly type: "parked"; readonly key: string; readonly parked: Parked }
  | { readonly type: "removed"; readonly key: string };

/**
 * Why a store could not do something: the `code` of the error that it throws. There is no room; it is of a
 * version to come; what was asked for is damaged; all that it held is gone. Any other error counts as `storage_failed`.
 */
export type StoreErrorCode =
  "storage_full" | "storage_version" | "storage_damaged" | "storage_lost" | "storage_failed";

/** What a store says to a drainer whose epoch is not the current one any more. */
export type Fenced = "fenced";

/** A value, or a promise of it. */
export type Awaitable<Value> = Value | Promise<Value>;

/** What a partition holds when it is read. */
export interface Contents {
  readonly actions: readonly StoredAction[];
  readonly unreadable: readonly UnreadableAction[];
}

/** What a store says to a {@link Mark}. */
export interface Marked {
  /** Those that are not in the store any more. */
  readonly missing: readonly string[];
  /**
   * Actions of the same lanes that come before the marked ones, were never sent and are not parked: another
   * client stored them, and the news is on its way.
   */
  readonly earlier: readonly StoredAction[];
}

/** A client that wants to drain, or does. */
export interface Candidate {
  /**
   * How many signs of life it has heard of the server, 0 while it could send no action. To ask makes it ask
   * the server for the next: a page that is frozen still answers other pages, but hears no server.
   */
  heard(): number;
  /** Whether it has something to send, and could. */
  couldDrain(): boolean;
}

/**
 * The actions of one identity in one namespace.
 *
 * What takes an epoch is the leader's, and the epoch the one that `lead` returned: the store compares it
 * inside of the transaction. All else is everybody's. What a client calls takes effect in that order.
 */
export interface OutboxPartition {
  /** A random id that the partition was given when it was made. */
  readonly clientId: string;
  /** Returns all actions in their order, and what cannot be read. */
  contents(): Awaitable<Contents>;
  /**
   * Stores an action at the end, or nothing of it. `replaces` is removed in the same transaction if it was
   * never sent.
   */
  put(
    action: Omit<StoredAction, "order" | "ageMs">,
    payload: StoredPayload,
    replaces?: string,
  ): Awaitable<{ order: number; replaced: boolean }>;
  /** Returns what an action sends; nothing if it is not there any more. */
  load(key: string): Awaitable<StoredPayload | undefined>;
  /**
   * Lets a parked action be sent again: not parked, at the end, of no age, without kills. If it was sent, `sent`
   * stays, but with the sequence 0 and without memory and server time, and `resend` becomes `true`. `missing` if
   * no such action is parked.
   */
  unpark(key: string): Awaitable<{ order: number } | "missing">;
  /** Removes an action; with `onlyUnsent` only if it was never sent. */
  remove(key: string, onlyUnsent: boolean): Awaitable<Removal>;
  /**
   * Resolves when this client is the only one that drains, with an epoch that is higher than all before;
   * not at all if `signal` aborts before that. Others find out by the `candidate` whether it still does.
   */
  lead(signal: AbortSignal, candidate: Candidate): Promise<Contents & { epoch: number }>;
  /** Takes a new epoch, `atLeast` that high. */
  raiseEpoch(epoch: number, atLeast: number): Awaitable<number | Fenced>;
  /** Writes what changes of actions when they are sent. */
  mark(epoch: number, marks: readonly Mark[]): Awaitable<Marked | Fenced>;
  /** Removes actions that have ended, if they are there, and tells the others how. */
  settle(epoch: number, settlements: readonly Settlement[]): Awaitable<Fenced | undefined>;
  /** Keeps an action that is not to be sent. */
  park(epoch: number, key: string, parked: Parked): Awaitable<Fenced | undefined>;
  /** Lets another client lead. */
  resign(): void;
  /** Lets go of everything; nothing more is told. */
  close(): void;
}

/** What became of an action that was to be removed. */
export type Removal = "removed" | "wasSent" | "missing";

/** Bytes as WebCrypto takes them; TypeScript before 5.7 has no `Uint8Array<ArrayBuffer>`. */
export type PlainBytes = Uint8Array & { readonly buffer: ArrayBuffer };

/**
 * Encrypts what actions send before it is stored. Ids, names of events, lanes and times stay readable.
 *
 * What cannot be decrypted is not sent and not removed: the action becomes `quarantined`.
 */
export interface Cipher {
  /** `id` is that of the action: authenticate it, too, and nobody can exchange what is stored. */
  encrypt(bytes: PlainBytes, id: string): Awaitable<Uint8Array>;
  /** Throws if the bytes are not what `encrypt` made for this id. */
  decrypt(bytes: PlainBytes, id: string): Awaitable<Uint8Array>;
}

/** A store of actions, for the option `outbox.store`. */
export interface OutboxStore {
  /** What it survives: nothing, the end of the process, the loss of power. It may get less: see `failure`. */
  readonly durability: "memory" | "relaxed" | "strict";
  /** Why it survives less than it was made for, if so. Known when a partition has been opened. */
  readonly failure?: unknown;
  /**
   * Opens a partition; `handleChanges` is told what other clients do to it, `handleFailed` why it can do
   * nothing any more although nobody has asked for anything.
   */
  open(
    partition: { namespace: string; identity: string },
    handleChanges: (changes: readonly StoreChange[]) => void,
    handleFailed?: (error: unknown) => void,
  ): Awaitable<OutboxPartition>;
}
