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

  /** Tells those who have subscribed; a state has this value from then on. */
  tell(value: Value): void {
    const known = (this.#known = this.#known.map(() => value));
    for (const listener of [...this.#listeners]) {
      if (this.#known !== known) return; // A listener caused the next one, which all have been told.
      if (this.#listeners.has(listener)) listener(value);
    }
  }

  subscribe(
    given: ((value: Value) => void) | Observer<Value>,
    options: SubscribeOptions = {},
  ): Subscription {
    const observer = typeof given === "function" ? { next: given } : given;
    return this.#found?.subscribe(observer, options) ?? this.#wait(observer, options.signal);
  }

  #wait(observer: Observer<Value>, signal: AbortSignal | undefined): Subscription {
    const isState = this.#known.length > 0;
    let told: string | undefined;
    const listener = (value: Value) => {
      told = JSON.stringify([value]);
      this.#queue.guard(() => observer.next?.(value));
    };
    // The facade begins with the state that it was given, which may be what was told last.
    const next = (value: Value) => {
      const isTold = told === JSON.stringify([value]);
      told = undefined;
      if (!isTold) observer.next?.(value);
    };
    const complete = () => observer.complete?.();
    const abort = () => waiting.unsubscribe();
    const leave = () => {
      this.#listeners.delete(listener);
      signal?.removeEventListener("abort", abort);
    };
    if (this.#queue.isOver) this.#known.forEach(listener);
    const take = () => this.#find().subscribe(isState ? { next, complete } : observer, { signal });
    const waiting = this.#queue.subscribe(take, complete, leave);
    if (waiting.closed) return waiting;
    this.#listeners.add(listener);
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    else this.#known.forEach(listener);
    return waiting;
  }

  [symbolObservable](): this {
    return this;
  }

  /** Its values are those of the facade. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Value> {
    const end = () => Promise.resolve({ done: true } as IteratorReturnResult<undefined>);
    const iterator = new Promise<Pick<AsyncIterableIterator<Value>, "next" | "return">>((resolve) =>
      this.#queue.add(
        () => resolve(this.#find()[Symbol.asyncIterator]()),
        () => resolve({ next: end, return: end }),
      ),
    );
    this.#queue.load();
    return {
      next: async () => (await iterator).next(),
      return: async () => (await iterator).return?.() ?? end(),
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
