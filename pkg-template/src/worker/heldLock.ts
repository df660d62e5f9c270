/** A lock that somebody holds as long as it lives: who asks for it, too, gets it when that has ended. */

/** The part of `globalThis` that has locks. Insecure pages and Node have none. */
export interface LockScope {
  readonly navigator?: { readonly locks?: LockManager | undefined } | undefined;
}

export class HeldLock {
  readonly #name: string;
  readonly #handleHeld: () => void;
  readonly #locks: LockManager | undefined;
  #release: (() => void) | undefined;

  /** `handleHeld` is called whenever the lock is held. */
  constructor(name: string, handleHeld: () => void, scope: LockScope = globalThis) {
    this.#name = name;
    this.#handleHeld = handleHeld;
    this.#locks = scope.navigator?.locks;
  }

  /** Holds it, unless that is so already. */
  hold(): void {
    if (this.#release || !this.#locks) return;
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    this.#release = release;
    this.#locks
      .request(this.#name, {}, () => {
        if (this.#release === release) this.#handleHeld();
        return released;
      })
      .catch(() => {}); // a page without an origin has none
  }

  release(): void {
    this.#release?.();
    this.#release = undefined;
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
