/** The cores of a worker that several pages have: one for all that want the same as the same user. */
import type { CoreEvents, CoreOptions } from "../../port.js";
import type { MakeCore, StoringCore } from "../storingCore.js";
import { Hub } from "./hub.js";
import { Tab } from "./tab.js";
import { toPort } from "./tabPort.js";
import { nextTicket } from "./tickets.js";
import type { Guest } from "./wishes.js";

/** What does not keep pages apart: it is a page's own. */
const own = new Set<string>([
  ...(["seed", "positions", "unproved", "keepPositions", "hasAuth"] as const),
  ...(["traffic", "lifecycle", "webSocket", "fetch"] as const),
] satisfies (keyof CoreOptions)[]);

export class Hubs {
  readonly #makeCore: MakeCore<StoringCore>;
  readonly #hubs = new Map<string, Promise<Hub>>();
  readonly #keys = new WeakMap<Hub, string>();
  /** Whether the worker cannot have the stores of outboxes. */
  #areSeparate = false;

  constructor(makeCore: MakeCore<StoringCore>) {
    this.#makeCore = makeCore;
  }

  /** Gives a page its share of a core. Rejects with what keeps a core from being made. */
  async join(options: CoreOptions, events: CoreEvents): Promise<StoringCore> {
    const tab = new Tab(this, options, events);
    await tab.join();
    return toPort(tab);
  }

  /** Returns where pages are that want this, and the same promise until the last one has left. */
  open(options: CoreOptions): Promise<Hub> {
    const isAlone = this.#areSeparate || mustBeAlone(options);
    const key = toKey(options, isAlone);
    let hub = this.#hubs.get(key);
    if (!hub) {
      hub = this.#make(key, isAlone, { ...options, positions: {}, unproved: [] });
      this.#hubs.set(key, hub);
      hub.catch(() => this.#hubs.delete(key));
    }
    return hub;
  }

  /** A page has gone. */
  leave(guest: Guest, hub: Hub): void {
    hub.remove(guest);
    this.closeUnused(hub);
  }

  /** The last one to leave closes the connection. */
  closeUnused(hub: Hub): void {
    if (!hub.isEmpty) return;
    this.#forget(hub);
    if (hub.core.isAlive()) hub.core.destroy();
    hub.end();
  }

  async #make(key: string, isAlone: boolean, options: CoreOptions): Promise<Hub> {
    const hub: Hub = new Hub(isAlone, {
      prepare({ name, positions, hadConnection }) {
        options.positions = positions.length > 0 ? { [name]: positions } : {};
        options.unproved = hadConnection ? [name] : [];
      },
      handleFailed: () => this.#forget(hub),
      handleSeparated: () => (this.#areSeparate = true),
    });
    this.#keys.set(hub, key);
    hub.core = await this.#makeCore(options, hub.toEvents(), new AbortController().signal);
    if (options.identity) hub.core.setIdentity(options.identity);
    return hub;
  }

  #forget(hub: Hub): void {
    const key = this.#keys.get(hub);
    if (key !== undefined) this.#hubs.delete(key);
    this.#keys.delete(hub);
  }
}

/** Pages with the same key share a core. */
function toKey(options: CoreOptions, isAlone: boolean): string {
  const shared = Object.entries(options).filter(([name]) => !own.has(name));
  shared.sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([shared, isAlone && nextTicket()]);
}

/**
 * A page has a core for itself where nobody knows whether the user is the same, or the server, as its address is asked
 * for, and where only the page can have the store of the outbox.
 */
function mustBeAlone({ addressOnDemand, hasAuth, identity, store }: CoreOptions): boolean {
  return addressOnDemand || store === undefined || (hasAuth && identity === "");
}
