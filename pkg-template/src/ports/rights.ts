/** The right to drain, by Web Locks and without them. */

/** The right, for which one client waits, or which it has. */
export interface Right {
  /** Resolves when this client has it; rejects when it has given up, or cannot have it. */
  readonly acquired: Promise<void>;
  /** Whether others know only from this client that it has the right. */
  readonly isAnnounced: boolean;
  /** Takes it, whoever has it. */
  take(): void;
  /** Gives it up, or waits for it no longer. */
  release(): void;
}

/** Rejects with this if a client waits no longer. */
export const givenUp = (): DOMException =>
  new DOMException("the client waits no longer for the right to drain", "AbortError");

class Acquisition {
  readonly acquired: Promise<void>;
  protected grant: () => void = () => {};
  protected refuse: (error: unknown) => void = () => {};

  constructor() {
    this.acquired = new Promise((resolve, reject) => {
      this.grant = resolve;
      this.refuse = reject;
    });
  }
}

/** A Web Lock: the browser knows who has it, and gives it to the next one when that page is gone. */
export class LockedRight extends Acquisition implements Right {
  readonly isAnnounced = false;
  readonly #locks: LockManager;
  readonly #name: string;
  readonly #handleLost: () => void;
  readonly #waiting = new AbortController();
  /** The last request; what becomes of one before it does not matter. */
  #request = 0;
  #leave: (() => void) | undefined;

  /** Waits. Calls `handleLost` if it has the lock and somebody else takes it. */
  constructor(locks: LockManager, name: string, handleLost: () => void) {
    super();
    this.#locks = locks;
    this.#name = name;
    this.#handleLost = handleLost;
    void this.#ask({ signal: this.#waiting.signal });
  }

  take(): void {
    this.#waiting.abort();
    void this.#ask({ steal: true });
  }

  release(): void {
    this.#request += 1;
    this.#waiting.abort();
    this.#leave?.();
    this.refuse(givenUp());
  }

  async #ask(options: LockOptions): Promise<void> {
    const request = (this.#request += 1);
    const isLast = () => request === this.#request;
    const hold = () => (isLast() ? this.#hold() : undefined);
    try {
      await this.#locks.request(this.#name, options, hold);
    } catch (error) {
      if (!isLast()) return;
      if (this.#leave) this.#handleLost();
      else this.refuse(error);
    }
  }

  #hold(): Promise<void> {
    return new Promise((leave) => {
      this.#leave = leave;
      this.grant();
    });
  }
}

/**
 * What there is without Web Locks: whoever hears of nobody who has the right takes it and says so. If two
 * do at the same time, the store lets only one of them drain, and the other one waits when it notices.
 */
export class AnnouncedRight extends Acquisition implements Right {
  readonly isAnnounced = true;

  take(): void {
    this.grant();
  }

  release(): void {
    this.refuse(givenUp());
  }
}
