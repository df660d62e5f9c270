/** A page that shares a core with others: where it is, and what it wants, wherever that is. */
import { identityChanged } from "../../connectionErrors.js";
import { describe } from "../../descriptions.js";
import type { ErrorData } from "../../errors.js";
import type { CoreEvents, CoreOptions } from "../../port.js";
import type { Sending } from "../messages.js";
import { tellRefusal } from "../refusals.js";
import type { Hub } from "./hub.js";
import type { Hubs } from "./hubs.js";
import { type Guest, type NamespaceWishes, Wishes } from "./wishes.js";

/** Does something at a hub. */
export type Run<Result = void> = (hub: Hub) => Result;

/** The same for a namespace of the page. */
export type RunOf<Result = void> = (hub: Hub, socket: number, wishes: NamespaceWishes) => Result;

/** What is to be done at the next hub, or is told why it is not. */
interface Waiting {
  readonly run: Run;
  readonly refuse?: (error: ErrorData) => void;
}

export class Tab implements Guest {
  readonly events: CoreEvents;
  readonly wishes = new Wishes();
  readonly options: CoreOptions;
  readonly #hubs: Hubs;
  #isPresent = true;
  #isAlive = true;
  /** None while it is on its way to another one. */
  #hub: Hub | undefined;
  /** The last one that it has left. */
  #left: Hub | undefined;
  #waiting: Waiting[] = [];
  /** How often it has set out. */
  #moves = 0;

  constructor(hubs: Hubs, options: CoreOptions, events: CoreEvents) {
    this.#hubs = hubs;
    this.options = options;
    this.events = events;
  }

  get isPresent(): boolean {
    return this.#isPresent;
  }

  get isAlive(): boolean {
    return this.#isAlive && this.#hub?.core.isAlive() !== false;
  }

  /** Comes to the hub of those who want the same as the same user. */
  async join(): Promise<void> {
    const move = ++this.#moves;
    let hub: Hub;
    // The last page may leave it just now.
    do hub = await this.#hubs.open(this.options);
    while (!hub.core.isAlive());
    if (move !== this.#moves) {
      this.#hubs.closeUnused(hub);
      return;
    }
    this.#hub = hub;
    hub.add(this);
    if (this.#isPresent) hub.enter(this);
    for (const { run } of this.#waiting.splice(0)) run(hub);
  }

  /** It is another user's from now on; nothing of the one before follows. */
  move(identity: string): void {
    if (identity === this.options.identity) return;
    this.#endRequests();
    this.#leave();
    this.options.identity = identity;
    this.wishes.forgetUser();
    this.#tellWanted("connecting", undefined);
    this.join().catch((error: unknown) => {
      const { code, message, hint } = error as ErrorData;
      this.#isAlive = false;
      this.events.coreFailed({ code, message, hint }, undefined);
    });
  }

  /** The page is away: it holds nothing any more, and comes back. */
  suspend(): void {
    if (!this.#isPresent) return;
    this.#isPresent = false;
    this.#hub?.release(this, describe("disconnected"));
    this.#tellWanted("waiting", describe("suspended"));
  }

  resume(asleepMs: number): void {
    const wasAway = !this.#isPresent;
    this.#isPresent = true;
    if (wasAway) this.#hub?.enter(this);
    else this.#hub?.wake(asleepMs);
  }

  destroy(): void {
    this.#isAlive = false;
    this.#leave();
  }

  /** At once, or when it has come to where it is going. */
  run(run: Run): void {
    if (this.#hub) run(this.#hub);
    else this.#waiting.push({ run });
  }

  /** The same for a namespace, by its number on the page. */
  runOf(socket: number, run: RunOf): void {
    const wishes = this.wishes.namespaces[socket];
    if (wishes) this.run((hub) => run(hub, hub.socketOf(wishes.name), wishes));
  }

  /** The same for what may be refused, whose first argument is the namespace. */
  send(name: Sending, args: readonly unknown[], run: RunOf<ErrorData | undefined>) {
    const wishes = this.wishes.namespaces[args[0] as number];
    if (!wishes) return undefined;
    const send = (hub: Hub) => run(hub, hub.socketOf(wishes.name), wishes);
    if (this.#hub) return send(this.#hub);
    const refuse = (error: ErrorData) => tellRefusal(this.events, name, args, error);
    const sendLater = (hub: Hub) => {
      const error = send(hub);
      if (error) refuse(error);
    };
    this.#waiting.push({ run: sendLater, refuse });
    return undefined;
  }

  /** Tells the hub, if the page is there, what the page wants now. Otherwise it hears that when the page comes. */
  tell(tell: Run): void {
    if (this.#hub && this.#isPresent) tell(this.#hub);
  }

  /** Resolves when what its stores were told is done, if nobody else has them. */
  async end(): Promise<void> {
    await this.#left?.ended;
  }

  /** Returns what is the case where it is, or `none` while it is nowhere. */
  read<Value>(none: Value, read: Run<Value>): Value {
    return this.#hub ? read(this.#hub) : none;
  }

  /** How it stands with what the page wants connected, where no hub says that. */
  #tellWanted(state: "connecting" | "waiting", cause: ErrorData | undefined): void {
    for (const { isWanted, socket } of this.wishes.namespaces)
      if (isWanted) this.events.status(socket, state, 1, 0, cause, false);
  }

  /** What was sent may have got there. */
  #endRequests(): void {
    for (const wishes of this.wishes.namespaces) {
      this.tell((hub) => {
        const { isConnected, socket } = hub.namespaceOf(wishes);
        hub.requests.end(this, isConnected ? describe("disconnected") : identityChanged, socket);
      });
    }
  }

  #leave(): void {
    this.#moves += 1;
    for (const { refuse } of this.#waiting.splice(0)) refuse?.(identityChanged);
    const hub = this.#hub;
    const wasPresent = this.#isPresent;
    this.#hub = undefined;
    this.#isPresent = false;
    this.#left = hub;
    if (hub) this.#hubs.leave(this, hub);
    this.#isPresent = wasPresent;
  }
}
