/** The worker's side of what a page and its stores in the worker say to each other. */
import type { StoreDescription } from "../storePort.js";
import { toFault } from "./fault.js";
import type { StoreAsk, Told } from "./messages.js";
import { PageMirror } from "./pageMirror.js";
import type { SeatListener } from "./storeSeat.js";
import type { Seat, StoringCore } from "./storingCore.js";

type Asked = (...args: unknown[]) => Promise<unknown>;

/** How a page is told something. */
export interface Teller {
  /** In its order with all else. */
  readonly tell: (told: Told) => void;
  /** Ahead of what waits for the page to take in what it was told. */
  readonly say: (told: Told) => void;
}

export class HostedStores {
  readonly #teller: Teller;
  readonly #page = new PageMirror();
  readonly #seats = new Map<number, Seat>();
  #core: StoringCore | undefined;

  constructor(teller: Teller) {
    this.#teller = teller;
  }

  /** The core is there. */
  start(core: StoringCore): void {
    this.#core = core;
  }

  /** Resolves when nothing is under way. The core has ended by then. */
  async abandon(): Promise<void> {
    await Promise.all([...this.#seats.values()].map((seat) => seat.abandon()));
  }

  /** What the page may ask. */
  readonly handlers = {
    seatStore: (socket: number, description: StoreDescription, wasMade: boolean) => {
      const tellMade = () => this.#teller.tell(["databaseMade", description.database]);
      const scope = this.#page.withNote(wasMade, tellMade);
      const listener = this.#toListener(socket);
      const seat = this.#core?.seatStore(socket, description, scope, listener);
      if (seat) this.#seats.set(socket, seat);
    },
    beginStore: (socket: number) => this.#seats.get(socket)?.begin(),
    askStore: (socket: number, question: number, ask: StoreAsk, ...args: unknown[]) => {
      const seat = this.#seats.get(socket) as unknown as Record<StoreAsk, Asked> | undefined;
      void this.#answer(question, seat?.[ask](...args));
    },
    pageEvent: (...told: Parameters<PageMirror["tell"]>) => this.#page.tell(...told),
  };

  async #answer(question: number, answer: Promise<unknown> | undefined): Promise<void> {
    const { tell } = this.#teller;
    try {
      tell(["storeSaid", question, await answer, undefined]);
    } catch (error) {
      tell(["storeSaid", question, undefined, toFault(error)]);
    }
  }

  #toListener(socket: number): SeatListener {
    const { tell, say } = this.#teller;
    return {
      handleStored: (actions) => tell(["stored", socket, actions]),
      handleOpened: (keys) => tell(["storeOpened", socket, [...keys]]),
      handleFailed: (code, error) => tell(["storeFailed", socket, code, toFault(error)]),
      handleRefused: (error) => tell(["storeRefused", socket, toFault(error)]),
      handleEndings: (endings, isSo) => {
        try {
          say(["endings", socket, endings, isSo]);
        } catch {
          // An answer of the server may hold what cannot be cloned. The store has to be told all the same.
          const bare = endings.map(({ key, outcome }) => ({ key, outcome }));
          say(["endings", socket, bare, isSo]);
        }
      },
    };
  }
}
