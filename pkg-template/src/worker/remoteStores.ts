/** The page's side of stores that are in its worker. */
import { noteMade, PREFIX, readMade } from "../ports/madeNote.js";
import type { TabScope } from "../ports/tabScope.js";
import type { Settlement, StoredAction, StoreErrorCode, UnreadableAction } from "../outboxStore.js";
import type { RemoteStoreListener, StoreDescription, StoreLink } from "../storePort.js";
import { fromFault } from "./fault.js";
import type { Call, Fault, StoreAsk } from "./messages.js";
import { documentEvents, windowEvents } from "./pageMirror.js";

/** The page's side of which this is a part. */
export interface StoresPage {
  /** Asks the worker. */
  ask(...call: Call): void;
  /** Whether what is told now is of the present user. */
  isCurrent(): boolean;
  /** The worker is to hear at once that the page is left, or about to be frozen. */
  handleStopping(isFrozen: boolean): void;
}

/** A store in the worker. */
interface Remote {
  readonly listener: RemoteStoreListener;
  /** How actions end of which the core has yet to tell. */
  readonly endings: Map<string, Settlement>;
  isClosed: boolean;
}

interface Question {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class RemoteStores {
  readonly #page: StoresPage;
  readonly #scope: TabScope;
  readonly #remotes = new Map<number, Remote>();
  readonly #questions = new Map<number, Question>();
  readonly #watching = new AbortController();
  readonly #ended: Promise<void>;
  #end = () => {};
  #asked = 0;

  constructor(page: StoresPage, scope: TabScope = globalThis) {
    this.#page = page;
    this.#scope = scope;
    this.#ended = new Promise((resolve) => (this.#end = resolve));
    this.#watch();
  }

  open(
    socket: number,
    description: StoreDescription,
    listener: RemoteStoreListener,
    before: Promise<unknown>,
  ): StoreLink {
    const remote: Remote = { listener, endings: new Map(), isClosed: false };
    this.#remotes.set(socket, remote);
    this.#page.ask("seatStore", socket, description, this.#wasMade(description.database));
    void before.then(() => this.#page.ask("beginStore", socket));
    return {
      load: (key) => this.#question<string | undefined>(socket, "load", key),
      discard: (identity, kept) => this.#question<undefined>(socket, "discard", identity, kept),
      abandon: async () => {
        remote.isClosed = true;
        await this.#ended;
        return remote.endings;
      },
      close: () => void (remote.isClosed = true),
    };
  }

  /** The core has told how an action ended, or that it has not. */
  forgetEnding(socket: number, key: string): void {
    this.#remotes.get(socket)?.endings.delete(key);
  }

  /** The core has ended: nothing more is asked. */
  stop(): void {
    this.#watching.abort();
    for (const { resolve } of this.#questions.values()) resolve(undefined);
    this.#questions.clear();
  }

  /** Nothing is under way any more in the worker. */
  end(): void {
    this.#end();
  }

  #takeEndings(socket: number, endings: readonly Settlement[], isSo: boolean): void {
    const known = this.#remotes.get(socket)?.endings;
    for (const ending of endings) {
      if (isSo) known?.set(ending.key, ending);
      else known?.delete(ending.key);
    }
  }

  /** What else the worker tells. What it tells of a user before is nobody's. */
  readonly handlers = {
    endings: (socket: number, endings: readonly Settlement[], isSo: boolean) =>
      this.#takeEndings(socket, endings, isSo),
    stored: (socket: number, actions: readonly (StoredAction | UnreadableAction)[]) => {
      if (this.#page.isCurrent()) this.#listenerOf(socket)?.handleStored(actions);
    },
    storeOpened: (socket: number, keys: readonly string[]) => {
      if (this.#page.isCurrent()) this.#listenerOf(socket)?.handleOpened(new Set(keys));
    },
    storeFailed: (socket: number, code: StoreErrorCode, fault: Fault) =>
      this.#listenerOf(socket)?.handleFailed(code, fromFault(fault)),
    storeRefused: (socket: number, fault: Fault) => {
      const listener = this.#listenerOf(socket);
      this.#remotes.delete(socket);
      listener?.handleRefused(fromFault(fault));
    },
    storeSaid: (question: number, value: unknown, fault: Fault | undefined) => {
      const asked = this.#questions.get(question);
      this.#questions.delete(question);
      if (fault) asked?.reject(fromFault(fault));
      else asked?.resolve(value);
    },
    databaseMade: (database: string) => void noteMade(PREFIX + database, this.#scope),
  };

  #listenerOf(socket: number): RemoteStoreListener | undefined {
    const remote = this.#remotes.get(socket);
    return remote?.isClosed === false ? remote.listener : undefined;
  }

  /** There is no answer if the core ends before. */
  #question<Value>(socket: number, ask: StoreAsk, ...args: unknown[]): Promise<Value | undefined> {
    if (this.#watching.signal.aborted) return Promise.resolve(undefined);
    const question = this.#asked++;
    this.#page.ask("askStore", socket, question, ask, ...args);
    return new Promise((resolve, reject) => {
      this.#questions.set(question, { resolve: (value) => resolve(value as Value), reject });
    });
  }

  #wasMade(database: string): boolean {
    return readMade(PREFIX + database, this.#scope);
  }

  /** A worker hears nothing of what becomes of its page. */
  #watch(): void {
    const { document } = this.#scope;
    const { signal } = this.#watching;
    const pass = (event: Event) => this.#pass(event);
    for (const type of documentEvents) document?.addEventListener(type, pass, { signal });
    for (const type of windowEvents) this.#scope.addEventListener?.(type, pass, { signal });
  }

  #pass(event: Event): void {
    if (this.#remotes.size === 0) return;
    const { type, persisted = false } = event as Event & { persisted?: boolean };
    const { visibilityState = "visible" } = this.#scope.document ?? {};
    this.#page.ask("pageEvent", type, persisted, visibilityState);
    if (type === "freeze" || type === "pagehide") this.#page.handleStopping(type === "freeze");
  }
}
