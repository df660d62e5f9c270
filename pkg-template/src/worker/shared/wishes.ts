/** What a page wants of the core that it shares: it can be had of another one, and again after the page was away. */
import type { Hooks } from "../../continuityPort.js";
import type { StreamPosition } from "../../dedupPort.js";
import type { OutboxSettings } from "../../outboxPort.js";
import type { Pace } from "../../pacing.js";
import type { CoreEvents } from "../../port.js";
import type { TabScope } from "../../ports/tabScope.js";
import type { StoreDescription } from "../../storePort.js";
import type { SeatListener } from "../storeSeat.js";
import type { Seat } from "../storingCore.js";

/** What a topic is joined, left and confirmed with. */
export interface TopicWish {
  readonly join: string;
  readonly leave: string | undefined;
  /** The name of the event that confirms it. */
  readonly confirm: string | undefined;
}

/** The store that a page wants beside the core. */
export interface StoreWish {
  readonly description: StoreDescription;
  readonly scope: TabScope;
  readonly listener: SeatListener;
  /** Whether the page is ready to hear of it. */
  hasBegun: boolean;
  /** That of the hub where the page was last. */
  seat: Seat | undefined;
}

/** What a page wants of a namespace, and how far it is there. */
export interface NamespaceWishes {
  readonly name: string;
  /** The number by which the page knows it. */
  readonly socket: number;
  readonly hasAuth: boolean;
  isWanted: boolean;
  hooks: Hooks;
  readonly topics: Map<string, TopicWish>;
  outbox: OutboxSettings | undefined;
  isPaused: boolean;
  store: StoreWish | undefined;
  /** How far the page had been told before what follows. */
  positions: readonly StreamPosition[];
  /** How far the namespace of that hub was then; none of a hub where the page has not been. */
  progress: number | undefined;
  /** Whether there was a connection before, of which the page may know nothing. */
  hadConnection: boolean;
  /** Whether the page was told everything up to now. */
  isUpToDate: boolean;
  /** In which of the times that the namespace was wanted by anybody the page was the last one to leave. */
  lastTerm: number;
  /** Whether the last verdict was a gap. */
  hasGap: boolean;
  /** The number by which the page knows the connection, and that of the core. */
  connection: number;
  coreConnection: number | undefined;
}

export class Wishes {
  /** In the order of their numbers. */
  readonly namespaces: NamespaceWishes[] = [];
  /** The numbers of the events that are listened to. */
  readonly names = new Map<string, number>();
  /** The number of all other events. */
  any: number | undefined;
  /** By the numbers of events. */
  readonly paces = new Map<number, Pace>();
  readonly #byName = new Map<string, NamespaceWishes>();

  add(
    name: string,
    hasAuth: boolean,
    positions: readonly StreamPosition[],
    hadConnection: boolean,
  ): NamespaceWishes {
    const wishes: NamespaceWishes = {
      ...{ name, hasAuth, positions, hadConnection, socket: this.namespaces.length },
      ...{ isWanted: false, hooks: { prologue: false, gap: false }, topics: new Map() },
      ...{
        outbox: undefined,
        store: undefined,
        isPaused: false,
        isUpToDate: false,
        lastTerm: -1,
        hasGap: false,
      },
      ...{ connection: 0, coreConnection: undefined, progress: undefined },
    };
    this.namespaces.push(wishes);
    this.#byName.set(name, wishes);
    return wishes;
  }

  of(namespace: string): NamespaceWishes | undefined {
    return this.#byName.get(namespace);
  }

  /** Returns the number under which the page gets events of this name. */
  numberOf(name: string): number | undefined {
    return this.names.get(name) ?? this.any;
  }

  /** Returns the name of the event with this number. */
  nameOf(event: number | undefined): string | undefined {
    for (const [name, number] of this.names) if (number === event) return name;
    return undefined;
  }

  /** Whatever was known of the user before is nothing that the next one continues. */
  forgetUser(): void {
    for (const wishes of this.namespaces) {
      Object.assign(wishes, { positions: [], progress: undefined });
      Object.assign(wishes, { hadConnection: false, isUpToDate: false });
      Object.assign(wishes, { hasGap: false, lastTerm: -1, coreConnection: undefined });
    }
  }
}

/** A page, as what it shares sees it. */
export interface Guest {
  readonly events: CoreEvents;
  readonly wishes: Wishes;
  /** Whether it is there: it may be frozen, or in the back/forward cache. */
  readonly isPresent: boolean;
}

/** Returns the connection's number for the page: it is higher for each, whatever cores there were. */
export function toPageConnection(wishes: NamespaceWishes, coreConnection: number): number {
  if (wishes.coreConnection !== coreConnection) {
    wishes.coreConnection = coreConnection;
    wishes.connection += 1;
  }
  return wishes.connection;
}
