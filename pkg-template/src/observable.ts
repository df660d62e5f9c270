/** Streams of values: what `client.on()`, `client.status` and `client.errors` are. */
import { fail } from "./errors.js";

/** Takes the values of an {@link Observable}. */
export interface Observer<Value> {
  next?: (value: Value) => void;
  /** Called once, instead of any further value, when the stream cannot go on. */
  error?: (error: unknown) => void;
  /** Called once, when no further value can come. */
  complete?: () => void;
}

/** The right to receive values, until it is given back. */
export interface Subscription {
  /** Ends the subscription. Not one value comes after it, also when called by a listener. */
  unsubscribe(): void;
  readonly closed: boolean;
}

export interface SubscribeOptions {
  /** Ends the subscription when it aborts. */
  signal?: AbortSignal | undefined;
}

/** How many values an async iterator keeps for a consumer that is slower than the stream. */
const MAX_ITERATOR_VALUES = 10_000;

const symbolObservable = ((Symbol as { observable?: symbol }).observable ??
  "@@observable") as "@@observable";

/**
 * A stream of values that starts anew for each subscriber.
 *
 * RxJS (`from(observable)`), `for await` and plain listeners can consume it.
 *
 * @example
 * const subscription = client.on("job:progress").subscribe((job) => show(job));
 * subscription.unsubscribe();
 */
export class Observable<Value> {
  readonly #connect: (observer: Observer<Value>) => () => void;

  /** @internal */
  constructor(connect: (observer: Observer<Value>) => () => void) {
    this.#connect = connect;
  }

  /** Calls `observer`, or its `next`, with each value from now on. */
  subscribe(
    observer: ((value: Value) => void) | Observer<Value>,
    { signal }: SubscribeOptions = {},
  ): Subscription {
    const target = typeof observer === "function" ? { next: observer } : observer;
    const subscriber = new Subscriber(target);
    if (signal?.aborted) subscriber.unsubscribe();
    else {
      subscriber.closeWith(this.#connect(subscriber));
      const abort = () => subscriber.unsubscribe();
      signal?.addEventListener("abort", abort, { once: true });
      subscriber.closeWith(() => signal?.removeEventListener("abort", abort));
    }
    return subscriber;
  }

  /** Makes it an observable for RxJS and other libraries. */
  [symbolObservable](): this {
    return this;
  }

  /**
   * Iterates over the values from now on, until the loop ends.
   *
   * A consumer that falls 10,000 values behind gets a `iterator_overflow` error.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Value, void, undefined> {
    const values: Value[] = [];
    let wake = () => {};
    let end: { error?: unknown } | undefined;
    const finish = (reason: { error?: unknown }) => {
      end ??= reason;
      wake();
    };
    const subscription = this.subscribe({
      next(value) {
        if (values.push(value) > MAX_ITERATOR_VALUES) finish({ error: overflow() });
        wake();
      },
      error: (error) => finish({ error }),
      complete: () => finish({}),
    });
    try {
      for (;;) {
        if (end && "error" in end) throw end.error;
        if (values.length > 0) yield values.shift() as Value;
        else if (end) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      subscription.unsubscribe();
    }
  }
}

function overflow() {
  return fail(
    "iterator_overflow",
    "a for-await loop fell 10,000 values behind its stream",
    "do less in the loop, or subscribe with a listener",
  );
}

/** Passes values on until it is closed, and then lets go of what gave them. */
class Subscriber<Value> implements Observer<Value>, Subscription {
  closed = false;
  readonly #observer: Observer<Value>;
  readonly #teardowns: (() => void)[] = [];

  constructor(observer: Observer<Value>) {
    this.#observer = observer;
  }

  closeWith(teardown: () => void) {
    if (this.closed) teardown();
    else this.#teardowns.push(teardown);
  }

  next(value: Value) {
    if (!this.closed) this.#observer.next?.(value);
  }

  error(error: unknown) {
    if (!this.closed) {
      this.unsubscribe();
      this.#observer.error?.(error);
    }
  }

  complete() {
    if (!this.closed) {
      this.unsubscribe();
      this.#observer.complete?.();
    }
  }

  unsubscribe() {
    this.closed = true;
    for (const teardown of this.#teardowns.splice(0)) teardown();
  }
}

/** Tells its observers what it is told. A listener that throws stops nobody else. */
export class Subject<Value> {
  #observers: readonly Observer<Value>[] = [];
  #completed = false;
  readonly #onThrow: (error: unknown) => void;

  constructor(onThrow: (error: unknown) => void) {
    this.#onThrow = onThrow;
  }

  get isObserved(): boolean {
    return this.#observers.length > 0;
  }

  get isCompleted(): boolean {
    return this.#completed;
  }

  /** Adds an observer; the returned function takes it away. It completes if everything has. */
  add(observer: Observer<Value>): () => void {
    if (this.#completed) observer.complete?.();
    else this.#observers = [...this.#observers, observer];
    return () => {
      this.#observers = this.#observers.filter((other) => other !== observer);
    };
  }

  /** Tells everybody. Whoever subscribes meanwhile gets the next value first. */
  next(value: Value): void {
    for (const observer of this.#observers) this.tell(observer, value);
  }

  /** Tells one observer. */
  tell(observer: Observer<Value>, value: Value): void {
    try {
      observer.next?.(value);
    } catch (error) {
      this.#onThrow(error);
    }
  }

  /** Tells everybody that no further value comes, and lets go of them. */
  complete(): void {
    const observers = this.#observers;
    this.#observers = [];
    this.#completed = true;
    for (const observer of observers) {
      try {
        observer.complete?.();
      } catch (error) {
        this.#onThrow(error);
      }
    }
  }
}

/** An {@link Observable} with a current value, which each subscriber gets first. */
export class StateObservable<Value> extends Observable<Value> {
  readonly #read: () => Value;

  /** @internal */
  constructor(read: () => Value, subject: Subject<Value>) {
    super((observer) => {
      const remove = subject.isCompleted ? () => {} : subject.add(observer);
      subject.tell(observer, read());
      if (subject.isCompleted) observer.complete?.();
      return remove;
    });
    this.#read = read;
  }

  /** The current value. */
  get value(): Value {
    return this.#read();
  }
}
