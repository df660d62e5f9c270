/** Numbers and names that are the same for the same seed. */

/** A generator of numbers from 0 to below 1: mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Twenty characters, as the ids of socket.io. */
  id(): string {
    return Array.from({ length: 20 }, () => digits[Math.floor(this.next() * digits.length)]).join(
      "",
    );
  }
}

/** The digits of socket.io's ids, the least first. */
export const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
