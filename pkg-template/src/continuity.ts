/** What each connection continues, and who is asked before it goes live. */
import type { Connection } from "./connection.js";
import type { ContinuityData, GapCause, StreamGap } from "./continuityPort.js";
import { Observable, type StateObservable, type Subscription } from "./observable.js";
import type { Awaitable } from "./outboxStore.js";
import type { Sender } from "./sender.js";
import { State } from "./state.js";

/** Something was missed, or may have been. */
export interface Gap {
  readonly kind: "gap";
  /** The number of the connection: each has a higher one than those before. */
  readonly connection: number;
  /** Why that is not known to be otherwise. `docs/continuity.md` has all. */
  readonly cause: GapCause;
  /** Where, as far as that is known; it may be everywhere if there is none. */
  readonly streams: readonly StreamGap[];
  /** Whether it was found while the connection was live: events before the gap were delivered on it. */
  readonly isLate: boolean;
}

/** What a connection continues. */
export type Continuity =
  /** Nothing: it is the first one. */
  | { readonly kind: "fresh"; readonly connection: number }
  /** The one before it, without a hole: that is proved. */
  | { readonly kind: "resumed"; readonly connection: number }
  | Gap;

type Handler<Value> = (value: Value) => Awaitable<unknown>;

/** Where {@link Hooks} belong to, and what they send with. */
interface HooksScope {
  readonly connection: Connection;
  readonly socket: number;
  firstSender(ticket: number): Sender;
}

export class Hooks {
  readonly #scope: HooksScope;
  readonly #state: State<Continuity | undefined>;
  #onConnected: readonly Handler<Sender>[] = [];
  #onGap: readonly Handler<Gap>[] = [];
  /** What the hook is called for when the core asks for that. */
  #gap: Gap | undefined;
  /** The number of the next connection at least, and what is added to the numbers of this core. */
  #nextConnection = 0;
  #added = 0;

  constructor(scope: HooksScope) {
    this.#scope = scope;
    this.#state = new State<Continuity | undefined>(undefined, this.#report);
  }

  get continuity(): StateObservable<Continuity | undefined> {
    return this.#state.observable;
  }

  onConnected(handle: Handler<Sender>): Subscription {
    const handler: Handler<Sender> = (first) => handle(first);
    this.#onConnected = [...this.#onConnected, handler];
    return this.#retain(() => {
      this.#onConnected = this.#onConnected.filter((other) => other !== handler);
    });
  }

  onGap(handle: Handler<Gap>): Subscription {
    const handler: Handler<Gap> = (gap) => handle(gap);
    this.#onGap = [...this.#onGap, handler];
    return this.#retain(() => {
      this.#onGap = this.#onGap.filter((other) => other !== handler);
    });
  }

  /** The core is there. */
  handleLoaded(): void {
    if (this.#onConnected.length + this.#onGap.length > 0) this.#tellCore();
  }

  /** What was before is nothing that another user continues. */
  handleIdentity(): void {
    this.#state.set(undefined);
  }

  /** The next core counts connections from the start. */
  handleCoreFailed(): void {
    this.#added = this.#nextConnection;
  }

  /** Tickets are those of the core that asked. */
  async handlePrologueNeeded(ticket: number): Promise<void> {
    const { connection, socket } = this.#scope;
    const { core } = connection;
    await this.#callAll(() => this.#onConnected, this.#scope.firstSender(ticket));
    if (core === connection.core) core?.prologueDone(socket, ticket);
  }

  handleContinuity(verdict: ContinuityData): void {
    const { kind, isLate, cause = "no_proof", streams = [] } = verdict;
    const connection = this.#added + verdict.connection;
    this.#nextConnection = connection + 1;
    if (kind === "gap") this.#gap = { kind, connection, cause, streams, isLate };
    if (kind !== "gap") this.#state.set({ kind, connection });
    else if (!isLate) this.#state.set({ kind, connection, cause, streams, isLate });
  }

  async handleGapHookNeeded(ticket: number): Promise<void> {
    const { connection, socket } = this.#scope;
    const { core } = connection;
    if (this.#gap) await this.#callAll(() => this.#onGap, this.#gap);
    if (core === connection.core) core?.gapDone(socket, ticket);
  }

  close(): void {
    this.#onConnected = [];
    this.#onGap = [];
    this.#state.complete();
  }

  /** One after the other, for as long as it is subscribed; one that throws stops nobody else. */
  async #callAll<Value>(read: () => readonly Handler<Value>[], value: Value): Promise<void> {
    for (const handler of read()) {
      if (!read().includes(handler)) continue;
      try {
        await handler(value);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  #retain(release: () => void): Subscription {
    this.#tellCore();
    const retained = new Observable<never>(() => () => {
      release();
      this.#tellCore();
    });
    return retained.subscribe({});
  }

  #tellCore(): void {
    const { connection, socket } = this.#scope;
    const hooks = { prologue: this.#onConnected.length > 0, gap: this.#onGap.length > 0 };
    connection.core?.setHooks(socket, hooks);
  }

  readonly #report = (error: unknown): void => this.#scope.connection.report(error);
}
