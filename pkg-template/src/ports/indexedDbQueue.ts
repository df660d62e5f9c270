/** Operations on a database, in their order, with as few transactions as possible. */
import {
  type Database,
  type IndexedDbConnection,
  LIMIT_MS,
  within,
} from "./indexedDbConnection.js";
import { SilenceError, type StoreError, toStoreError, troubleOf } from "./indexedDbErrors.js";
import {
  type Entry,
  nothing,
  type Operation,
  type Restorer,
  toEntry,
  type Undo,
} from "./indexedDbOperation.js";
import { stores } from "./indexedDbRecords.js";
import { IndexedDbReserve } from "./indexedDbReserve.js";
import { type Transaction, Work } from "./indexedDbWork.js";

/** What a transaction survives: the end of the browser, or that of the machine, too. */
export type Durability = "relaxed" | "strict";

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
  readonly #reserve = new IndexedDbReserve((run) => this.#transactReserve(run));
  /** What is undone before anything else is done. */
  readonly #undos = new Set<Undo>();
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
   * something would be lost with this page, or has to be undone.
   */
  async reopen(): Promise<void> {
    if (this.#isReopening) return;
    this.#isReopening = true;
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#isClosed) {
      const code = await this.do(nothing).catch((error: unknown) => (error as StoreError).code);
      const wouldLose = [...this.restorers].some((restorer) => restorer.isNeeded());
      const isNeeded = wouldLose || this.#undos.size > 0;
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
      const isAway = saysNothing(error);
      const isUndone = error instanceof SilenceError && error.isUndone;
      // Nobody knows what was done, now or before, so whoever asks again finds that out.
      const isUnknown = isAway && (!isUndone || entries.some(({ isRepeated }) => isRepeated));
      if (isUnknown && reopened < MAX_REOPENED) {
        this.#connection.close();
        for (const entry of entries) entry.isRepeated = true;
        return this.#commit(entries, reopened + 1);
      }
      if (!isAway && entries.length > 1) return this.#commitEach(entries);
      if (troubleOf(error) === "storage_full" && (await this.#makeRoom(entries))) {
        return this.#commit(entries, reopened);
      }
      this.#refuse(entries, error);
      if (isAway) void this.reopen();
      return;
    }
    entries.forEach(({ resolve }, index) => resolve(results[index]));
    const removals = entries.filter(({ operation }) => operation.isRemoving).length;
    if (removals > 0) await this.#reserve.restore(removals);
  }

  /** What is said stays true, whatever of it was done before nothing was heard any more. */
  #refuse(entries: readonly Entry[], error: unknown): void {
    const failure = toStoreError(error);
    for (const { operation, isRepeated, reject } of entries) {
      if (isRepeated && operation.undo) this.#undos.add(operation.undo);
      reject(failure);
    }
  }

  async #commitEach(entries: Entry[]): Promise<void> {
    for (const entry of entries) await this.#commit([entry], 0);
  }

  async #transact(entries: Entry[]): Promise<unknown[]> {
    const database = await this.#openWhileRunning();
    await this.#restore(database);
    await this.#undo(database);
    return this.#run(database, entries);
  }

  /** A page that stands still keeps nobody waiting with that either. */
  async #transactReserve(run: Operation<unknown>["run"]): Promise<void> {
    const entry = toEntry({ run });
    do {
      const database = await this.#openWhileRunning();
      const isDone = await this.#run(database, [entry], ["reserve"]).catch((error: unknown) => {
        if (!this.#wasPaused) throw error;
      });
      if (isDone) return;
    } while (this.#wasPaused);
  }

  async #run(
    database: Database,
    entries: readonly Entry[],
    names: readonly (typeof stores)[number][] = stores,
  ): Promise<unknown[]> {
    const isWriting = entries.some(({ operation }) => operation.isWriting);
    const durability = this.#durability;
    const mode = isWriting ? "readwrite" : "readonly";
    const tx = database.transaction(names, mode, { durability }) as Transaction;
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
      if (this.#wasPaused || saysNothing(error)) throw error;
      failure = toStoreError(error);
    }
    this.#databaseId = id;
    for (const restorer of restorers) restorer.handleRestored(failure);
  }

  /** Where there is no room to undo it, it stays. */
  async #undo(database: Database): Promise<void> {
    const undos = [...this.#undos];
    if (undos.length === 0) return;
    try {
      await this.#run(database, undos.map(toEntry));
      for (const undo of undos) undo.handleUndone();
    } catch (error) {
      if (this.#wasPaused || saysNothing(error)) throw error;
    }
    for (const undo of undos) this.#undos.delete(undo);
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
    this.#reserve.handleMissing();
  }

  /** Returns whether it is worth trying again. */
  async #makeRoom(entries: readonly Entry[]): Promise<boolean> {
    const isNeeded = entries.every(({ operation, isFull }) => operation.isNeeded && !isFull);
    if (!isNeeded) return false;
    if (await this.#reserve.use()) return true;
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
}

/** The connection is lost, or the browser does not answer: that says nothing of what was asked. */
const saysNothing = (error: unknown): boolean =>
  error instanceof SilenceError || troubleOf(error) === "lost";

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

/** It may have ended meanwhile. Returns whether nothing of it will be done. */
function abort(tx: Transaction): boolean {
  try {
    tx.abort();
    return true;
  } catch {
    return false; // It is being committed, or was.
  }
}
