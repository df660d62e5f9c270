/** The store of an outbox, wherever it is, and who works with it. */
import type { StoreCommand } from "./outboxPort.js";
import type { Settlement, StoredAction, StoreErrorCode, UnreadableAction } from "./outboxStore.js";

/** A store that can be opened elsewhere: what is said of it is plain data. */
export interface StoreDescription {
  namespace: string;
  /** Which database of the origin. */
  database: string;
  durability: "relaxed" | "strict";
  /** As the option of the outbox. */
  takeOverMs: number;
  /** Whether it has been opened before: it is not refused then, because what it holds is neither gone nor to be overtaken. */
  hasWorked: boolean;
}

/** What the owner of a store is told. */
export interface StoreListener {
  /** There are actions in the store, or what were some; they may be known already. */
  handleStored(actions: readonly (StoredAction | UnreadableAction)[]): void;
  /** The store has been opened and holds these. */
  handleOpened(keys: ReadonlySet<string>): void;
  /** The store failed; the core has been told. */
  handleFailed(code: StoreErrorCode, error: unknown): void;
}

/** What the owner of a store that is elsewhere is told. */
export interface RemoteStoreListener extends StoreListener {
  /**
   * It cannot be opened there, nor has it ever been: the owner has to have one that is not lost with that place. The
   * commands that were kept for it follow.
   */
  handleRefused(error: unknown): void;
}

/** How actions ended that the store has removed, by their keys. */
export type Endings = ReadonlyMap<string, Settlement>;

/** A store with which a core works. */
export interface StoreLink {
  /** Does what the core wants. There is none where the core has the store beside it. */
  run?(ticket: number, command: StoreCommand): void;
  /** Returns what an action sends, as JSON. */
  load(key: string): Promise<string | undefined>;
  /**
   * Removes what it holds of a user, but for these keys, what is stored from now on, and what is of a version to come.
   * Is done also if the core ends meanwhile. Rejects with the store's error.
   */
  discard(identity: string, kept: readonly string[]): Promise<void>;
  /** The core is no more. Resolves when nothing is under way, with how actions ended of which the core did not tell. */
  abandon(): Promise<Endings>;
  /** Nothing more is told. */
  close(): void;
}
