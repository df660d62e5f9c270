/** What the core waits for until all pages are done that have something to do. */
import { nextTicket } from "./tickets.js";
import type { Guest } from "./wishes.js";

/** A page that has something to do. */
export interface Asked {
  readonly guest: Guest;
  /** Is given the ticket by which the page says that it is done. */
  readonly ask: (ticket: number) => void;
}

interface Round {
  /** By which the core knows it; it does not wait for one that is a page's own. */
  readonly ticket: number | undefined;
  readonly handleDone: () => void;
  waiting: number;
}

export class Rounds {
  /** By the tickets of the pages. */
  readonly #open = new Map<number, { guest: Guest; round: Round }>();

  begin(ticket: number | undefined, asked: readonly Asked[], handleDone: () => void): void {
    const round: Round = { ticket, handleDone, waiting: asked.length };
    if (asked.length === 0) handleDone();
    for (const { guest, ask } of asked) {
      const own = nextTicket();
      this.#open.set(own, { guest, round });
      ask(own);
    }
  }

  /** Returns that of which a page has this ticket, while the page is not done. */
  find(ticket: number): Pick<Round, "ticket"> | undefined {
    return this.#open.get(ticket)?.round;
  }

  /** A page is done. */
  end(ticket: number): void {
    const round = this.#open.get(ticket)?.round;
    this.#open.delete(ticket);
    if (round && --round.waiting === 0) round.handleDone();
  }

  handleLeft(guest: Guest): void {
    for (const [ticket, open] of [...this.#open]) if (open.guest === guest) this.end(ticket);
  }
}
