/** Carries messages to the other side, those of one task together. */

/** What takes messages: a `MessagePort`. */
export interface Recipient {
  postMessage(message: unknown): void;
}

export class Courier<Message> {
  readonly #recipient: Recipient;
  readonly #handleRefused: (message: Message, error: unknown) => void;
  readonly #complete: ((messages: Message[]) => void) | undefined;
  #waiting: Message[] = [];
  #isScheduled = false;
  #isHeld = false;
  #isPaused = false;

  /**
   * `handleRefused` is told what cannot be cloned, and may add something in its place that can. With `complete`, which may add to what is about to be sent, nothing
   * more is sent until {@link release}: what comes faster than the other side takes it in goes in fewer and larger
   * messages.
   */
  constructor(
    recipient: Recipient,
    handleRefused: (message: Message, error: unknown) => void,
    complete?: (messages: Message[]) => void,
  ) {
    this.#recipient = recipient;
    this.#handleRefused = handleRefused;
    this.#complete = complete;
  }

  /** Whether the other side has yet to take in what was sent. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Whether nothing is sent. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** How many wait to be sent. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Takes out of what waits, and returns, up to `max` of the oldest that `matches`. */
  takeOut(matches: (message: Message) => boolean, max: number): Message[] {
    const taken: Message[] = [];
    this.#waiting = this.#waiting.filter((message) => {
      const isTaken = taken.length < max && matches(message);
      if (isTaken) taken.push(message);
      return !isTaken;
    });
    return taken;
  }

  /** Sends a message when whatever runs now has ended. */
  add(message: Message): void {
    this.#waiting.push(message);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (!this.#isHeld) this.flush();
    });
  }

  /** Nothing is sent until {@link resume}. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    if (!this.#isHeld) this.flush();
  }

  /** Sends a message at once, as it is now, after all that waits. Throws if it cannot be cloned. */
  send(message: Message): void {
    if (this.#isPaused) {
      this.#waiting.push(structuredClone(message));
      return;
    }
    this.flush();
    this.#recipient.postMessage([message]);
  }

  /** The other side has taken in what was sent. */
  release(): void {
    this.#isHeld = false;
    this.flush();
  }

  /** Sends what waits at once. */
  flush(): void {
    const messages = this.#waiting;
    if (messages.length === 0 || this.#isPaused) return;
    this.#waiting = [];
    this.#isHeld = this.#complete !== undefined;
    this.#complete?.(messages);
    try {
      this.#recipient.postMessage(messages);
    } catch {
      this.#sendEach(messages);
    }
  }

  /** One that cannot be cloned must not take the others with it. */
  #sendEach(messages: readonly Message[]): void {
    const sent = messages.filter((message) => this.#post(message));
    if (sent.length > 0) return;
    // Nobody will say that it has taken in what was never sent.
    this.#isHeld = false;
    this.flush();
  }

  /** Returns whether it was sent. */
  #post(message: Message): boolean {
    try {
      this.#recipient.postMessage([message]);
      return true;
    } catch (error) {
      this.#handleRefused(message, error);
      return false;
    }
  }
}
