/** Operations on a database, in their order, with as few transactions as possible. */
import {
  type Database,
  type IndexedDbConnection,
  LIMIT_MS,
  makeReserve,
  within,
} from "./indexedDbConnection.js";
import { SilenceError, type StoreError, toStoreError, troubleOf } from "./indexedDbErrors.js";
import { RESERVE_KEY, stores } from "./indexedDbRecords.js";
import { type Transaction, Work } from "./indexedDbWork.js";

/** What is done within one transaction. */
export interface Operation<Result> {
  /**
   * Asks for everything that it needs, at once or when it has what it read, and waits for nothing else.
   * `isRepeated`: it was asked for before, and nobody knows whether that was done.
   */
  run(work: Work, isRepeated: boolean): Promise<Result>;
  /** Whether it writes. */
  readonly isWriting: boolean;
  /** How large the values are that it stores. */
  readonly bytes?: number;
  /** Whether it makes room. */
  readonly isRemoving?: boolean;
  /** Whether it has to go on when there is no room: with what is kept for that, and then without any. */
  readonly isNeeded?: boolean;
  /** What it has to wait for; what comes after it waits, too. */
  readonly ready?: Promise<unknown>;
}

/** What is done first in a database that is another one than before. */
export interface Restorer {
  /** Whether there is anything that would be lost. */
  readonly isNeeded: () => boolean;
  run(work: Work): Promise<void>;
  /** It was done, or why it could not be. */
  handleRestored(failure: unknown): void;
}

/** What a transaction survives: the end of the browser, or that of the machine, too. */
export type Durability = "relaxed" | "strict";

interface Entry {
  readonly operation: Operation<unknown>;
  isReady: boolean;
  isRepeated: boolean;
  /** Whether there was no room for it, so that it must store nothing. */
  isFull: boolean;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** One transaction has no more, so that the first of them is not kept waiting by the last. */
const MAX_OPERATIONS = 500;

/**
 * Nor are its values larger together: Chromium writes a large transaction before it commits, and what that
 * takes is not free again when it is aborted because there was no room.
 */
const MAX_BYTES = 64_000;

/** How often a lost connection is made again for the same operations. */
const MAX_REOPENED = 3;

/** How long it is waited before a lost connection is made again, after the first time; then twice as long, ... */
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 30_000;

/** How many operations are done without room before it is tried again whether there is some. */
const SPARED = 50;

/** There may not be room for the reserve right away. */
const REMOVALS_BEFORE_RESERVE = 16;

export class IndexedDbQueue {
  readonly #connection: IndexedDbConnection;
  readonly #durability: Durability;
  /** Whoever knows what was in a database that is lost. */
  readonly restorers = new Set<Restorer>();
  /** The id of the database that the operations before were done in. */
  #databaseId: string | undefined;
  #isReopening = false;
  readonly #closing = new AbortController();
  #waiting: Entry[] = [];
  #isWorking = false;
  #isClosed = false;
  /** The transaction that has begun and has not ended. */
  #transaction: Transaction | undefined;
  /** Until when the page stands still; undefined while it does not. */
  #pause: { readonly over: Promise<void>; end(): void } | undefined;
  /** Whether the page has stood still since the last transaction began. */
  #wasPaused = false;
  /** How much was removed since the reserve was used; undefined while it is there. */
  #removals: number | undefined;
  /** How many operations more are done as if there was no room. */
  #spared = 0;

  constructor(connection: IndexedDbConnection, durability: Durability) {
    this.#connection = connection;
    this.#durability = durability;
  }

  /** Resolves when the transaction of the operation is complete. Rejects with a `StoreError`. */
  do<Result>(operation: Operation<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const entry: Entry = {
        operation,
        isReady: !operation.ready,
        isRepeated: false,
        isFull: false,
        resolve: (result) => resolve(result as Result),
        reject,
      };
      const beReady = () => (entry.isReady = true);
      operation.ready?.then(beReady, () => {});
      this.#waiting.push(entry);
      if (!this.#isWorking) void this.#work();
    });
  }

  /**
   * The page is about to stand still, and a transaction that cannot end would keep all other tabs waiting: it
   * is undone, and done again after {@link resume}.
   */
  pause(): void {
    if (this.#pause) return;
    let end = () => {};
    const over = new Promise<void>((resolve) => (end = resolve));
    this.#pause = { over, end };
    this.#wasPaused = true;
    if (this.#transaction) abort(this.#transaction);
  }

  /** The page goes on. */
  resume(): void {
    this.#pause?.end();
    this.#pause = undefined;
  }

  /** Ends the connection when everything has been done. */
  close(): void {
    this.#isClosed = true;
    this.#closing.abort();
    if (!this.#isWorking) this.#connection.close();
  }

  /**
   * The connection was lost: it is made again although nobody asks for anything. That is tried once, and as long as
   * something would be lost with this page.
   */
  async reopen(): Promise<void> {
    if (this.#isReopening) return;
    this.#isReopening = true;
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#isClosed) {
      const code = await this.do(nothing).catch((error: unknown) => (error as StoreError).code);
      const isNeeded = [...this.restorers].some((restorer) => restorer.isNeeded());
      if (code === undefined || code === "storage_version" || !isNeeded) break;
      await pause(pauseMs, this.#closing.signal);
      pauseMs = Math.min(2 * pauseMs, LAST_PAUSE_MS);
    }
    this.#isReopening = false;
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    for (let [first] = this.#waiting; first; [first] = this.#waiting) {
      const batch = await this.#take(first);
      if (batch.length > 0) await this.#commit(batch, 0);
    }
    this.#isWorking = false;
    if (this.#isClosed) this.#connection.close();
  }

  /** Takes what is ready, from the first on. */
  async #take(first: Entry): Promise<Entry[]> {
    try {
      await first.operation.ready;
    } catch (error) {
      this.#waiting.shift();
      first.reject(toStoreError(error));
      return [];
    }
    first.isReady = true;
    let bytes = 0;
    const end = this.#waiting.findIndex(({ isReady, operation }, index) => {
      bytes += operation.bytes ?? 0;
      return !isReady || (index > 0 && bytes > MAX_BYTES);
    });
    return this.#waiting.splice(0, Math.min(end < 0 ? Infinity : end, MAX_OPERATIONS));
  }

  /** Whatever fails together is tried alone, so that each learns the truth about itself. */
  async #commit(entries: Entry[], reopened: number): Promise<void> {
    let results;
    try {
      results = await this.#transact(entries);
    } catch (error) {
      if (this.#wasPaused) {
        for (const entry of entries) entry.isRepeated = true;
        return this.#commit(entries, reopened);
      }
      const trouble = troubleOf(error);
      const isSilent = error instanceof SilenceError;
      // Nobody knows what was done, so whoever asks again finds that out.
      const isUnknown = isSilent ? !error.isUndone : trouble === "lost";
      if (isUnknown && reopened < MAX_REOPENED) {
        this.#connection.close();
        for (const entry of entries) entry.isRepeated = true;
        return this.#commit(entries, reopened + 1);
      }
      if (trouble !== "lost" && !isSilent && entries.length > 1) return this.#commitEach(entries);
      if (trouble === "storage_full" && (await this.#makeRoom(entries))) {
        return this.#commit(entries, reopened);
      }
      for (const { reject } of entries) reject(toStoreError(error));
      if (trouble === "lost") void this.reopen();
      return;
    }
    entries.forEach(({ resolve }, index) => resolve(results[index]));
    const removals = entries.filter(({ operation }) => operation.isRemoving).length;
    if (removals > 0) await this.#restoreReserve(removals);
  }

  async #commitEach(entries: Entry[]): Promise<void> {
    for (const entry of entries) await this.#commit([entry], 0);
  }

  async #transact(entries: Entry[]): Promise<unknown[]> {
    const database = await this.#openWhileRunning();
    await this.#restore(database);
    return this.#run(database, entries);
  }

  async #run(database: Database, entries: readonly Entry[]): Promise<unknown[]> {
    const isWriting = entries.some(({ operation }) => operation.isWriting);
    const durability = this.#durability;
    const tx: Transaction = database.transaction(stores, isWriting ? "readwrite" : "readonly", {
      durability,
    });
    // Whoever waits for what was asked learns it from there, or from here.
    tx.done.catch(() => {});
    const isFull = entries.every((entry) => entry.isFull || this.#isSpared(entry));
    this.#transaction = tx;
    const results = within(LIMIT_MS, run(tx, entries, isFull), () => {
      const isUndone = abort(tx);
      this.#connection.close();
      return new SilenceError(isUndone);
    });
    return results.finally(() => (this.#transaction = undefined));
  }

  /** Where there is no room for what was lost, or that makes no sense, everything goes on without it. */
  async #restore(database: Database): Promise<void> {
    const { id } = this.#connection;
    const isOther = this.#databaseId !== undefined && id !== this.#databaseId;
    const restorers = isOther ? [...this.restorers] : [];
    let failure: unknown;
    try {
      if (restorers.length > 0) await this.#run(database, restorers.map(toEntry));
    } catch (error) {
      if (this.#wasPaused || troubleOf(error) === "lost") throw error;
      failure = toStoreError(error);
    }
    this.#databaseId = id;
    for (const restorer of restorers) restorer.handleRestored(failure);
  }

  /** Resolves with the connection when the page does not stand still. */
  async #openWhileRunning(): Promise<Database> {
    for (;;) {
      await this.#pause?.over;
      this.#wasPaused = false;
      const database = await this.#connection.open();
      if (!this.#pause) return database;
    }
  }

  /** There is no reserve: whoever used it is gone. */
  handleReserveMissing(): void {
    this.#removals ??= 0;
  }

  /** Returns whether it is worth trying again. */
  async #makeRoom(entries: readonly Entry[]): Promise<boolean> {
    const isNeeded = entries.every(({ operation, isFull }) => operation.isNeeded && !isFull);
    if (!isNeeded) return false;
    if (await this.#useReserve()) return true;
    for (const entry of entries) entry.isFull = true;
    this.#spared = SPARED;
    return true;
  }

  /** What was refused takes room, too, so it is not tried each time. */
  #isSpared({ operation }: Entry): boolean {
    if (!operation.isWriting) return true;
    if (!operation.isNeeded || this.#spared === 0) return false;
    this.#spared -= 1;
    return true;
  }

  async #useReserve(): Promise<boolean> {
    if (this.#removals !== undefined) return false;
    this.#removals = 0;
    try {
      const database = await this.#connection.open();
      await database.delete("reserve", RESERVE_KEY);
      return true;
    } catch {
      return false;
    }
  }

  /** That fails as long as there is no room. */
  async #restoreReserve(removals: number): Promise<void> {
    if (this.#removals === undefined) return;
    this.#removals += removals;
    if (this.#removals < REMOVALS_BEFORE_RESERVE) return;
    this.#removals = 0;
    try {
      const database = await this.#connection.open();
      await database.put("reserve", makeReserve(), RESERVE_KEY);
      this.#removals = undefined;
    } catch {
      // It is tried again after the next removals.
    }
  }
}

const nothing: Operation<undefined> = { isWriting: false, run: () => Promise.resolve(undefined) };

const toEntry = (restorer: Restorer): Entry => ({
  operation: { isWriting: true, run: (work) => restorer.run(work) },
  ...{ isReady: true, isRepeated: false, isFull: false },
  ...{ resolve: () => {}, reject: () => {} },
});

/** Resolves after a while, or when it is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

async function run(
  tx: Transaction,
  entries: readonly Entry[],
  isFull: boolean,
): Promise<unknown[]> {
  const work = new Work(
    tx,
    isFull,
    entries.every(({ isRepeated }) => isRepeated),
  );
  const results = [];
  try {
    for (const { operation, isRepeated } of entries) {
      results.push(await operation.run(work, isRepeated));
    }
    work.end();
    await tx.done;
  } catch (error) {
    abort(tx);
    await tx.done.catch(() => {});
    throw (tx.error as unknown) ?? error;
  }
  return results;
}

/** It may have ended meanwhile. */
/** Returns whether nothing of it will be done. */
function abort(tx: Transaction): boolean {
  try {
    tx.abort();
    return true;
  } catch {
    return false; // It is being committed, or was.
  }
}
