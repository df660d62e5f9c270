/** The requests of a client that wait for their answers. */
import type { SockeyeError } from "./errors.js";

interface PendingRequest {
  resolve: (args: readonly unknown[]) => void;
  reject: (error: SockeyeError) => void;
  /** Runs while the core is being loaded. */
  timer?: ReturnType<typeof setTimeout>;
}

export class Requests {
  readonly #pending = new Map<number, PendingRequest>();
  #next = 0;

  /** Adds a request; its answer is the arguments of the server's acknowledgement. */
  add(): { request: number; answer: Promise<readonly unknown[]> } {
    const request = this.#next++;
    const answer = new Promise<readonly unknown[]>((resolve, reject) => {
      this.#pending.set(request, { resolve, reject });
    });
    return { request, answer };
  }

  has(request: number): boolean {
    return this.#pending.has(request);
  }

  resolve(request: number, args: readonly unknown[]): void {
    this.#take(request)?.resolve(args);
  }

  reject(request: number, error: SockeyeError): void {
    this.#take(request)?.reject(error);
  }

  rejectAll(toError: () => SockeyeError): void {
    for (const request of [...this.#pending.keys()]) this.reject(request, toError());
  }

  /** Calls `handleExpired` after this time unless the request has ended or its timer was stopped. */
  startTimer(request: number, timeoutMs: number, handleExpired: () => void): void {
    const pending = this.#pending.get(request);
    if (pending) pending.timer = setTimeout(handleExpired, timeoutMs);
  }

  stopTimer(request: number): void {
    clearTimeout(this.#pending.get(request)?.timer);
  }

  #take(request: number): PendingRequest | undefined {
    const pending = this.#pending.get(request);
    this.#pending.delete(request);
    // To clear what was never set would cost as much as the rest.
    if (pending?.timer !== undefined) clearTimeout(pending.timer);
    return pending;
  }
}

/** Calls `abort`, which ends the promise, when the signal aborts before it has ended. */
export async function untilAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal,
  abort: () => void,
): Promise<Value> {
  signal.addEventListener("abort", abort);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
