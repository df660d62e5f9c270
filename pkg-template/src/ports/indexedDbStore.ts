/** The store of the outbox that survives the page: IndexedDB. */
import type { Cipher, OutboxPartition, OutboxStore, StoreChange } from "../outboxStore.js";
import { FallbackStore } from "./fallbackStore.js";
import { IndexedDbConnection } from "./indexedDbConnection.js";
import { IndexedDbPartition } from "./indexedDbPartition.js";
import { IndexedDbQueue } from "./indexedDbQueue.js";
import { StoreError } from "./indexedDbErrors.js";
import { openLeadership } from "./leadership.js";
import { openStoreNews } from "./storeNews.js";
import type { TabScope } from "./tabScope.js";

/** How actions are stored in IndexedDB. */
export interface IndexedDbStoreOptions {
  /** Which database, among those of this origin. Clients that name the same one share their actions. */
  name: string;
  /**
   * What stored actions survive: `strict` waits until the disk has them, `relaxed` until the system has, so
   * that a loss of power may lose the last ones. Default `strict`.
   */
  durability?: "strict" | "relaxed" | undefined;
  /** Encrypts what actions send. Default: it is stored in the clear. */
  encrypt?: Cipher | undefined;
  /**
   * How long the client that drains may hear nothing of the server while one in another tab could drain.
   * Default 15,000.
   */
  takeOverMs?: number | undefined;
}

/** The connection of all partitions that are open. */
interface Shared {
  readonly leaving: AbortController;
  readonly queue: IndexedDbQueue;
  readonly handleFailed: Set<(error: unknown) => void>;
  /** Told of what the store goes on in spite of. */
  readonly handleLost: Set<(error: unknown) => void>;
}

/** Before the names of databases, locks and channels, which all scripts of the origin share. */
const PREFIX = "sockeye:";

export class IndexedDbStore implements OutboxStore {
  readonly durability: "strict" | "relaxed";
  readonly #options: IndexedDbStoreOptions;
  readonly #scope: TabScope;
  #shared: Shared | undefined;

  constructor(options: IndexedDbStoreOptions, scope: TabScope = globalThis) {
    this.durability = options.durability ?? "strict";
    this.#options = options;
    this.#scope = scope;
  }

  async open(
    { namespace, identity }: { namespace: string; identity: string },
    handleChanges: (changes: readonly StoreChange[]) => void,
    handleFailed: (error: unknown) => void = () => {},
  ): Promise<OutboxPartition> {
    const name = JSON.stringify([namespace, identity]);
    const place = `${PREFIX}${this.#options.name} ${name}`;
    const shared = (this.#shared ??= this.#connect());
    const news = openStoreNews(place, handleChanges, this.#scope);
    const { takeOverMs = 15_000, encrypt: cipher } = this.#options;
    const handleStale = () => handleChanges([{ type: "missed" }]);
    const leadership = openLeadership(place, { takeOverMs, handleStale }, this.#scope);
    const fail = (error: unknown) => {
      // Whoever is of the later version waits for the right to drain.
      leadership.release();
      handleFailed(error);
    };
    shared.handleFailed.add(fail);
    shared.handleLost.add(handleFailed);
    const handleClosed = () => {
      shared.handleLost.delete(handleFailed);
      this.#leave(shared, fail);
    };
    const parts = { name, queue: shared.queue, leadership, news, cipher };
    try {
      return await IndexedDbPartition.open({ ...parts, handleClosed });
    } catch (error) {
      leadership.close();
      news.close();
      handleClosed();
      throw error;
    }
  }

  #connect(): Shared {
    const handleFailed = new Set<(error: unknown) => void>();
    const handleLost = new Set<(error: unknown) => void>();
    const name = `${PREFIX}${this.#options.name}`;
    const handleOutdated = (error: StoreError) => {
      for (const fail of handleFailed) fail(error);
    };
    const handleMade = () => {
      if (!noteMade(name, this.#scope)) return;
      const error = new StoreError(
        "storage_lost",
        "the database was there, and is not there any more",
      );
      for (const tell of handleLost) tell(error);
    };
    const connection = new IndexedDbConnection(name, handleOutdated, handleMade);
    const queue = new IndexedDbQueue(connection, this.durability);
    const leaving = new AbortController();
    const { signal } = leaving;
    const { document } = this.#scope;
    document?.addEventListener("freeze", () => queue.pause(), { signal });
    // WebKit keeps pages that are left, and does not tell them that they stand still.
    const leave = (event: Event) =>
      (event as Partial<PageTransitionEvent>).persisted && queue.pause();
    this.#scope.addEventListener?.("pagehide", leave, { signal });
    const resume = () => queue.resume();
    document?.addEventListener("resume", resume, { signal });
    this.#scope.addEventListener?.("pageshow", resume, { signal });
    return { queue, handleFailed, handleLost, leaving };
  }

  /** The last one ends the connection, when everything that was begun has been done. */
  #leave(shared: Shared, fail: (error: unknown) => void): void {
    shared.handleFailed.delete(fail);
    if (shared.handleFailed.size > 0) return;
    shared.leaving.abort();
    // What is still to be done is done, also if the page stands still.
    shared.queue.resume();
    shared.queue.close();
    if (this.#shared === shared) this.#shared = undefined;
  }
}

/**
 * Notes that a database was made; returns whether it had been made before. What the browser destroys of itself
 * is only the database; when a user clears the site's data this note goes with it.
 */
function noteMade(name: string, scope: TabScope): boolean {
  try {
    const wasMade = typeof scope.localStorage?.getItem(name) === "string";
    scope.localStorage?.setItem(name, "made");
    return wasMade;
  } catch {
    return false; // It is forbidden, or full.
  }
}

/**
 * Makes a store in IndexedDB, as clients in a browser have it unless they are told otherwise. Where there is
 * none, or it cannot be opened, it keeps actions in memory: its `durability` says so before it takes any.
 *
 * @example
 * const store = indexedDbOutboxStore({ name: "shop", durability: "relaxed" });
 * const client = createClient(url, { outbox: { store } });
 */
export function indexedDbOutboxStore(options: IndexedDbStoreOptions): OutboxStore {
  return new FallbackStore(new IndexedDbStore(options));
}
