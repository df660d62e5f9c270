/** What the core asks and one page answers: another one, if that goes before it has. */
import { nextTicket } from "./tickets.js";
import type { Guest } from "./wishes.js";

/** Something that the core wants to know. */
export interface Question {
  /** A newer question with the same key is asked in place of this one. */
  readonly key: string;
  /** By which the core knows it. */
  readonly ticket: number;
  /** Who could answer, the best first. */
  candidates(): readonly Guest[];
  ask(guest: Guest, ticket: number): void;
  /** Nobody is there who could answer. */
  giveUp(): void;
}

interface Open {
  readonly question: Question;
  readonly guest: Guest;
  readonly ticket: number;
}

export class Questions {
  readonly #open = new Map<string, Open>();

  ask(question: Question): void {
    const [guest] = question.candidates();
    this.#open.delete(question.key);
    if (!guest) {
      question.giveUp();
      return;
    }
    const ticket = nextTicket();
    this.#open.set(question.key, { question, guest, ticket });
    question.ask(guest, ticket);
  }

  /** Returns the core's ticket if the question that a page answers is still open, and closes it. */
  take(ticket: number): number | undefined {
    for (const [key, open] of this.#open) {
      if (open.ticket !== ticket) continue;
      this.#open.delete(key);
      return open.question.ticket;
    }
    return undefined;
  }

  /** Nobody wants to know it any more. */
  end(key: string): void {
    this.#open.delete(key);
  }

  /** Asks somebody else what this page was asked, unless it can still answer. */
  handleLeft(guest: Guest): void {
    for (const { question, guest: asked } of [...this.#open.values()])
      if (asked === guest && !question.candidates().includes(guest)) this.ask(question);
  }
}
