/** The outbox of a namespace that several pages share, and its store. */
import { describe } from "../../descriptions.js";
import type { ErrorData } from "../../errors.js";
import type { ActionData, ActionState } from "../../outboxPort.js";
import type { StoredAction, UnreadableAction } from "../../outboxStore.js";
import type { CoreEvents } from "../../port.js";
import type { TabScope } from "../../ports/tabScope.js";
import { PageMirror } from "../pageMirror.js";
import type { SeatListener } from "../storeSeat.js";
import type { Seat } from "../storingCore.js";
import type { Having, HubScope } from "./hub.js";
import type { Guest, NamespaceWishes } from "./wishes.js";

/** What the core has told of an action last. */
type Told =
  Parameters<CoreEvents["action"]> extends [socket: number, ...rest: infer Rest] ? Rest : never;

/** What has not ended yet, or was put aside. */
const open = new Set<ActionState>([
  ...(["storing", "queued", "sending", "sent"] as const),
  ...(["quarantined", "unknown"] as const),
]);

/** Tells a page how an action ended. */
type TellEnd = (events: CoreEvents, socket: number) => void;

/** Of so many actions that ended pages are told how that do not know it yet. */
const MAX_ENDS = 1_000;

export class SharedOutbox {
  readonly #hub: HubScope;
  readonly #namespace: string;
  #seat: Seat | undefined;
  /** Whether the store has said what it holds. */
  #isOpened = false;
  /** What is in the store, or about to be. */
  readonly #stored = new Map<string, StoredAction | UnreadableAction>();
  readonly #told = new Map<string, Told>();
  /** By the pages that are away: the actions of which they have yet to hear how they end. */
  readonly #away = new Map<Guest, Set<string>>();
  /** How the last ones that ended did. */
  readonly #ends = new Map<string, TellEnd>();
  /** The page that has the store, where the worker cannot have it: it may be away meanwhile. */
  #owner: Having | undefined;

  constructor(hub: HubScope, namespace: string) {
    this.#hub = hub;
    this.#namespace = namespace;
  }

  get seat(): Seat | undefined {
    return this.#seat;
  }

  /** A page comes, opens it, or changes how it is to work. */
  enter(guest: Guest, wishes: NamespaceWishes): void {
    const { store, outbox } = wishes;
    if (store) {
      const { description, scope } = store;
      const { core } = this.#hub;
      this.#seat ??= core.seatStore(this.#socket, description, toScope(scope), this.#toListener());
      store.seat = this.#seat;
      if (store.hasBegun) this.begin(guest, wishes);
    }
    if (outbox) this.update(outbox);
    if (wishes.isPaused) this.updatePaused();
  }

  /** The settings are those of the page that came last, but that any page may have to be asked before a flush. */
  update(settings: NonNullable<NamespaceWishes["outbox"]>): void {
    const askBeforeFlush = this.#asking().length > 0;
    this.#hub.core.openOutbox(this.#socket, { ...settings, askBeforeFlush });
  }

  /** Nothing is sent as long as one page wants that. */
  updatePaused(): void {
    const { core } = this.#hub;
    const isPaused = this.#having().some(([, { isPaused }]) => isPaused);
    core[isPaused ? "pauseOutbox" : "resumeOutbox"](this.#socket);
  }

  /** A page is ready to hear of the store; it is told what is there, if that is known. */
  begin(guest: Guest, wishes: NamespaceWishes): void {
    this.#seat?.begin();
    if (!this.#isOpened || !wishes.store) return;
    const { listener } = wishes.store;
    listener.handleOpened(new Set([...this.#stored.keys(), ...this.#told.keys()]));
    listener.handleStored([...this.#stored.values()]);
    for (const told of this.#told.values()) guest.events.action(wishes.socket, ...told);
    this.#tellMissed(guest, wishes.socket);
  }

  /** A page is away, and may come back, or has gone. */
  handleLeft(guest: Guest, wishes: NamespaceWishes, isAway: boolean): void {
    if (wishes.isPaused) this.updatePaused();
    if (isAway) this.#away.set(guest, new Set([...this.#stored.keys(), ...this.#told.keys()]));
    else this.handleGone(guest);
  }

  /** A page that was away does not come back. */
  handleGone(guest: Guest): void {
    this.#away.delete(guest);
  }

  /** A page enqueues an action: the others have to know what it is before they hear of it. */
  enqueue(
    guest: Guest,
    data: ActionData,
    enqueue: () => ErrorData | undefined,
  ): ErrorData | undefined {
    const { key, name: event, ...rest } = data;
    const isNew = !this.#stored.has(key);
    this.#away.get(guest)?.add(key);
    if (isNew) {
      const action = { ...rest, key, event, order: 0, ageMs: 0, kills: 0 };
      this.#stored.set(key, action);
      this.#tellStores((listener) => listener.handleStored([action]), guest);
    }
    const error = enqueue();
    if (!error || !isNew) return error;
    this.#stored.delete(key);
    for (const [other, wishes] of this.#having())
      if (other !== guest) other.events.forgotten(wishes.socket, key);
    // What another worker had stored for the page before that ended may have been sent for others meanwhile.
    if (error.code !== "duplicate_key") return error;
    this.#tellEnd(guest, guest.wishes.of(this.#namespace)?.socket ?? -1, key);
    return undefined;
  }

  /** The core wants something of a store that the worker cannot have: the only page that is here has it. */
  handleStore(...args: [ticket: number, command: Parameters<CoreEvents["store"]>[2]]): void {
    this.#owner ??= this.#having()[0];
    if (!this.#owner) return;
    const [{ events }, { socket }] = this.#owner;
    events.store(socket, ...args);
  }

  handleAction(...told: Told): void {
    const [key, state] = told;
    if (open.has(state)) this.#told.set(key, told);
    else this.#forget(key, (events, socket) => events.action(socket, ...told));
    this.#tell((events, socket) => events.action(socket, ...told));
  }

  handleCancelRefused(key: string): void {
    this.#tell((events, socket) => events.cancelRefused(socket, key));
  }

  handleForgotten(key: string): void {
    const tell: TellEnd = (events, socket) => events.forgotten(socket, key);
    this.#forget(key, tell);
    this.#tell(tell);
  }

  handleFlushAsked(ticket: number, keys: string[]): void {
    const { core, questions } = this.#hub;
    questions.ask({
      ...{ key: `flush ${this.#socket}`, ticket },
      candidates: () => this.#asking().map(([guest]) => guest),
      ask: ({ events, wishes }, own) =>
        events.flushAsked(wishes.of(this.#namespace)?.socket ?? -1, own, keys),
      giveUp: () => core.flushPlan(this.#socket, ticket, keys, []),
    });
  }

  #forget(key: string, tellEnd: TellEnd): void {
    this.#told.delete(key);
    this.#stored.delete(key);
    this.#ends.set(key, tellEnd);
    const [oldest] = this.#ends.keys();
    if (this.#ends.size > MAX_ENDS && oldest !== undefined) this.#ends.delete(oldest);
  }

  #tellMissed(guest: Guest, socket: number): void {
    for (const key of this.#away.get(guest) ?? [])
      if (!this.#stored.has(key) && !this.#told.has(key)) this.#tellEnd(guest, socket, key);
    this.handleGone(guest);
  }

  /** Of what ended longer ago nobody knows any more how it did. */
  #tellEnd({ events }: Guest, socket: number, key: string): void {
    const tellEnd = this.#ends.get(key);
    if (tellEnd) {
      tellEnd(events, socket);
      return;
    }
    events.action(socket, key, "unknown", 0, describe("action_unknown"), []);
    events.forgotten(socket, key);
  }

  #toListener(): SeatListener {
    return {
      handleStored: (actions) => {
        for (const action of actions) this.#stored.set(action.key, action);
        this.#tellStores((listener) => listener.handleStored(actions));
      },
      handleOpened: (keys) => {
        this.#isOpened = true;
        this.#tellStores((listener) => listener.handleOpened(keys));
      },
      handleFailed: (...failure) =>
        this.#tellStores((listener) => listener.handleFailed(...failure)),
      handleEndings: (...endings) =>
        this.#tellStores((listener) => listener.handleEndings(...endings)),
      handleRefused: (error) => {
        if (this.#hub.separate()) return;
        this.#owner = this.#having()[0];
        this.#owner?.[1].store?.listener.handleRefused(error);
      },
    };
  }

  get #socket(): number {
    return this.#hub.socketOf(this.#namespace);
  }

  #having(): Having[] {
    return this.#hub.having(this.#namespace);
  }

  #asking(): Having[] {
    return this.#having().filter(([, { outbox }]) => outbox?.askBeforeFlush);
  }

  #tell(tell: TellEnd): void {
    for (const [{ events }, { outbox, socket }] of this.#having()) if (outbox) tell(events, socket);
  }

  #tellStores(tell: (listener: SeatListener) => void, but?: Guest): void {
    for (const [guest, { store }] of this.#having())
      if (guest !== but && store?.hasBegun) tell(store.listener);
  }
}

/** A page's store is the hub's: it goes on when that page is away. */
function toScope({ localStorage }: TabScope): TabScope {
  const scope = new PageMirror().withNote(false, () => {});
  return localStorage ? { ...scope, localStorage } : scope;
}
