/** The outbox of a namespace as applications work with it: before the core is there, and thin after that. */
import { Action, type ActionOptions, type ActionSource, type ActionStatus } from "./action.js";
import { checkTimes } from "./checks.js";
import type { Connection } from "./connection.js";
import { identityChanged } from "./connectionErrors.js";
import { duplicate, noId, withKey } from "./enqueuing.js";
import { fail, SockeyeError } from "./errors.js";
import { made } from "./givenStore.js";
import { isNews } from "./incidents.js";
import { type Observable, StateObservable, Subject, type Subscription } from "./observable.js";
import { outboxFull } from "./outboxBounds.js";
import type { OutboxDesk, Remains } from "./outboxDesk.js";
import type { ActionData } from "./outboxPort.js";
import type { OutboxStore } from "./outboxStore.js";
import { lengthOf, type Outgoing, serialize } from "./serialize.js";
import { randomId } from "./randomId.js";
import type { OwnStore } from "./storePlace.js";
import type { Traffic } from "./traffic.js";

/** An action in the outbox, at one time. */
export interface OutboxItem extends ActionStatus {
  readonly id: string;
  readonly event: string;
  readonly lane: string;
  /** What is sent; `undefined` if another page stored it and it has yet to be read. */
  readonly args: readonly unknown[] | undefined;
}

/** Which action an event of the server rejects: that of this id, or the oldest unanswered one like this. */
export type Nack = { id: string } | { event: string; args?: readonly unknown[] };

/** Says which action an event rejects, if any. */
export type ToNack = (value: unknown) => Nack | undefined;

/** An action that is to be stored, and what it sends. */
export interface Enqueued {
  action: Action;
  data: Omit<ActionData, "bytes" | "attachmentCount">;
  outgoing: Outgoing;
  /** When that was, by `performance.now()`. */
  since: number;
}

/** The namespace whose outbox it is. */
export interface OutboxScope {
  readonly connection: Connection;
  readonly name: string;
  readonly socket: number;
  readonly traffic: Traffic;
  listen(event: string): Observable<unknown>;
}

/**
 * The actions of a namespace that have not ended, and how they are sent.
 *
 * @example
 * client.outbox.items.subscribe((items) => (badge.textContent = String(items.length)));
 */
export class Outbox {
  /**
   * All actions that have not ended, oldest first, and those that wait for {@link retry}. Changes that
   * come together are told together.
   */
  readonly items: StateObservable<readonly OutboxItem[]>;
  /** @internal Those of the present user, in the order in which they came. */
  actions = new Map<string, Action>();
  readonly #scope: OutboxScope;
  readonly #subject: Subject<readonly OutboxItem[]>;
  /** Those that have not changed since they were last asked for. */
  readonly #items = new Map<string, OutboxItem>();
  #snapshot: readonly OutboxItem[] | undefined = [];
  #isToldSoon = false;
  #desk: OutboxDesk | undefined;
  readonly #own: OwnStore = { store: undefined, hasWorked: false };
  /** What is left of the desk of a core that has failed. */
  #remains: Remains | undefined;
  /** What was enqueued before the core was there. */
  #waiting: Enqueued[] = [];
  #waitingLength = 0;
  #paused = false;
  #identity: string;
  /** The actions of users who may come back. */
  readonly #others = new Map<string, Map<string, Action>>();
  /** The users whose stored actions are to be removed. */
  readonly #discarded: string[] = [];

  /** @internal */
  constructor(scope: OutboxScope) {
    this.#scope = scope;
    this.#identity = scope.connection.identity;
    this.#subject = new Subject(this.report);
    this.items = new StateObservable(() => (this.#snapshot ??= this.#read()), this.#subject);
  }

  /**
   * What stored actions survive: `memory` is lost with the page. Where the browser's database turns out not to
   * work this becomes `memory`, which `client.errors` tells, before anything is accepted.
   */
  get durability(): OutboxStore["durability"] {
    const { durability } = this.#scope.connection.options.outbox;
    return this.#openStore()?.durability ?? durability;
  }

  /** Whether {@link pause} holds it. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Returns the action of this id, unless it has ended; also one that another page stored. */
  get(id: string): Action | undefined {
    return this.actions.get(id);
  }

  /** Sends nothing until {@link resume}. What has been sent may still be answered. */
  pause(): void {
    this.#paused = true;
    this.#desk?.pause(true);
  }

  /** Sends again, after {@link pause}. */
  resume(): void {
    this.#paused = false;
    this.#desk?.pause(false);
  }

  /**
   * Queues an action again that is `quarantined` or `unknown`, with the same id; returns whether it was.
   * If the server has lost its memory of ids, it may apply an `unknown` action a second time.
   */
  retry(id: string): boolean {
    return this.#desk?.retry(id) ?? false;
  }

  /**
   * Cancels what was never sent, and forgets what is `quarantined` or `unknown`; of all, or of those that
   * `filter` names. Resolves with how many that were.
   */
  clear(filter: (item: OutboxItem) => boolean = () => true): Promise<number> {
    return this.#open()?.clear(filter) ?? this.#clearWaiting(filter);
  }

  /**
   * Takes events of this name for rejections of actions, for servers that do not acknowledge what they
   * refuse. {@link nest} knows NestJS's.
   *
   * @example
   * client.outbox.nack("exception", nest);
   */
  nack(event: string, toNack: ToNack): Subscription {
    return this.#scope.listen(event).subscribe((value) => {
      const nack = toNack(value);
      if (nack) this.#desk?.nack(nack, value);
    });
  }

  /** @internal Throws what `emit` throws. `key` is the id, if there is one already. */
  enqueue(event: string, args: readonly unknown[], options: ActionOptions, key?: string): Action {
    const { connection } = this.#scope;
    connection.assertAlive();
    const { lane = "default", keyField, ttlMs, coalesceKey, resend = true } = options;
    const { ackTimeoutMs = connection.options.requestTimeoutMs } = options;
    checkTimes({ ackTimeoutMs, ttlMs: ttlMs ?? 1 });
    const id: unknown = key ?? (connection.options.randomId ?? randomId)();
    if (typeof id !== "string" || id === "") throw noId();
    if (this.actions.has(id)) throw duplicate(id);
    const written = keyField === undefined ? args : withKey(args, keyField, id);
    const outgoing = serialize(event, [...written]);
    const action = this.add({ id, event, lane, args: written });
    const data = {
      ...{ key: id, name: event, lane, ackTimeoutMs, resend },
      ...(ttlMs !== undefined && { ttlMs }),
      ...(coalesceKey !== undefined && { coalesceKey }),
    };
    this.#accept({ action, data, outgoing, since: performance.now() });
    return action;
  }

  /** @internal Adds the handle of an action. */
  add(source: ActionSource): Action {
    const action = new Action(source, (action) => this.#cancel(action), this.report);
    this.actions.set(source.id, action);
    this.handleChanged(source.id);
    return action;
  }

  /** @internal Forgets the handle of an action. */
  remove(id: string): void {
    this.actions.delete(id);
    this.handleChanged(id);
  }

  /** @internal The action was not stored. */
  refuse(action: Action, error: SockeyeError): void {
    this.remove(action.id);
    action.handleStatus({ state: "rejected", attempts: 0, error }, []);
    this.tell(error);
  }

  /** @internal The user before has left before the store was asked to take an action. */
  disown(id: string, error: SockeyeError): void {
    const owner = [...this.#others.values()].find((actions) => actions.has(id));
    owner?.get(id)?.handleStatus({ state: "rejected", attempts: 0, error }, []);
    owner?.delete(id);
    this.tell(error);
  }

  /** @internal Returns what is told instead of the answer to an action. Throws `vetoed`. */
  answered({ event }: Action, args: readonly unknown[]): readonly unknown[] {
    return this.#scope.traffic.answered(event, args);
  }

  /** @internal Tells `client.errors`. */
  tell(error: SockeyeError): void {
    const { connection } = this.#scope;
    if (isNews(connection, error)) connection.errors.next(error);
  }

  /** @internal An action has changed, come or gone. */
  handleChanged(id: string): void {
    this.#items.delete(id);
    this.#snapshot = undefined;
    if (this.#isToldSoon || !this.#subject.isObserved) return;
    this.#isToldSoon = true;
    queueMicrotask(() => {
      this.#isToldSoon = false;
      this.#subject.next(this.items.value);
    });
  }

  /** @internal The core is there. */
  handleLoaded(): void {
    const { store, durability } = this.#scope.connection.options.outbox;
    // A page before this one may have left something, and so may a core before this one.
    const isUsed = this.#waiting.length + this.#discarded.length > 0 || (store ?? this.#remains);
    if (isUsed || durability !== "memory") this.#open();
  }

  /** @internal */
  handleCoreFailed(): void {
    this.#remains = this.#desk?.abandon() ?? this.#remains;
    this.#desk = undefined;
  }

  /** @internal There will be no core unless somebody asks again. */
  handleGivenUp(error: SockeyeError): void {
    const waiting = [...this.#takeWaiting(), ...this.#takeHeld()];
    for (const { action } of waiting) this.refuse(action, error);
    for (const action of this.actions.values()) action.handleCancelled(false);
  }

  /**
   * @internal The user is another from now on. What the one before has stored stays stored, unless it
   * `isDiscarded`; nothing more is heard of it until that user is back.
   *
   * Listeners may enqueue for the new user: what is returned tells them, when the core knows of that user.
   */
  handleIdentity(identity: string, isDiscarded: boolean): () => void {
    const refused = [...this.#takeWaiting(), ...(this.#desk?.held ?? []), ...this.#takeHeld()];
    if (this.#remains) this.#remains = { ...this.#remains, storing: new Map() };
    const left = this.actions;
    for (const { action } of refused) left.delete(action.id);
    const before = this.#identity;
    if (!isDiscarded && left.size > 0) this.#others.set(before, left);
    this.#identity = identity;
    this.actions = this.#others.get(identity) ?? new Map<string, Action>();
    this.#others.delete(identity);
    this.#desk?.handleIdentity();
    for (const id of [...this.#items.keys(), ""]) this.handleChanged(id);
    for (const action of left.values()) action.handleCancelled(false);
    const error = new SockeyeError(identityChanged);
    return () => {
      if (isDiscarded) this.#discardStored(before);
      for (const { action } of refused) this.refuse(action, error);
      if (isDiscarded) for (const action of left.values()) action.close(error);
    };
  }

  /** @internal */
  get desk(): OutboxDesk | undefined {
    return this.#desk;
  }

  /** @internal */
  close(error: SockeyeError): void {
    this.#takeWaiting();
    this.#desk?.close();
    this.#desk = undefined;
    for (const actions of [this.actions, ...this.#others.values()]) {
      for (const action of actions.values()) action.close(error);
    }
    this.#subject.complete();
  }

  /** @internal */
  readonly report = (error: unknown): void => this.#scope.connection.report(error);

  #accept(enqueued: Enqueued): void {
    const desk = this.#open();
    if (desk) {
      desk.accept(enqueued);
      return;
    }
    const { maxItems, maxBytes } = this.#scope.connection.options.outbox.settings;
    const length = this.#waitingLength + lengthOf(enqueued.outgoing);
    if (this.#waiting.length >= maxItems || length > maxBytes) {
      this.refuse(enqueued.action, new SockeyeError(outboxFull));
      return;
    }
    this.#waiting.push(enqueued);
    this.#waitingLength = length;
    this.#scope.connection.load();
  }

  /** Returns the part that works with the core, if that is there. */
  #open(): OutboxDesk | undefined {
    const { connection, name, socket } = this.#scope;
    const { core, services } = connection;
    if (this.#desk || !core || !services) return this.#desk;
    this.#openStore();
    const scope = { core, socket, name, own: this.#own, options: connection.options.outbox };
    const desk = (this.#desk = new services.OutboxDesk(scope, this, this.#remains));
    this.#remains = undefined;
    this.#takeDiscarded();
    // The core may fail meanwhile; what this desk then has goes to the next.
    desk.open();
    if (this.#paused) desk.pause(true);
    for (const enqueued of this.#takeWaiting()) desk.accept(enqueued);
    return this.#desk;
  }

  /** Also what the core has not read yet, which may not even be there. */
  #discardStored(identity: string): void {
    const { connection } = this.#scope;
    const { store, durability } = connection.options.outbox;
    if (!this.#own.store && !store && durability === "memory") return;
    this.#discarded.push(identity);
    if (this.#desk) this.#takeDiscarded();
    else connection.load();
  }

  #takeDiscarded(): void {
    for (const identity of this.#discarded.splice(0)) void this.#desk?.discard(identity);
  }

  #openStore(): OutboxStore | undefined {
    const { store } = this.#scope.connection.options.outbox;
    return (this.#own.store ??= typeof store === "function" ? made(store) : store);
  }

  #cancel(action: Action): void {
    if (this.actions.get(action.id) !== action) action.handleCancelled(false);
    else if (this.#desk) this.#desk.cancel(action);
    else this.#cancelWaiting(action);
  }

  /** What the store holds waits for the next desk, which cancels it. */
  #cancelWaiting(cancelled: Action): void {
    const waiting = this.#waiting.filter(({ action }) => action !== cancelled);
    if (waiting.length === this.#waiting.length) return;
    this.#waiting = waiting;
    this.cancelUnsent(cancelled);
  }

  /** @internal */
  cancelUnsent(cancelled: Action): void {
    this.remove(cancelled.id);
    const error = fail("action_cancelled", "the action was cancelled", "it was never sent");
    cancelled.handleStatus({ state: "cancelled", attempts: 0, error }, []);
  }

  async #clearWaiting(filter: (item: OutboxItem) => boolean): Promise<number> {
    const items = this.items.value.filter(filter);
    const cancelled = items.map(async ({ id }) => (await this.actions.get(id)?.cancel()) === true);
    return (await Promise.all(cancelled)).filter(Boolean).length;
  }

  /** What a core that has failed was never given. */
  #takeHeld(): Enqueued[] {
    return this.#remains?.held.splice(0) ?? [];
  }

  #takeWaiting(): Enqueued[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingLength = 0;
    return waiting;
  }

  #read(): readonly OutboxItem[] {
    return Array.from(this.actions.values(), (action) => this.#toItem(action));
  }

  #toItem({ id, event, lane, args, status }: Action): OutboxItem {
    const known = this.#items.get(id);
    if (known) return known;
    const item = { id, event, lane, args, ...status.value };
    this.#items.set(id, item);
    return item;
  }
}
