/** A core in a worker that has the stores of its outboxes beside it. */
import type { CoreEvents, CoreOptions, WorkerCore } from "../port.js";
import type { TabScope } from "../ports/tabScope.js";
import { IndexedDbStore } from "../ports/indexedDbStore.js";
import type { StoreDescription } from "../storePort.js";
import { type SeatListener, StoreSeat } from "./storeSeat.js";

/** What is asked of a place for a store. */
export type Seat = Pick<StoreSeat, "begin" | "load" | "discard" | "abandon">;

export interface StoringCore extends WorkerCore {
  /**
   * Makes a place for the store of a namespace: the core's commands to it go there from now on, and wait until it is told
   * to begin. If it cannot be opened they are told by `events.store` after all. `scope` stands for the page.
   */
  seatStore(
    socket: number,
    description: StoreDescription,
    scope: TabScope,
    listener: SeatListener,
  ): Seat;
}

/** Makes a core where it is called. */
export type MakeCore<Core extends WorkerCore> = (
  options: CoreOptions,
  events: CoreEvents,
  signal: AbortSignal,
) => Promise<Core>;

/** Lets cores have stores beside them. `events` has to be a plain object. */
export function withStores(makeCore: MakeCore<WorkerCore>): MakeCore<StoringCore> {
  return async (options, events, signal) => {
    const seats = new Map<number, StoreSeat>();
    const seated: CoreEvents = {
      ...events,
      store: (socket, ticket, command) => {
        const seat = seats.get(socket);
        if (seat) seat.run(ticket, command);
        else events.store(socket, ticket, command);
      },
      coreFailed: (...failure) => {
        for (const seat of seats.values()) void seat.abandon();
        events.coreFailed(...failure);
      },
    };
    const core = await makeCore(options, seated, signal);
    const seatStore: StoringCore["seatStore"] = (socket, description, scope, listener) => {
      const { database: name, durability, takeOverMs } = description;
      const seat = new StoreSeat(
        {
          ...{ core, socket, description },
          makeStore: () => new IndexedDbStore({ name, durability, takeOverMs }, scope),
          passOn: (ticket, command) => events.store(socket, ticket, command),
        },
        listener,
      );
      seats.set(socket, seat);
      return seat;
    };
    return Object.assign(core, { seatStore });
  };
}
