/** Events that the server wants one answer to and several pages may answer: the first one does. */

/** So many are remembered. Who answers one that is forgotten may be the second; the server ignores that. */
const MAX_REMEMBERED = 10_000;

export class Answers {
  /** Whether there is an answer. */
  readonly #asked = new Map<string, boolean>();

  /** Several pages get an event. */
  note(socket: number, connection: number, ackId: number): void {
    this.#asked.set(toKey(socket, connection, ackId), false);
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > MAX_REMEMBERED && oldest !== undefined) this.#asked.delete(oldest);
  }

  /** Returns whether this answer is the first. */
  claim(socket: number, connection: number, ackId: number): boolean {
    const key = toKey(socket, connection, ackId);
    if (this.#asked.get(key)) return false;
    if (this.#asked.has(key)) this.#asked.set(key, true);
    return true;
  }
}

const toKey = (...numbers: readonly number[]) => numbers.join(" ");
