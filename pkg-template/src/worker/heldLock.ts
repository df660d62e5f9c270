/** A lock that somebody holds as long as it lives: who asks for it, too, gets it when that has ended. */

/** The part of `globalThis` that has locks. Insecure pages and Node have none. */
export interface LockScope {
  readonly navigator?: { readonly locks?: LockManager | undefined } | undefined;
}

export class HeldLock {
  readonly #name: string;
  readonly #handleHeld: () => void;
  readonly #handleStolen: () => void;
  readonly #locks: LockManager | undefined;
  /** Ends the wait for it, or lets go of it. */
  #holding: AbortController | undefined;

  /** `handleHeld` is called whenever the lock is held, `handleStolen` when somebody has stolen it. */
  constructor(
    name: string,
    handleHeld: () => void,
    handleStolen = () => {},
    scope: LockScope = globalThis,
  ) {
    this.#name = name;
    this.#handleHeld = handleHeld;
    this.#handleStolen = handleStolen;
    this.#locks = scope.navigator?.locks;
  }

  /** Whether it is held, or waited for. */
  get isHeld(): boolean {
    return this.#holding !== undefined;
  }

  /** Holds it as soon as nobody else does, unless that is so already. */
  hold(): void {
    if (!this.#holding) void this.#request((signal) => ({ signal }));
  }

  /** Holds it if nobody else does. Resolves with whether it is held then. */
  async holdIfFree(): Promise<boolean> {
    return !this.#holding && (await this.#request(() => ({ ifAvailable: true })));
  }

  /** Holds it, whoever does. */
  steal(): void {
    this.release();
    void this.#request(() => ({ steal: true }));
  }

  release(): void {
    this.#holding?.abort();
    this.#holding = undefined;
  }

  async #request(toOptions: (signal: AbortSignal) => LockOptions): Promise<boolean> {
    const holding = new AbortController();
    const { signal } = holding;
    this.#holding = holding;
    const isHeld = await new Promise<boolean>((resolve) => {
      const hold = (lock: Lock | null) => {
        resolve(lock !== null && !signal.aborted);
        if (!lock || signal.aborted) return undefined;
        const released = new Promise((end) => signal.addEventListener("abort", end));
        this.#handleHeld();
        return released;
      };
      const refused = () => resolve(false); // a page without an origin has none
      if (!this.#locks) refused();
      else
        this.#locks.request(this.#name, toOptions(signal), hold).catch(() => {
          refused();
          if (this.#forget(holding)) this.#handleStolen();
        });
    });
    if (!isHeld) this.#forget(holding);
    return isHeld;
  }

  /** Returns whether it was held, or waited for, until now. */
  #forget(holding: AbortController): boolean {
    if (this.#holding !== holding) return false;
    this.#holding = undefined;
    return true;
  }
}

/** Calls `handleReleased` when nobody holds the lock any more, until the function that it returns is called. */
export function whenReleased(
  name: string,
  handleReleased: () => void,
  { navigator }: LockScope = globalThis,
): () => void {
  const waiting = new AbortController();
  const { signal } = waiting;
  navigator?.locks
    ?.request(name, { signal }, () => {
      if (!signal.aborted) handleReleased();
    })
    .catch(() => {}); // it was aborted
  return () => waiting.abort();
}
