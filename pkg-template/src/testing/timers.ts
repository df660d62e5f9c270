/** Timers that can all be taken back. */
export class Timers {
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  /** Calls `run` after a time; returns what takes that back. */
  set(ms: number, run: () => void): () => void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
    return () => this.#clear(timer);
  }

  stop(): void {
    for (const timer of this.#timers) this.#clear(timer);
  }

  #clear(timer: ReturnType<typeof setTimeout>): void {
    clearTimeout(timer);
    this.#timers.delete(timer);
  }
}
