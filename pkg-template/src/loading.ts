/** Loads the core, and again after a while if that fails. */
import { backoff, type BackoffTimes } from "./backoff.js";
import { isSockeyeError, SockeyeError, type ErrorData } from "./errors.js";
import { loadFailed } from "./loadFailed.js";
import type { LoadedCore } from "./port.js";

/** How long loading may take, and the waits between failures. */
export interface LoadTimes extends BackoffTimes {
  connectTimeoutMs: number;
}

/** What the owner of a {@link CoreLoader} is told. */
export interface LoadEvents {
  handleLoaded(loaded: LoadedCore): void;
  /** Nothing happens unless {@link CoreLoader.retry} or {@link CoreLoader.load} is called. */
  handleLoadFailed(error: SockeyeError): void;
  /** A wait is over; loading is under way again. */
  handleLoadRetried(): void;
}

export class CoreLoader {
  readonly #createCore: (signal: AbortSignal) => Promise<LoadedCore>;
  readonly #times: LoadTimes;
  readonly #events: LoadEvents;
  /** Ends the load that is under way. */
  #loading: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retryAt = 0;
  #failures: number;
  #error: SockeyeError | undefined;

  /** `failures` is how many there were before. */
  constructor(
    createCore: (signal: AbortSignal) => Promise<LoadedCore>,
    times: LoadTimes,
    events: LoadEvents,
    failures = 0,
  ) {
    this.#createCore = createCore;
    this.#times = times;
    this.#events = events;
    this.#failures = failures;
  }

  /** How many loads in a row have failed. */
  get failures(): number {
    return this.#failures;
  }

  /** Why the last load failed, if it did. */
  get error(): SockeyeError | undefined {
    return this.#error;
  }

  /** How long until the next load starts by itself, if it does. */
  get retryInMs(): number | undefined {
    return this.#timer === undefined ? undefined : Math.max(0, this.#retryAt - performance.now());
  }

  /** Loads the core, unless that is under way or will be. It may take as long as an attempt. */
  load(): void {
    if (this.#loading || this.#timer !== undefined) return;
    const loading = new AbortController();
    this.#loading = loading;
    const timer = setTimeout(() => loading.abort(), this.#times.connectTimeoutMs);
    const stopped = new Promise<never>((_, reject) => {
      loading.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(new Error("it took too long"));
      });
    });
    const core = this.#createCore(loading.signal);
    Promise.race([core, stopped])
      .then((loaded) => this.#events.handleLoaded(loaded))
      .catch((error: unknown) => {
        // A core that comes after all is of no use to anybody.
        core.then((late) => late.core.destroy()).catch(() => {});
        this.#onFailed(loading, toLoadError(error));
      })
      .finally(() => clearTimeout(timer));
  }

  /** Loads again after a wait that grows with each failure. */
  retry(): void {
    const delay = backoff(this.#failures, this.#times);
    this.#retryAt = performance.now() + delay;
    this.#timer = setTimeout(() => this.retryNow(), delay);
  }

  /** Ends a wait. */
  retryNow(): void {
    if (this.#timer === undefined) return;
    this.#endWait();
    this.load();
    this.#events.handleLoadRetried();
  }

  /** Forgets what has failed, and waits no longer for the next load; one that is under way goes on. */
  reset(): void {
    this.#endWait();
    this.#failures = 0;
    this.#error = undefined;
  }

  /** What was loaded is of no use any more: {@link load} loads again. */
  forget(): void {
    this.#endWait();
    this.#loading = undefined;
  }

  /** Ends everything. */
  stop(): void {
    this.reset();
    this.#loading?.abort();
  }

  #onFailed(loading: AbortController, error: SockeyeError): void {
    if (this.#loading !== loading) return;
    this.#loading = undefined;
    this.#failures++;
    this.#error = error;
    this.#events.handleLoadFailed(error);
  }

  #endWait(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** The core says itself that it cannot run here, or the wasm that it lacks; anything else kept it from being there at all. */
function toLoadError(cause: unknown): SockeyeError {
  if (isSockeyeError(cause)) return cause;
  const data = cause as (ErrorData & { cause?: unknown }) | undefined;
  if (data?.code === "wasm_unavailable") return new SockeyeError(data, { cause: data.cause });
  return loadFailed(cause);
}
