/** What is asked of a client before its facade is there, in the order in which it is asked. */
import type { SockeyeError } from "../errors.js";
import type { Subscription } from "../observable.js";

/** A call that waits. */
export interface Call {
  run: () => unknown;
  /** Is told why the call cannot be made, or what it threw. */
  end: ((error: SockeyeError) => unknown) | undefined;
  /** Whether `end` tells somebody, so that nobody else needs to know. */
  isAwaited: boolean | undefined;
  /** Gives back the room that it takes up, if any. */
  leave: (() => void) | undefined;
}

export abstract class Queue {
  /** Whether nothing waits any more: calls are made at once. */
  isOver = false;
  /** Why no call can be made any more, if so. */
  error: SockeyeError | undefined;
  readonly calls = new Set<Call>();

  /** Tells what a listener threw. */
  abstract report(error: unknown): void;

  /** Has the facade loaded. */
  abstract load(): void;

  /** Makes a call when its turn comes; what is returned takes it back. */
  add(run: Call["run"], end?: Call["end"], isAwaited?: boolean, leave?: () => void): () => void {
    const call = { run, end, isAwaited, leave };
    if (this.isOver) this.make(call);
    else this.calls.add(call);
    return () => this.remove(call);
  }

  /** It waits no more. */
  remove(call: Call): void {
    if (this.calls.delete(call)) call.leave?.();
  }

  /** Makes a call whose outcome somebody may wait for. */
  ask<Value>(run: () => Value | Promise<Value>): Promise<Value> {
    const promise = new Promise<Value>((resolve, reject) => {
      this.add(() => resolve(run()), reject, true);
    });
    promise.catch(() => {});
    return promise;
  }

  /** Makes a call that holds until it is taken back; `leave` is called when it waits no longer. */
  subscribe(run: () => Subscription, end?: () => unknown, leave?: () => void): Subscription {
    let made: Subscription | undefined;
    let closed = false;
    const forget = this.add(
      () => {
        leave?.();
        made = run();
        // A listener that was told at once may have had enough.
        if (closed) made.unsubscribe();
      },
      () => {
        leave?.();
        closed = true;
        end?.();
      },
    );
    return {
      get closed() {
        return made ? made.closed : closed;
      },
      unsubscribe() {
        leave?.();
        closed = true;
        forget();
        made?.unsubscribe();
      },
    };
  }

  /** Throws why it cannot be made if nobody is told that. */
  make({ run, end }: Call): void {
    try {
      if (this.error) throw this.error;
      run();
    } catch (error) {
      if (!end) throw error;
      this.guard(() => end(error as SockeyeError));
    }
  }

  /** Calls what may throw: somebody's listener. */
  guard(call: () => unknown): void {
    try {
      call();
    } catch (error) {
      this.report(error);
    }
  }
}
