/** The connection to a database, made when it is needed and again when it is lost. */
import { type IDBPDatabase, openDB } from "idb";
import { randomId } from "../randomId.js";
import { SilenceError, StoreError } from "./indexedDbErrors.js";
import { ID_KEY, RESERVE_KEY, SCHEMA_VERSION, type Schema } from "./indexedDbRecords.js";

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

/** Who is told what becomes of a database. */
export interface ConnectionListener {
  /** A later version of this package wants it. */
  handleOutdated(error: StoreError): void;
  /** There was none, and it was made. Returns whether there had been one before. */
  handleMade(): boolean;
  /** What was in it is gone: it is another one than before. */
  handleLost(error: StoreError): void;
  /** The browser, or somebody else, has ended the connection. */
  handleEnded(): void;
}

export class IndexedDbConnection {
  readonly #name: string;
  readonly #listener: ConnectionListener;
  #database: Promise<Database> | undefined;
  #outdated: StoreError | undefined;
  #id: string | undefined;

  constructor(name: string, listener: ConnectionListener) {
    this.#name = name;
    this.#listener = listener;
  }

  /** Which database was opened last: one that is made again under the same name has another id. */
  get id(): string | undefined {
    return this.#id;
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
    let made: string | undefined;
    const upgrade = (database: Database) => createStores(database, (made = randomId()));
    const opening = openDB<Schema>(this.#name, SCHEMA_VERSION, { upgrade });
    const identifying = opening.then((database) => {
      this.#listen(database);
      return made ?? readId(database);
    });
    const id = await within(LIMIT_MS, identifying, () => {
      // What comes too late is of no use to anybody.
      opening.then((late) => late.close()).catch(() => {});
      return new SilenceError(true);
    });
    this.#identify(id, made !== undefined);
    return opening;
  }

  #listen(database: Database): void {
    database.onversionchange = ({ newVersion }) => this.#onVersionChange(newVersion);
    database.onclose = () => {
      this.#database = undefined;
      this.#listener.handleEnded();
    };
  }

  /** A database of which the id cannot be read may be the one before. */
  #identify(id: string | undefined, isMade: boolean): void {
    const isOther = this.#id !== undefined && id !== undefined && id !== this.#id;
    this.#id = id ?? this.#id;
    const wasThere = isMade && this.#listener.handleMade();
    if (!isOther && !wasThere) return;
    const message = "the database was there, and is not there any more";
    const incident = `${this.#name} ${this.#id}`;
    this.#listener.handleLost(new StoreError("storage_lost", message, undefined, incident));
  }

  /** Whoever asks waits for this. `null` stands for the end of the database: the next is another one. */
  #onVersionChange(newVersion: number | null): void {
    this.close();
    if (newVersion === null) this.#listener.handleEnded();
    if (newVersion === null || this.#outdated) return;
    this.#outdated = new StoreError("storage_version", "a later version uses the database");
    this.#listener.handleOutdated(this.#outdated);
  }
}

/** Returns `""` for a database that was made before there were ids. */
async function readId(database: Database): Promise<string | undefined> {
  try {
    const tx = database.transaction("reserve");
    tx.done.catch(() => {}); // what was asked for says it
    const id = (await tx.store.get(ID_KEY)) ?? "";
    return typeof id === "string" ? id : undefined;
  } catch {
    return undefined;
  }
}

function createStores(database: Database, id: string): void {
  database.createObjectStore("partitions");
  database.createObjectStore("actions").createIndex("waiting", "waiting");
  database.createObjectStore("payloads");
  database.createObjectStore("tokens");
  const reserve = database.createObjectStore("reserve");
  void reserve.put(makeReserve(), RESERVE_KEY);
  void reserve.put(id, ID_KEY);
}

/** Random, because browsers compress. */
export const makeReserve = (): Uint8Array => crypto.getRandomValues(new Uint8Array(RESERVE_BYTES));

/** Rejects with what `giveUp` returns when a promise takes too long. */
export async function within<Value>(
  limitMs: number,
  promise: Promise<Value>,
  giveUp: () => StoreError,
): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const wait = (parts: number) => {
      timer = setTimeout(() => {
        if (parts > 1) wait(parts - 1);
        else reject(giveUp());
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
