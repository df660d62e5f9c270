/** The cores of a worker that several pages have: one for all that want the same as the same user. */
import type { CoreEvents, CoreOptions } from "../../port.js";
import type { MakeCore, StoringCore } from "../storingCore.js";
import { Hub } from "./hub.js";
import { Tab } from "./tab.js";
import { toPort } from "./tabPort.js";
import { nextTicket } from "./tickets.js";
import type { Guest, NamespaceWishes } from "./wishes.js";

/** What does not keep pages apart: it is a page's own. */
const own = new Set<string>([
  ...(["seed", "positions", "unproved", "keepPositions", "hasAuth"] as const),
  ...(["traffic", "lifecycle", "webSocket", "fetch"] as const),
] satisfies (keyof CoreOptions)[]);

export class Hubs {
  readonly #makeCore: MakeCore<StoringCore>;
  readonly #hubs = new Map<string, Promise<Hub>>();
  readonly #keys = new WeakMap<Hub, string>();

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
    const key = toKey(options);
    let hub = this.#hubs.get(key);
    if (!hub) {
      hub = this.#make(key, { ...options, positions: {}, unproved: [] });
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

  async #make(key: string, options: CoreOptions): Promise<Hub> {
    const prepare = ({ name, positions, hadConnection }: NamespaceWishes) => {
      options.positions = positions.length > 0 ? { [name]: positions } : {};
      options.unproved = hadConnection ? [name] : [];
    };
    const hub: Hub = new Hub(prepare, () => this.#forget(hub));
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

/**
 * Pages with the same key share a core. A page has one for itself where nobody knows whether the user is the same, or
 * the server, as its address is asked for, and where only the page can have the store of the outbox.
 */
function toKey(options: CoreOptions): string {
  const isStranger = options.hasAuth && options.identity === "";
  const shared = Object.entries(options).filter(([name]) => !own.has(name));
  shared.sort(([one], [other]) => (one < other ? -1 : 1));
  const isAlone = isStranger || options.addressOnDemand || options.store === undefined;
  return JSON.stringify([shared, isAlone && nextTicket()]);
}
