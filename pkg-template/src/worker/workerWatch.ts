/** Notices that a worker has ended, by the lock that it holds. */
import type { Link } from "./link.js";

export class WorkerWatch {
  readonly #link: Link;
  readonly #handleDead: () => void;
  readonly #isShared: boolean;
  /** Whether the worker holds its lock, which a shared one does also while the page is away. */
  #isLocked = false;
  #isAway = false;
  #term = 0;
  #unwatch: (() => void) | undefined;

  constructor(link: Link, handleDead: () => void) {
    this.#link = link;
    this.#isShared = link.tab !== undefined;
    this.#handleDead = handleDead;
  }

  /** Whether the page is frozen, or was left. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** The worker has told that it holds its lock, unless it has to let go of it since. */
  handleLocked(term: number): void {
    if (!this.#isShared && term !== this.#term) return;
    this.#isLocked = true;
    this.#begin();
  }

  /** The page is away: one that waits for a lock is not kept in the back/forward cache. Returns the number of that. */
  suspend(): number {
    this.end();
    this.#isAway = true;
    this.#isLocked &&= this.#isShared;
    return ++this.#term;
  }

  /** The page is back, if it was away. */
  resume(): void {
    this.#isAway = false;
    this.#begin();
  }

  end(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  #begin(): void {
    if (this.#isLocked && !this.#isAway) this.#unwatch ??= this.#link.watch(this.#handleDead);
  }
}
