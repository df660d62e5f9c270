/** Where an outbox's store is: on the page, or with the core that is elsewhere. */
import { makeOutboxStore } from "./makeOutboxStore.js";
import { memoryOutboxStore } from "./memoryStore.js";
import { describeStore, type ResolvedOutbox } from "./outboxOptions.js";
import type { StoreCommand } from "./outboxPort.js";
import type { OutboxStore } from "./outboxStore.js";
import type { CorePort } from "./port.js";
import type { Endings, RemoteStoreListener, StoreLink } from "./storePort.js";
import { type RunnerListener, StoreRunner } from "./storeRunner.js";

/** What of a store outlives cores. */
export interface OwnStore {
  /** The page's own, if there is one. */
  store: OutboxStore | undefined;
  /** Whether one that is elsewhere has been opened. */
  hasWorked: boolean;
}

/** What a {@link StorePlace} works with. */
export interface PlaceScope {
  core: CorePort;
  socket: number;
  /** The namespace. */
  name: string;
  options: ResolvedOutbox;
  own: OwnStore;
}

export class StorePlace implements StoreLink {
  readonly #scope: PlaceScope;
  readonly #listener: RunnerListener;
  #link: StoreLink;

  /** Nothing is opened until `before` has ended. */
  constructor(scope: PlaceScope, listener: RunnerListener, before: Promise<unknown>) {
    this.#scope = scope;
    this.#listener = listener;
    this.#link = this.#openElsewhere(before) ?? this.#openHere(before);
  }

  /** What is elsewhere survives the page. */
  get isLostWithPage(): boolean {
    return this.#scope.own.store?.durability === "memory";
  }

  run(ticket: number, command: StoreCommand): void {
    this.#link.run?.(ticket, command);
  }

  load(key: string): Promise<string | undefined> {
    return this.#link.load(key);
  }

  discard(identity: string, kept: readonly string[]): Promise<void> {
    return this.#link.discard(identity, kept);
  }

  abandon(): Promise<Endings> {
    return this.#link.abandon();
  }

  close(): void {
    this.#link.close();
  }

  #openElsewhere(before: Promise<unknown>): StoreLink | undefined {
    const { core, socket, name, options, own } = this.#scope;
    const description = own.store ? undefined : describeStore(options);
    if (!description || !core.openStore) return undefined;
    const listener: RemoteStoreListener = {
      ...this.#listener,
      handleOpened: (keys) => {
        own.hasWorked = true;
        this.#listener.handleOpened(keys);
      },
      handleRefused: (error) => this.#move(error),
    };
    const { hasWorked } = own;
    return core.openStore(socket, { namespace: name, ...description, hasWorked }, listener, before);
  }

  /** Where the core is, it would be lost with that. */
  #move(failure: unknown): void {
    this.#scope.own.store = { ...memoryOutboxStore(), failure };
    this.#link = this.#openHere(Promise.resolve());
  }

  #openHere(before: Promise<unknown>): StoreLink {
    const { options, own, ...scope } = this.#scope;
    const store = (own.store ??= makeOutboxStore(options, own.hasWorked));
    const { requireDurable } = options;
    return new StoreRunner({ ...scope, store, requireDurable }, this.#listener, before);
  }
}
