/** Acknowledgements that a server waits for. */
import type { Hall } from "./broadcast.js";
import type { Listener } from "./emitter.js";

/** What socket.io says. */
export const timedOut = (): Error => new Error("operation has timed out");

/** Of one socket. Time limits go on when it has disconnected, as in socket.io. */
export class Acks {
  readonly #waiting = new Map<number, Listener>();
  readonly #hall: Pick<Hall, "later">;

  constructor(hall: Pick<Hall, "later">) {
    this.#hall = hall;
  }

  /** Calls `acknowledge` with the answer; with a time limit it gets an error, or `null`, first. */
  wait(id: number, acknowledge: Listener, timeoutMs: number | undefined): void {
    if (timeoutMs === undefined) {
      this.#waiting.set(id, acknowledge);
      return;
    }
    const takeBack = this.#hall.later(timeoutMs, () => {
      this.#waiting.delete(id);
      acknowledge(timedOut());
    });
    this.#waiting.set(id, (...answer: unknown[]) => {
      takeBack();
      acknowledge(null, ...answer);
    });
  }

  answer(id: number, args: readonly unknown[]): void {
    const acknowledge = this.#waiting.get(id);
    this.#waiting.delete(id);
    acknowledge?.(...args);
  }

  forget(id: number): void {
    this.#waiting.delete(id);
  }
}
