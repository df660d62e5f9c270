/** The connection to a database, made when it is needed and again when it is lost. */
import { type IDBPDatabase, openDB } from "idb";
import { StoreError } from "./indexedDbErrors.js";
import { RESERVE_KEY, SCHEMA_VERSION, type Schema } from "./indexedDbRecords.js";

export type Database = IDBPDatabase<Schema>;

/** How long a browser may take to open a database or to commit. */
export const LIMIT_MS = 30_000;

/**
 * In how many parts that time is waited for. A browser that is stopped for minutes, as on a machine that sleeps,
 * goes on with the timer that is due, before any answer: that is one part, and no reason to give up.
 */
const PARTS = 3;

/** What is given up first when there is no room: as much as random numbers are made of at once. */
const RESERVE_BYTES = 65_536;

export class IndexedDbConnection {
  readonly #name: string;
  readonly #handleOutdated: (error: StoreError) => void;
  readonly #handleMade: () => void;
  #database: Promise<Database> | undefined;
  #outdated: StoreError | undefined;

  /**
   * `handleOutdated` is told when a later version of this package wants the database, `handleMade` when there
   * was none and it was made.
   */
  constructor(name: string, handleOutdated: (error: StoreError) => void, handleMade: () => void) {
    this.#name = name;
    this.#handleOutdated = handleOutdated;
    this.#handleMade = handleMade;
  }

  /** Rejects with `storage_version` if the database is of a later version, now or from some time on. */
  async open(): Promise<Database> {
    if (this.#outdated) throw this.#outdated;
    const opening = (this.#database ??= this.#open());
    try {
      return await opening;
    } catch (error) {
      if (this.#database === opening) this.#database = undefined;
      throw error;
    }
  }

  /** Ends the connection; what has begun ends before. The next {@link open} makes another. */
  close(): void {
    this.#database?.then((database) => database.close()).catch(() => {});
    this.#database = undefined;
  }

  async #open(): Promise<Database> {
    let tellMade = () => {};
    const upgrade = (database: Database) => {
      createStores(database);
      tellMade = this.#handleMade;
    };
    const opening = openDB<Schema>(this.#name, SCHEMA_VERSION, { upgrade });
    const database = await within(LIMIT_MS, opening, () => {
      // What comes too late is of no use to anybody.
      opening.then((late) => late.close()).catch(() => {});
    });
    tellMade();
    database.onversionchange = ({ newVersion }) => this.#onVersionChange(newVersion);
    database.onclose = () => {
      this.#database = undefined;
    };
    return database;
  }

  /** Whoever asks waits for this. `null` stands for the end of the database: the next is another one. */
  #onVersionChange(newVersion: number | null): void {
    this.close();
    if (newVersion === null || this.#outdated) return;
    this.#outdated = new StoreError("storage_version", "a later version uses the database");
    this.#handleOutdated(this.#outdated);
  }
}

function createStores(database: Database): void {
  database.createObjectStore("partitions");
  database.createObjectStore("actions").createIndex("waiting", "waiting");
  database.createObjectStore("payloads");
  database.createObjectStore("tokens");
  void database.createObjectStore("reserve").put(makeReserve(), RESERVE_KEY);
}

/** Random, because browsers compress. */
export const makeReserve = (): Uint8Array => crypto.getRandomValues(new Uint8Array(RESERVE_BYTES));

/** Rejects when a promise takes too long, and calls `giveUp` then. */
export async function within<Value>(
  limitMs: number,
  promise: Promise<Value>,
  giveUp: () => void,
): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const wait = (parts: number) => {
      timer = setTimeout(() => {
        if (parts > 1) wait(parts - 1);
        else {
          reject(new StoreError("storage_failed", "the browser's database does not answer"));
          giveUp();
        }
      }, limitMs / PARTS);
    };
    wait(PARTS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
