/** Listeners by the names of events, as Node's `EventEmitter` keeps them, for wherever there is none. */

// Listeners are declared by the application, so their parameters can be anything here.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Any = any;

/** A listener to any event. */
export type Listener = (...args: Any[]) => unknown;

interface Entry {
  readonly listener: Listener;
  readonly isOnce: boolean;
}

/** What has listeners. */
export class Emitter {
  readonly #owner: object;
  readonly #entries = new Map<string, Entry[]>();

  /** Listeners find `owner` as their `this`. */
  constructor(owner: object) {
    this.#owner = owner;
  }

  add(event: string, listener: Listener, { isOnce = false, isFirst = false } = {}): void {
    const entries = this.#entries.get(event) ?? [];
    const entry = { listener, isOnce };
    this.#entries.set(event, isFirst ? [entry, ...entries] : [...entries, entry]);
  }

  /** Takes the newest of these listeners away. */
  remove(event: string, listener: Listener): void {
    const entries = this.#entries.get(event) ?? [];
    const index = entries.map((entry) => entry.listener).lastIndexOf(listener);
    const others = entries.filter((_, position) => position !== index);
    this.#entries.set(event, others);
  }

  removeAll(event?: string): void {
    if (event === undefined) this.#entries.clear();
    else this.#entries.delete(event);
  }

  /** Returns functions that each call one listener, and count as its call. */
  listeners(event: string): Listener[] {
    return (this.#entries.get(event) ?? []).map((entry) =>
      entry.isOnce ? (...args: unknown[]) => this.#call(event, entry, args) : entry.listener,
    );
  }

  /** Calls the listeners. What one throws is an uncaught error, and the others are called all the same. */
  tell(event: string, ...args: unknown[]): void {
    for (const entry of this.#entries.get(event) ?? []) {
      callSafely(() => this.#call(event, entry, args));
    }
  }

  #call(event: string, entry: Entry, args: unknown[]): unknown {
    if (entry.isOnce) this.remove(event, entry.listener);
    return entry.listener.apply(this.#owner, args);
  }
}

/** Calls it; what it throws is an uncaught error, and nothing that the caller has to do with. */
export function callSafely(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    throwLater(error);
  }
}

/** Makes an uncaught error of it, which a test runner shows. Fake timers do not keep it back. */
function throwLater(error: unknown): void {
  void Promise.resolve().then(() => {
    throw error;
  });
}
