/** How those who wait for the right to drain find out that whoever has it does not get on. */

/** What somebody who has the right says of itself. */
export interface Holder {
  /** Another one each time that somebody gets the right. */
  readonly id: string;
  /** How many signs of life of the server it has heard: more each time, if it is alive and connected. */
  readonly heard: number;
  /** It could send, and knows of nothing that is to be sent. */
  readonly isIdle: boolean;
  /** It has just got the right. */
  readonly isNew: boolean;
}

/** The longest time that an answer of another tab may take. */
const LONGEST_GRACE_MS = 500;

/**
 * Decides when to ask, and when to take the right away. It goes by the time that has passed, not by the
 * number of its steps: the timers of hidden tabs are slow, and each decision comes after one more question.
 */
export class Watch {
  readonly #takeOverMs: number;
  readonly #paceMs: number;
  readonly #graceMs: number;
  /** Two may say that they have the right: one of them is frozen and does not know better. */
  readonly #heard = new Map<string, number>();
  /** Since when nobody has got on; undefined while that does not matter. */
  #since: number | undefined;
  /** When anybody last said that it has the right. */
  #answeredAt = -Infinity;
  /** When the answer to the last question has to be here. */
  #lastCall: number | undefined;
  #isVacant = false;

  constructor(takeOverMs: number) {
    this.#takeOverMs = takeOverMs;
    this.#paceMs = takeOverMs / 5;
    this.#graceMs = Math.min(LONGEST_GRACE_MS, this.#paceMs);
  }

  /** Whether it seems that nobody has the right. */
  get isVacant(): boolean {
    return this.#isVacant;
  }

  /** Nobody has the right, as far as this client knows: the next question is the last. */
  expectNobody(): void {
    this.#isVacant = true;
    this.#since = -Infinity;
    this.#lastCall = undefined;
  }

  /** There is nothing to be sent. */
  rest(): void {
    this.#since = undefined;
    this.#lastCall = undefined;
  }

  /** Somebody says that it has the right. */
  note({ id, heard, isNew }: Holder, now: number): void {
    const before = this.#heard.get(id) ?? Infinity;
    if (isNew || this.#isVacant || heard > before) {
      this.#since = now;
      this.#lastCall = undefined;
      this.#isVacant = false;
    }
    this.#heard.set(id, before === Infinity ? heard : Math.max(before, heard));
    this.#answeredAt = now;
  }

  /** What is to be done now. */
  step(now: number): "wait" | "probe" | "take" {
    this.#since ??= now;
    if (this.#lastCall !== undefined) return now >= this.#lastCall ? "take" : "wait";
    if (now - this.#since >= this.#takeOverMs) {
      // Those who wait do not all take it at the same time: whoever is first says so.
      this.#lastCall = now + this.#graceMs * (1 + Math.random());
      return "probe";
    }
    return now - this.#answeredAt >= this.#paceMs ? "probe" : "wait";
  }

  /** How long until the next step. */
  delay(now: number): number {
    const until = this.#lastCall ?? (this.#since ?? now) + this.#takeOverMs;
    return Math.max(0, Math.min(until - now, this.#paceMs));
  }
}
