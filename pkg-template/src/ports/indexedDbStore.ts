/** The store of the outbox that survives the page: IndexedDB. */
import type { Cipher, OutboxPartition, OutboxStore, StoreChange } from "../outboxStore.js";
import { FallbackStore } from "./fallbackStore.js";
import { IndexedDbConnection } from "./indexedDbConnection.js";
import { KeptActions } from "./indexedDbKept.js";
import { IndexedDbPartition } from "./indexedDbPartition.js";
import { IndexedDbQueue } from "./indexedDbQueue.js";
import { openLeadership } from "./leadership.js";
import { noteMade, PREFIX } from "./madeNote.js";
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
  readonly listeners: Set<Listener>;
}

/** A partition that is open. */
interface Listener {
  /** The store can do nothing any more. */
  readonly fail: (error: unknown) => void;
  /** The store goes on in spite of this. */
  readonly tell: (error: unknown) => void;
}

/** Of how many partitions that are closed it is kept what was stored. */
const MAX_LEFT = 32;

export class IndexedDbStore implements OutboxStore {
  readonly durability: "strict" | "relaxed";
  readonly #options: IndexedDbStoreOptions;
  readonly #scope: TabScope;
  #shared: Shared | undefined;
  /** What was kept of partitions that are closed, by their names; the longest closed one comes first. */
  readonly #left = new Map<string, KeptActions>();

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
    const kept = this.#take(name);
    const hear = (changes: readonly StoreChange[]) => {
      kept.hear(changes);
      handleChanges(changes);
    };
    const news = openStoreNews(place, hear, this.#scope);
    const { takeOverMs = 15_000, encrypt: cipher } = this.#options;
    const handleStale = () => handleChanges([{ type: "missed" }]);
    const leadership = openLeadership(place, { takeOverMs, handleStale }, this.#scope);
    // Whoever is of the later version waits for the right to drain.
    const fail = (error: unknown) => {
      leadership.release();
      handleFailed(error);
    };
    const listener = { fail, tell: handleFailed };
    shared.listeners.add(listener);
    const handleClosed = () => this.#leave(shared, listener, kept);
    const handleRestored = (failure: unknown) => {
      if (failure !== undefined) handleFailed(failure);
      handleStale();
    };
    const parts = { name, queue: shared.queue, leadership, news, kept, cipher, handleRestored };
    try {
      return await IndexedDbPartition.open({ ...parts, handleClosed });
    } catch (error) {
      leadership.close();
      news.close();
      handleClosed();
      throw error;
    }
  }

  #take(partition: string): KeptActions {
    const kept = new KeptActions(partition, this.#left.get(partition));
    this.#left.delete(partition);
    return kept;
  }

  /** Whoever was there before may come back: the same client with another core, or the same user. */
  #keep(kept: KeptActions): void {
    this.#left.delete(kept.partition);
    this.#left.set(kept.partition, kept);
    const [oldest] = this.#left.keys();
    if (this.#left.size > MAX_LEFT && oldest !== undefined) this.#left.delete(oldest);
  }

  #connect(): Shared {
    const listeners = new Set<Listener>();
    const name = `${PREFIX}${this.#options.name}`;
    const connection = new IndexedDbConnection(name, {
      handleOutdated: (error) => listeners.forEach(({ fail }) => fail(error)),
      handleMade: () => noteMade(name, this.#scope),
      handleLost: (error) => listeners.forEach(({ tell }) => tell(error)),
      handleEnded: () => void queue.reopen(),
    });
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
    return { queue, listeners, leaving };
  }

  /** The last one ends the connection, when everything that was begun has been done. */
  #leave(shared: Shared, listener: Listener, kept: KeptActions): void {
    this.#keep(kept);
    shared.listeners.delete(listener);
    if (shared.listeners.size > 0) return;
    shared.leaving.abort();
    // What is still to be done is done, also if the page stands still.
    shared.queue.resume();
    shared.queue.close();
    if (this.#shared === shared) this.#shared = undefined;
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
