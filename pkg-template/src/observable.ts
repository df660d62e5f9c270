/** Streams of values: what `client.on()`, `client.status` and `client.errors` are. */
import { fail } from "./errors.js";
import { type Pace, pace, type PacedObserver } from "./pacing.js";
import { symbolObservable } from "./symbolObservable.js";

/** Takes the values of an {@link Observable}. */
export interface Observer<Value> {
  /** Called with each value. */
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

/** How long somebody subscribes. */
export interface SubscribeOptions {
  /** Ends the subscription when it aborts. */
  signal?: AbortSignal | undefined;
}

/** How many values an async iterator keeps for a consumer that is slower than the stream. */
const MAX_ITERATOR_VALUES = 10_000;

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

  /**
   * Calls `observer`, or its `next`, with each value from now on.
   *
   * @example
   * client.on("message").subscribe((message) => show(message), { signal });
   */
  subscribe(
    observer: ((value: Value) => void) | Observer<Value>,
    { signal }: SubscribeOptions = {},
  ): Subscription {
    const target = typeof observer === "function" ? { next: observer } : observer;
    const subscriber = new Subscriber(target);
    if (signal?.aborted) subscriber.unsubscribe();
    else {
      const abort = () => subscriber.unsubscribe();
      signal?.addEventListener("abort", abort);
      subscriber.closeWith(() => signal?.removeEventListener("abort", abort));
      subscriber.closeWith(this.#connect(subscriber));
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
   * A consumer that falls 10,000 values behind gets an `iterator_overflow` error.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Value> {
    return new ValueIterator(this);
  }
}

/** Keeps the values for which nobody has asked, and the askers for whom there is no value. */
class ValueIterator<Value> implements AsyncIterableIterator<Value> {
  readonly #subscription: Subscription;
  #values: Value[] = [];
  #askers: { resolve: (result: IteratorResult<Value>) => void; reject: (e: unknown) => void }[] =
    [];
  #end: { error?: unknown } | undefined;

  constructor(values: Observable<Value>) {
    this.#subscription = values.subscribe({
      next: (value) => this.#take(value),
      error: (error) => this.#finish({ error }),
      complete: () => this.#finish({}),
    });
    if (this.#end) this.#subscription.unsubscribe();
  }

  next(): Promise<IteratorResult<Value>> {
    if (this.#values.length > 0) {
      return Promise.resolve({ done: false, value: this.#values.shift() as Value });
    }
    return new Promise((resolve, reject) => {
      this.#askers.push({ resolve, reject });
      if (this.#end) this.#tellEnd(this.#end);
    });
  }

  /** Called by the loop when it is left. */
  return(): Promise<IteratorResult<Value>> {
    this.#values = [];
    this.#finish({});
    this.#end = {};
    return this.next();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(value: Value): void {
    const asker = this.#askers.shift();
    if (asker) asker.resolve({ done: false, value });
    else if (this.#values.push(value) > MAX_ITERATOR_VALUES) {
      this.#values = [];
      this.#finish({ error: overflow() });
    }
  }

  #finish(end: { error?: unknown }): void {
    if (this.#end) return;
    this.#end = end;
    // A stream that has a value at once may end before there is a subscription to end.
    (this.#subscription as Subscription | undefined)?.unsubscribe();
    this.#tellEnd(end);
  }

  /** An error is told once; then there is just nothing more. */
  #tellEnd(end: { error?: unknown }): void {
    for (const { resolve, reject } of this.#askers.splice(0)) {
      if ("error" in end) reject(end.error);
      else resolve({ done: true, value: undefined });
      this.#end = end = {};
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

  get [pace](): Pace | undefined {
    return (this.#observer as PacedObserver)[pace];
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
    if (this.#completed) this.finish(observer);
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
    for (const observer of observers) this.finish(observer);
  }

  /** Tells one observer that no further value comes. */
  finish(observer: Observer<never>): void {
    try {
      observer.complete?.();
    } catch (error) {
      this.#onThrow(error);
    }
  }
}

/** An {@link Observable} with a current value, which each subscriber gets first. */
export class StateObservable<Value> extends Observable<Value> {
  readonly #read: () => Value;

  /** @internal */
  constructor(read: () => Value, subject: Subject<Value>, replay: () => Value = read) {
    super((observer) => {
      const remove = subject.isCompleted ? () => {} : subject.add(observer);
      subject.tell(observer, replay());
      if (subject.isCompleted) subject.finish(observer);
      return remove;
    });
    this.#read = read;
  }

  /** The current value. */
  get value(): Value {
    return this.#read();
  }
}
