/** Streams that applications subscribe to before there is anything in them. */
import type { Observable, Observer, SubscribeOptions, Subscription } from "../observable.js";
import { symbolObservable } from "../symbolObservable.js";
import type { Queue } from "./queue.js";

type Found<Value> = Observable<Value> & { value?: Value };

/**
 * Tells what is known before the facade is there; who has subscribed by then is subscribed to the stream of the
 * facade itself. A state has its value in `known`; nobody gets the same one twice.
 */
export class LateStream<Value> {
  readonly #queue: Queue;
  readonly #find: () => Found<Value>;
  #known: readonly Value[];
  readonly #listeners = new Set<(value: Value) => void>();

  constructor(queue: Queue, find: () => Found<Value>, known: readonly Value[] = []) {
    this.#queue = queue;
    this.#find = find;
    this.#known = known;
  }

  get value(): Value {
    const found = this.#found;
    return (found ? found.value : this.#known[0]) as Value;
  }

  /** Tells those who have subscribed. */
  tell(value: Value): void {
    for (const listener of [...this.#listeners]) listener(value);
  }

  /** Has another value, if it is a state. */
  set(value: Value): void {
    this.#known = [value];
    for (const listener of [...this.#listeners]) {
      if (this.#known[0] !== value) return; // A listener caused the next one, which all have been told.
      listener(value);
    }
  }

  subscribe(
    given: ((value: Value) => void) | Observer<Value>,
    options: SubscribeOptions = {},
  ): Subscription {
    const observer = typeof given === "function" ? { next: given } : given;
    if (this.#found) return this.#find().subscribe(observer, options);
    return this.#queue.isOver ? this.#tellEnd(observer) : this.#wait(observer, options);
  }

  #wait(observer: Observer<Value>, options: SubscribeOptions): Subscription {
    const isState = this.#known.length > 0;
    let last: string | undefined;
    const listener = (value: Value) => {
      if (waiting.closed) return;
      last = isState ? toText(value) : undefined;
      this.#tell(() => observer.next?.(value));
    };
    const waiting = this.#queue.subscribe(
      () => {
        leave();
        return isState
          ? this.#takeOver(observer, last, options)
          : this.#find().subscribe(observer, options);
      },
      () => {
        leave();
        observer.complete?.();
      },
    );
    const { signal } = options;
    const unsubscribe = () => {
      leave();
      waiting.unsubscribe();
    };
    const leave = () => {
      this.#listeners.delete(listener);
      signal?.removeEventListener("abort", unsubscribe);
    };
    this.#listeners.add(listener);
    signal?.addEventListener("abort", unsubscribe);
    if (signal?.aborted) unsubscribe();
    this.#known.forEach(listener);
    return {
      get closed() {
        return waiting.closed;
      },
      unsubscribe,
    };
  }

  /** The facade begins with the state that it was given, which may be what was told last. */
  #takeOver(
    observer: Observer<Value>,
    told: string | undefined,
    options: SubscribeOptions,
  ): Subscription {
    let last = told;
    const next = (value: Value) => {
      this.#known = [value];
      const isTold = last !== undefined && last === toText(value);
      last = undefined;
      if (!isTold) observer.next?.(value);
    };
    const complete = () => observer.complete?.();
    return this.#find().subscribe({ next, complete }, options);
  }

  /** Nothing more can come, and there is no stream of the facade. */
  #tellEnd(observer: Observer<Value>): Subscription {
    for (const value of this.#known) this.#tell(() => observer.next?.(value));
    this.#tell(() => observer.complete?.());
    return { closed: true, unsubscribe: () => {} };
  }

  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#queue.report(error);
    }
  }

  [symbolObservable](): this {
    return this;
  }

  /** Its values are those of the facade. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Value> {
    const over = () => Promise.resolve({ done: true, value: undefined } as const);
    const iterator = new Promise<Pick<AsyncIterableIterator<Value>, "next" | "return">>((resolve) =>
      this.#queue.add(
        () => resolve(this.#find()[Symbol.asyncIterator]()),
        () => resolve({ next: over, return: over }),
      ),
    );
    this.#queue.load();
    return {
      next: async () => (await iterator).next(),
      return: async () => (await iterator).return?.() ?? over(),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** There is none of what could not be made. */
  get #found(): Found<Value> | undefined {
    try {
      return this.#queue.isOver ? this.#find() : undefined;
    } catch {
      return undefined;
    }
  }
}

/** What cannot be compared was not told. */
function toText(value: unknown): string | undefined {
  try {
    return JSON.stringify([value]);
  } catch {
    return undefined;
  }
}
