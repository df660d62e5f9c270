/** What is asked of a client before its facade is there, in the order in which it is asked. */
import type { SockeyeError } from "../errors.js";
import type { Subscription } from "../observable.js";

/** A call that waits. */
interface Call {
  run: () => unknown;
  /** Is told why the call cannot be made, or what it threw. */
  end: ((error: unknown) => unknown) | undefined;
  /** Whether `end` tells somebody, so that nobody else needs to know. */
  isAwaited: boolean | undefined;
}

export abstract class Queue {
  /** Whether nothing waits any more: calls are made at once. */
  isOver = false;
  /** Why no call can be made any more, if so. */
  error: SockeyeError | undefined;
  readonly #calls = new Set<Call>();

  /** Tells what went wrong without a call that could have failed. */
  abstract tell(error: unknown): void;

  /** Tells what a listener threw. */
  abstract report(error: unknown): void;

  /** Has the facade loaded. */
  abstract load(): void;

  /** Makes a call when its turn comes; what is returned takes it back. */
  add(run: Call["run"], end?: Call["end"], isAwaited?: boolean): () => void {
    const call = { run, end, isAwaited };
    if (this.isOver) {
      const error = this.#make(call);
      if (error instanceof Error && !end) throw error;
    } else this.#calls.add(call);
    return () => this.#calls.delete(call);
  }

  /** Makes a call whose outcome somebody may wait for. */
  ask<Value>(run: () => Promise<Value>): Promise<Value> {
    const promise = new Promise<Value>((resolve, reject) => {
      this.add(() => resolve(run()), reject, true);
    });
    promise.catch(() => {});
    return promise;
  }

  /** Makes a call that holds until it is taken back. */
  subscribe(run: () => Subscription, end?: () => unknown): Subscription {
    let made: Subscription | undefined;
    let closed = false;
    const forget = this.add(
      () => {
        made = run();
        // A listener that was told at once may have had enough.
        if (closed) made.unsubscribe();
      },
      () => {
        closed = true;
        end?.();
      },
    );
    return {
      get closed() {
        return made ? made.closed : closed;
      },
      unsubscribe() {
        closed = true;
        forget();
        made?.unsubscribe();
      },
    };
  }

  /** Makes all calls; those that come meanwhile are the last ones. */
  replay(): void {
    for (const call of this.#calls) {
      this.#calls.delete(call);
      const error = this.#make(call);
      if (error && !call.isAwaited && !this.error) this.tell(error);
    }
    this.isOver = true;
  }

  /** No call can be made, now or later. */
  end(error: SockeyeError): void {
    this.isOver = true;
    this.error = error;
    for (const call of this.#calls) {
      this.#calls.delete(call);
      this.#end(call, error);
    }
  }

  /** Returns why that could not be done, if so. */
  #make(call: Call): unknown {
    try {
      if (this.error) throw this.error;
      call.run();
      return undefined;
    } catch (error) {
      this.#end(call, error);
      return error;
    }
  }

  /** Somebody's listener may be told, and throw. */
  #end({ end }: Call, error: unknown): void {
    try {
      end?.(error);
    } catch (thrown) {
      this.report(thrown);
    }
  }
}
