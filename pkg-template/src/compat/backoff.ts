/** How long to wait before the next attempt to connect: exponential, bounded, never the same for all. */

/** Browsers run a timer that is longer at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Beyond this exponent every delay is above any limit, and the power would end up infinite. */
const LARGEST_EXPONENT = 31;

/** The settings of a {@link Backoff}. */
export interface BackoffSettings {
  /** The first delay. */
  min: number;
  /** No delay is longer. */
  max: number;
  /** How far a delay may be off, from 0 to 1; anything else is 0. */
  jitter: number;
}

/** The delays of one reconnection loop. */
export class Backoff {
  /** How many delays were drawn since the last reset. */
  attempts = 0;
  private min: number;
  private max: number;
  private jitter: number;

  constructor({ min, max, jitter }: BackoffSettings) {
    this.min = min;
    this.max = max;
    this.jitter = jitter;
  }

  /**
   * Draws the next delay in milliseconds.
   *
   * The limit is applied before the jitter and holds after it: clients that have been waiting for
   * long come back at different times, too.
   */
  duration(): number {
    const exponent = Math.min(this.attempts++, LARGEST_EXPONENT);
    const limit = Math.min(this.max, LONGEST_TIMER_MS);
    const delay = Math.min(this.min * 2 ** exponent, limit);
    return Math.floor(this.deviate(delay, limit));
  }

  /** Starts again with the first delay. */
  reset(): void {
    this.attempts = 0;
  }

  /** Sets the first delay. */
  setMin(min: number): void {
    this.min = min;
  }

  /** Sets the longest delay. */
  setMax(max: number): void {
    this.max = max;
  }

  /** Sets how far a delay may be off. */
  setJitter(jitter: number): void {
    this.jitter = jitter;
  }

  private deviate(delay: number, limit: number): number {
    if (!(this.jitter > 0 && this.jitter <= 1)) return delay;
    const random = Math.random();
    const deviation = Math.floor(random * this.jitter * delay);
    const isLonger = Math.floor(random * 10) % 2 === 1;
    return isLonger && delay + deviation <= limit ? delay + deviation : delay - deviation;
  }
}
