/** A store that has its place next to the core in a worker. */
import type { StoreAnswer, StoreCommand } from "../outboxPort.js";
import type { OutboxPartition, OutboxStore, Settlement, StoreChange } from "../outboxStore.js";
import { Discards } from "../discards.js";
import { troubleOf } from "../ports/indexedDbErrors.js";
import type { Endings, RemoteStoreListener, StoreDescription } from "../storePort.js";
import { type StoreCore, StoreRunner } from "../storeRunner.js";

/** What the page of a {@link StoreSeat} is told. */
export interface SeatListener extends RemoteStoreListener {
  /**
   * How actions end, as soon as that is known and before the core tells: the worker may end any time. `isSo` is false if
   * they have not after all.
   */
  handleEndings(endings: readonly Settlement[], isSo: boolean): void;
}

/** What a {@link StoreSeat} works with. */
export interface SeatScope {
  readonly core: StoreCore;
  readonly socket: number;
  readonly description: StoreDescription;
  /** Makes the store. */
  readonly makeStore: (description: StoreDescription) => OutboxStore;
  /** Has somebody else do what the core wants done. */
  readonly passOn: (ticket: number, command: StoreCommand) => void;
}

type Task = (runner: StoreRunner | undefined) => void;

export class StoreSeat {
  readonly #scope: SeatScope;
  readonly #listener: SeatListener;
  readonly #store: FirstOpened;
  /** What is to be done when it is known whether there is a store; nothing waits after that. */
  #waiting: Task[] | undefined = [];
  /** The user whose actions are opened first. */
  #identity: string | undefined;
  #hasBegun = false;
  #isRefused = false;
  readonly #discards = new Discards();
  #runner: StoreRunner | undefined;
  /** How actions end if the store does as it was told, by the tickets. */
  readonly #ends = new Map<number, readonly Settlement[]>();
  #abandoned: Promise<Endings> | undefined;
  #trial: Promise<void> | undefined;

  constructor(scope: SeatScope, listener: SeatListener) {
    this.#scope = scope;
    this.#listener = listener;
    this.#store = new FirstOpened(scope.makeStore(scope.description));
  }

  /** It may be opened: nothing else is under way in the same store. */
  begin(): void {
    this.#hasBegun = true;
    this.#tryOnce();
  }

  run(ticket: number, command: StoreCommand): void {
    if (command.type === "open") this.#identity ??= command.identity;
    this.#discards.note(command);
    this.#do((runner) => {
      if (!runner) {
        this.#scope.passOn(ticket, command);
        return;
      }
      this.#expect(ticket, command);
      runner.run(ticket, command);
    });
    this.#tryOnce();
  }

  /** Nobody has anything where it was refused. */
  load(key: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#do((runner) => resolve(runner?.load(key)));
    });
  }

  /** Also if the core ends meanwhile. There is nothing where it was refused. */
  async discard(identity: string, kept: readonly string[]): Promise<void> {
    const { namespace } = this.#scope.description;
    try {
      await this.#discards.run(this.#store, { namespace, identity }, kept);
    } catch (error) {
      await this.#trial;
      if (!this.#isRefused) throw error;
    }
  }

  /** The core is no more. Resolves when nothing is under way. */
  async abandon(): Promise<void> {
    this.#abandoned ??= this.#abandon();
    await this.#abandoned;
  }

  async #abandon(): Promise<Endings> {
    this.#waiting = undefined;
    const abandoned = this.#runner?.abandon();
    await Promise.all([this.#trial, this.#discards.settled()]);
    const endings = (await abandoned) ?? new Map<string, Settlement>();
    if (!this.#runner) this.#store.close();
    if (endings.size > 0) this.#listener.handleEndings([...endings.values()], true);
    return endings;
  }

  #do(task: Task): void {
    if (this.#waiting) this.#waiting.push(task);
    else if (!this.#abandoned) task(this.#runner);
  }

  #tryOnce(): void {
    if (!this.#hasBegun || this.#identity === undefined) return;
    this.#trial ??= this.#try(this.#identity);
  }

  /** What has never been opened is not lost if it is had elsewhere; one of a version to come is left alone. */
  async #try(identity: string): Promise<void> {
    const { namespace, hasWorked } = this.#scope.description;
    try {
      await this.#store.openFirst({ namespace, identity });
    } catch (error) {
      if (!hasWorked && troubleOf(error) !== "storage_version") {
        this.#isRefused = true;
        if (this.#waiting) this.#listener.handleRefused(error);
        this.#begin(undefined);
        return;
      }
    }
    if (this.#waiting) this.#begin(this.#makeRunner());
  }

  #makeRunner(): StoreRunner {
    const { socket, description, core } = this.#scope;
    const heard = {
      ...{ signsOfLife: (of: number) => core.signsOfLife(of) },
      ...{ couldDrain: (of: number) => core.couldDrain(of) },
      ...{ refreshOutbox: (of: number) => core.refreshOutbox(of) },
      ...{
        storeChanged: (...told: Parameters<StoreCore["storeChanged"]>) =>
          core.storeChanged(...told),
      },
      storeAnswered: (of: number, ticket: number, answer: StoreAnswer) => {
        this.#settle(ticket, answer);
        core.storeAnswered(of, ticket, answer);
      },
    };
    const scope = { core: heard, socket, name: description.namespace, store: this.#store };
    return new StoreRunner(scope, { ...this.#listener, handleLessDurable: () => {} });
  }

  #begin(runner: StoreRunner | undefined): void {
    const waiting = this.#waiting ?? [];
    this.#runner = runner;
    this.#waiting = undefined;
    for (const task of waiting) task(runner);
  }

  /** How it ended is known before the store knows; of what is to be removed only after that. */
  #expect(ticket: number, command: StoreCommand): void {
    if (command.type === "settle") {
      this.#ends.set(ticket, command.settlements);
      this.#listener.handleEndings(command.settlements, true);
    } else if (command.type === "remove") {
      this.#ends.set(ticket, [{ key: command.key, outcome: "cancelled" }]);
    }
  }

  #settle(ticket: number, { type }: StoreAnswer): void {
    const ends = this.#ends.get(ticket);
    if (!ends) return;
    this.#ends.delete(ticket);
    if (type === "removed") this.#listener.handleEndings(ends, true);
    else if (type !== "done") this.#listener.handleEndings(ends, false);
  }
}

type Place = Parameters<OutboxStore["open"]>[0];

/** A store of which a partition is opened before anybody can be told of it. */
class FirstOpened implements OutboxStore {
  readonly #store: OutboxStore;
  #opened: OutboxPartition | undefined;
  #handleChanges: ((changes: readonly StoreChange[]) => void) | undefined;
  #handleFailed: (error: unknown) => void = (error) => this.#failures.push(error);
  /** What went wrong before anybody could be told. */
  readonly #failures: unknown[] = [];

  constructor(store: OutboxStore) {
    this.#store = store;
  }

  get durability(): OutboxStore["durability"] {
    return this.#store.durability;
  }

  /** What changes before the next {@link open} is not needed: the partition is read after that. */
  async openFirst(place: Place): Promise<void> {
    this.#opened = await this.#store.open(
      place,
      (changes) => this.#handleChanges?.(changes),
      (error) => this.#handleFailed(error),
    );
  }

  async open(
    place: Place,
    handleChanges: (changes: readonly StoreChange[]) => void,
    handleFailed?: (error: unknown) => void,
  ): Promise<OutboxPartition> {
    const opened = this.#opened;
    // Whoever only removes what a user before has left comes with nobody who could be told.
    if (!opened || !handleFailed) return this.#store.open(place, handleChanges, handleFailed);
    this.#opened = undefined;
    this.#handleChanges = handleChanges;
    this.#handleFailed = handleFailed;
    for (const error of this.#failures.splice(0)) handleFailed(error);
    return opened;
  }

  /** Nobody has come for what was opened. */
  close(): void {
    this.#opened?.close();
  }
}
