/** The room in a database that is given up first when there is none left. */
import { makeReserve } from "./indexedDbConnection.js";
import type { Work } from "./indexedDbWork.js";

/** There may not be room for the reserve right away. */
const REMOVALS_BEFORE_RESERVE = 16;

/** Does it in a transaction of its own, which ends in time. */
export type Transact = (run: (work: Work) => Promise<unknown>) => Promise<unknown>;

export class IndexedDbReserve {
  readonly #transact: Transact;
  /** How much was removed since the reserve was used; undefined while it is there. */
  #removals: number | undefined;

  constructor(transact: Transact) {
    this.#transact = transact;
  }

  /** There is none: whoever used it is gone. */
  handleMissing(): void {
    this.#removals ??= 0;
  }

  /** Returns whether there is more room now. */
  async use(): Promise<boolean> {
    if (this.#removals !== undefined) return false;
    this.#removals = 0;
    return this.#set(undefined);
  }

  /** That fails as long as there is no room; then it is tried again after the next removals. */
  async restore(removals: number): Promise<void> {
    if (this.#removals === undefined) return;
    this.#removals += removals;
    if (this.#removals < REMOVALS_BEFORE_RESERVE) return;
    this.#removals = 0;
    if (await this.#set(makeReserve())) this.#removals = undefined;
  }

  async #set(reserve: Uint8Array | undefined): Promise<boolean> {
    try {
      await this.#transact((work) => work.setReserve(reserve));
      return true;
    } catch {
      return false;
    }
  }
}
