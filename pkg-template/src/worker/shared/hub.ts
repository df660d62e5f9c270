/** One core and the pages that share it. */
import { describe } from "../../descriptions.js";
import type { ErrorData } from "../../errors.js";
import type { CoreEvents } from "../../port.js";
import type { StoringCore } from "../storingCore.js";
import { Listening } from "./listening.js";
import { Questions } from "./questions.js";
import { SharedHooks } from "./sharedHooks.js";
import { SharedNamespace } from "./sharedNamespace.js";
import { SharedRequests } from "./sharedRequests.js";
import type { Guest, NamespaceWishes } from "./wishes.js";

/** A page and what it wants of a namespace. */
export type Having = [guest: Guest, wishes: NamespaceWishes];

/** What the parts of a hub know of each other. */
export interface HubScope {
  readonly core: StoringCore;
  readonly listening: Listening;
  readonly hooks: SharedHooks;
  readonly questions: Questions;
  /** The pages that are there, those first that came first. */
  present(): readonly Guest[];
  /** Those of them that have a namespace. */
  having(namespace: string): Having[];
  /** Those of them that want it connected, by the core's number. */
  wanting(socket: number): Having[];
  /** Returns the core's number of a namespace. */
  socketOf(namespace: string): number;
  /** From now on each page has a core of its own. Returns whether that is new. */
  separate(): boolean;
}

/** What a hub tells whoever has made it. */
export interface HubOwner {
  /** The core is about to be told of a namespace. */
  readonly prepare: (wishes: NamespaceWishes) => void;
  /** The core has failed. */
  readonly handleFailed: () => void;
  /** Pages are to share no more: the worker cannot have what they would have together. */
  readonly handleSeparated: () => void;
}

/** So many pages are remembered that are frozen or in the back/forward cache. */
const MAX_AWAY = 32;
/** Within this time all pages notice that the machine has slept. */
const WAKING_MS = 10_000;

export class Hub implements HubScope {
  readonly listening: Listening = new Listening(this);
  readonly hooks: SharedHooks = new SharedHooks(this);
  readonly questions = new Questions();
  readonly requests = new SharedRequests(() => this.core);
  readonly #guests: Guest[] = [];
  readonly #namespaces: SharedNamespace[] = [];
  readonly #byName = new Map<string, SharedNamespace>();
  readonly #isAlone: boolean;
  readonly #handleFailed: () => void;
  readonly #handleSeparated: () => void;
  readonly #prepare: (wishes: NamespaceWishes) => void;
  #core: StoringCore | undefined;
  #isSuspended = false;
  #wokenAt = -Infinity;
  #ended: Promise<unknown> | undefined;

  /** It is for one page, if `isAlone`, or for all that want the same. */
  constructor(isAlone: boolean, owner: HubOwner) {
    this.#isAlone = isAlone;
    this.#prepare = owner.prepare;
    this.#handleFailed = owner.handleFailed;
    this.#handleSeparated = owner.handleSeparated;
  }

  /** It has to be there before anybody comes. */
  get core(): StoringCore {
    return this.#core as StoringCore;
  }

  set core(core: StoringCore) {
    this.#core = core;
  }

  /** Whether nobody is left. */
  get isEmpty(): boolean {
    return this.#guests.length === 0;
  }

  present(): readonly Guest[] {
    return this.#guests.filter(({ isPresent }) => isPresent);
  }

  having(namespace: string): Having[] {
    return this.present().flatMap((guest) => {
      const wishes = guest.wishes.of(namespace);
      return wishes ? [[guest, wishes] satisfies Having] : [];
    });
  }

  wanting(socket: number): Having[] {
    const name = this.#namespaces[socket]?.name ?? "";
    return this.having(name).filter(([, { isWanted }]) => isWanted);
  }

  socketOf(namespace: string): number {
    return this.#byName.get(namespace)?.socket ?? -1;
  }

  namespaceOf(wishes: NamespaceWishes): SharedNamespace {
    const { name } = wishes;
    let namespace = this.#byName.get(name);
    if (!namespace) {
      namespace = new SharedNamespace(this, name, this.#namespaces.length);
      this.#namespaces.push(namespace);
      this.#byName.set(name, namespace);
      this.#prepare(wishes);
      // Whoever is asked for the auth payload may be another page than this one.
      this.core.socket(name, true);
      wishes.lastTerm = 0;
    }
    return namespace;
  }

  /** A page belongs to it from now on. */
  add(guest: Guest): void {
    this.#guests.push(guest);
  }

  /** A page is there, or is back, with all that it wants. */
  enter(guest: Guest): void {
    if (!this.#guests.includes(guest)) return; // It has yet to hear why.
    const wasSuspended = this.#isSuspended;
    this.#isSuspended = false;
    for (const wishes of guest.wishes.namespaces) this.namespaceOf(wishes);
    // What only others want who are not there must not be connected again.
    if (wasSuspended) {
      for (const namespace of this.#namespaces) namespace.rest();
      this.core.resume(0);
    }
    this.listening.updateAll(guest);
    for (const wishes of guest.wishes.namespaces) this.#enterNamespace(guest, wishes);
  }

  /** A page is not present any more: what it held is released. It may come back. Its requests end with `error`. */
  release(guest: Guest, error: ErrorData): void {
    if (this.present().length === 0) this.#suspend();
    this.#release(guest, error);
    if (!this.#guests.includes(guest)) return;
    // When it is back it has come last.
    this.#guests.splice(this.#guests.indexOf(guest), 1);
    this.#guests.push(guest);
    this.#boundAway();
  }

  /** A page has woken up after so long. Each page tells that, but the core has slept once. */
  wake(asleepMs: number): void {
    const now = performance.now();
    const isKnown = asleepMs > 0 && now - this.#wokenAt < WAKING_MS;
    if (asleepMs > 0) this.#wokenAt = now;
    this.core.resume(isKnown ? 0 : asleepMs);
  }

  /** A page that is not present any more does not come back. */
  remove(guest: Guest): void {
    if (!this.#guests.includes(guest)) return; // The core has failed, or the page was away for too long.
    this.#guests.splice(this.#guests.indexOf(guest), 1);
    this.listening.deliveries.handleLeft(guest);
    if (this.#guests.length === 0) return;
    this.#release(guest, describe("disconnected"));
    if (this.present().length === 0 && !this.#isSuspended) this.#suspend();
  }

  separate(): boolean {
    if (this.#isAlone) return false;
    this.#handleSeparated();
    this.#fail(describe("core_failed", "the worker cannot have the outbox's store"), undefined);
    this.core.destroy();
    this.end();
    return true;
  }

  /** The core has ended. */
  end(): void {
    const seats = this.#namespaces.flatMap(({ outbox }) => outbox.seat ?? []);
    this.#ended = Promise.all(seats.map((seat) => seat.abandon()));
  }

  /** Resolves when nothing is under way in its stores, if it has ended. */
  get ended(): Promise<unknown> | undefined {
    return this.#ended;
  }

  toEvents(): CoreEvents {
    const { hooks, listening, requests } = this;
    const of = (socket: number) => this.#namespaces[socket];
    return {
      ...this.#toBroadcasts(),
      ...this.#toQuestions(),
      ...this.#toOutbox(),
      delivered: (socket, _, args, connection, ackId) => {
        listening.deliver(socket, args, connection, ackId);
        return true;
      },
      settled: (request, error, args) => requests.settle(request, error, args),
      accepted: (socket, ...args) => of(socket)?.handleAccepted(...args),
      status: (socket, ...args) => {
        if (args[0] !== "connecting") this.questions.end(`auth ${socket}`);
        of(socket)?.handleStatus(...args);
      },
      continuity: (socket, verdict) => of(socket)?.handleVerdict(verdict),
      topic: (socket, ...args) => of(socket)?.topics.handleTopic(...args),
      confirming: (socket, _, args) => listening.confirming(socket, args),
      prologueNeeded: (socket, ticket) => hooks.handlePrologueNeeded(socket, ticket),
      gapHookNeeded: (socket, ticket) => hooks.handleGapHookNeeded(socket, ticket),
    };
  }

  #toOutbox() {
    const of = (socket: number) => this.#namespaces[socket]?.outbox;
    return {
      store: (socket, ...args) => of(socket)?.handleStore(...args),
      action: (socket, ...args) => of(socket)?.handleAction(...args),
      cancelRefused: (socket, key) => of(socket)?.handleCancelRefused(key),
      forgotten: (socket, key) => of(socket)?.handleForgotten(key),
      flushAsked: (socket, ...args) => of(socket)?.handleFlushAsked(...args),
    } satisfies Partial<CoreEvents>;
  }

  /** What concerns all pages, or all that want a namespace. */
  #toBroadcasts() {
    const tell = (tellOne: (events: CoreEvents) => void) => {
      for (const { events } of this.present()) tellOne(events);
    };
    return {
      dropped: (error) => tell((events) => events.dropped(error)),
      reported: (error, cause) => tell((events) => events.reported(error, cause)),
      readerFailed: (error) => tell((events) => events.readerFailed(error)),
      refused: (socket, data) => {
        for (const [{ events }, wishes] of this.wanting(socket))
          events.refused(wishes.socket, data);
      },
      failed: (socket, error) => {
        if (socket < 0) tell((events) => events.failed(socket, error));
        else
          for (const [{ events }, wishes] of this.wanting(socket))
            events.failed(wishes.socket, error);
      },
      coreFailed: (error, cause) => this.#fail(error, cause),
    } satisfies Partial<CoreEvents>;
  }

  #toQuestions() {
    const { questions } = this;
    const guestsOf = (having: Having[]) => having.map(([guest]) => guest);
    const socketFor = (guest: Guest, socket: number) =>
      guest.wishes.of(this.#namespaces[socket]?.name ?? "")?.socket ?? -1;
    return {
      authNeeded: (socket, ticket, attempt, reason) =>
        questions.ask({
          ...{ key: `auth ${socket}`, ticket },
          candidates: () => guestsOf(this.wanting(socket).filter(([, { hasAuth }]) => hasAuth)),
          ask: (guest, own) =>
            guest.events.authNeeded(socketFor(guest, socket), own, attempt, reason),
          giveUp: () => this.core.authenticate(socket, ticket, undefined),
        }),
      addressNeeded: (ticket, attempt) =>
        questions.ask({
          ...{ key: "address", ticket, candidates: () => this.present() },
          ask: ({ events }, own) => events.addressNeeded(own, attempt),
          giveUp: () => this.core.failAddress(ticket),
        }),
      verdictNeeded: (socket, ticket, cause) =>
        questions.ask({
          ...{ key: `verdict ${socket}`, ticket },
          candidates: () => guestsOf(this.wanting(socket)),
          ask: (guest, own) => guest.events.verdictNeeded(socketFor(guest, socket), own, cause),
          giveUp: () => this.core.judge(socket, ticket, "stop", -1),
        }),
    } satisfies Partial<CoreEvents>;
  }

  #enterNamespace(guest: Guest, wishes: NamespaceWishes): void {
    const namespace = this.namespaceOf(wishes);
    this.hooks.update(wishes.name);
    for (const [topic, wish] of wishes.topics) namespace.topics.retain(guest, wishes, topic, wish);
    namespace.outbox.enter(guest, wishes);
    if (wishes.isWanted) namespace.connect(guest, wishes);
  }

  #leaveNamespace(guest: Guest, wishes: NamespaceWishes): void {
    const namespace = this.namespaceOf(wishes);
    this.hooks.update(wishes.name);
    for (const topic of wishes.topics.keys()) namespace.topics.release(topic);
    namespace.outbox.handleLeft(guest, wishes, this.#guests.includes(guest));
    if (wishes.isWanted) namespace.handleLeft(wishes);
    if (!this.#isSuspended) namespace.rest();
  }

  #release(guest: Guest, error: ErrorData): void {
    this.requests.end(guest, error);
    this.hooks.rounds.handleLeft(guest);
    this.listening.handleLeft(guest);
    for (const wishes of guest.wishes.namespaces) this.#leaveNamespace(guest, wishes);
    // Nothing is asked for what only this page wanted.
    this.questions.handleLeft(guest);
  }

  /** Of a page that was closed while it was away not every browser tells. One that comes back makes another core. */
  #boundAway(): void {
    const away = this.#guests.filter(({ isPresent }) => !isPresent);
    const [oldest] = away;
    if (!oldest || away.length <= MAX_AWAY) return;
    oldest.events.coreFailed(describe("core_failed", "the page was away for too long"), undefined);
    this.#guests.splice(this.#guests.indexOf(oldest), 1);
    this.listening.deliveries.handleLeft(oldest);
    for (const { outbox } of this.#namespaces) outbox.handleGone(oldest);
  }

  #fail(error: ErrorData, cause: unknown): void {
    this.#handleFailed();
    for (const { events } of this.#guests.splice(0)) events.coreFailed(error, cause);
  }

  /** It leaves the server in good order, and goes on where it was when somebody comes back. */
  #suspend(): void {
    this.#isSuspended = true;
    this.core.suspend();
  }
}
