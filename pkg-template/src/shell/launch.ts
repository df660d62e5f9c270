/** Gets the facade and the core there, and again after a while if that fails. */
import { backoff } from "../backoff.js";
import { destroyed } from "../callErrors.js";
import type { Client } from "../client.js";
import { SockeyeError } from "../errors.js";
import { loadFailed } from "../loadFailed.js";
import type { ClientOptions } from "../options.js";
import { bufferFull, MAX_LENGTH, MAX_SENDS } from "../sendBounds.js";
import { listenerError, show } from "../show.js";
import type { ClientStatus } from "../status.js";
import { copy } from "./copy.js";
import type { Modules } from "./fetchModulesFor.js";
import { LateStream } from "./lateStream.js";
import type { NamespaceShell } from "./namespace.js";
import { Queue } from "./queue.js";

/** In whatever surroundings the caller is. */
export const atOnce = (run: () => void): void => run();

/** Where a client is loaded, and from where. */
export interface Surroundings {
  /** Calls what it is given. */
  run: (run: () => void) => void;
  /** `signal` says that nobody waits for them any more. */
  fetchModules: (signal: AbortSignal) => Promise<Modules>;
}

/** What is to be sent, as it was when the call was made. */
interface Taken<Values> {
  read: () => Values;
  /** It will not be sent, so there is room for something else. */
  giveBack: () => void;
}

export class Launch extends Queue {
  readonly options: ClientOptions;
  readonly errors = new LateStream<SockeyeError>(this, () => this.facade.errors);
  readonly namespaces: NamespaceShell[] = [];
  /** Whether a function gives the address, so that only `outbox.name` names a database. */
  isAsked = false;
  /** The facade, as soon as it is there. */
  client: Client | undefined;
  readonly #surroundings: Surroundings;
  readonly #open: (modules: Modules, failures: number) => Client;
  #failures = 0;
  #isLoading = false;
  #isReporting = false;
  /** Ends the last load. */
  #loading: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Until the next load starts: what those are told who want to be connected. */
  #waiting: Extract<ClientStatus, { state: "waiting" }> | undefined;
  #sends = 0;
  #length = 0;

  /** `open` makes the facade, or throws `invalid_option`. */
  constructor(
    options: ClientOptions,
    surroundings: Surroundings,
    open: (modules: Modules, failures: number) => Client,
  ) {
    super();
    this.options = options;
    this.#surroundings = surroundings;
    this.#open = open;
  }

  /** Only for calls that wait for it. */
  get facade(): Client {
    return this.client as Client;
  }

  override tell(error: unknown): void {
    show(error);
    this.#tell(error as SockeyeError);
  }

  /** What a listener of `errors` throws is only shown. */
  override report(error: unknown): void {
    show(error);
    if (this.#isReporting) return;
    this.#isReporting = true;
    this.#tell(listenerError(error));
    this.#isReporting = false;
  }

  /** Copies what is sent. Throws `not_serializable` or `buffer_full`. */
  take<Values extends readonly unknown[]>(values: Values): Taken<Values> {
    if (this.error) throw this.error;
    const { length, read } = copy(values);
    if (this.#sends >= MAX_SENDS || this.#length + length > MAX_LENGTH) {
      throw new SockeyeError(bufferFull);
    }
    this.#sends += 1;
    this.#length += length;
    const giveBack = () => {
      this.#sends -= 1;
      this.#length -= length;
    };
    return { read: read as () => never, giveBack };
  }

  /** Loads everything, unless that is under way or will be. */
  override load(): void {
    if (this.#isLoading || this.#waiting || this.isOver) return;
    this.#isLoading = true;
    this.#surroundings.run(() => void this.#load());
  }

  /** A namespace is to be connected. */
  handleWanted(namespace: NamespaceShell): void {
    this.load();
    if (this.#waiting && namespace.isWanted) namespace.tell(this.#waiting);
  }

  /** Ends a wait. */
  reconnectNow(): void {
    if (!this.#waiting) return;
    const { attempt, cause } = this.#waiting;
    this.#endWait();
    this.load();
    this.#tellAll({ state: "connecting", attempt, ...(cause && { cause }) });
  }

  destroy(): void {
    if (this.isOver) return;
    this.#endWait();
    this.#loading?.abort();
    this.#fail(new SockeyeError(destroyed), { state: "closed" });
  }

  async #load(): Promise<void> {
    // It may take as long as an attempt to connect.
    const { connectTimeoutMs = 0 } = this.options;
    // The facade says what is no time.
    const isTime = connectTimeoutMs > 0 && connectTimeoutMs < 2 ** 31;
    const limitMs = isTime ? connectTimeoutMs : 20_000;
    const loading = (this.#loading = new AbortController());
    const limit = setTimeout(() => loading.abort(), limitMs);
    const { signal } = loading;
    let modules: Modules | undefined;
    try {
      modules = await new Promise<Modules>((resolve, reject) => {
        signal.onabort = () => reject(new Error("it took too long"));
        this.#surroundings.fetchModules(signal).then(resolve, reject);
      });
    } catch (error) {
      if (!this.isOver) this.#handleFailed(loadFailed(error));
    }
    clearTimeout(limit);
    if (modules && !this.isOver) this.#handleLoaded(modules);
  }

  #handleLoaded(modules: Modules): void {
    try {
      this.client = this.#open(modules, this.#failures);
    } catch (error) {
      // The options are wrong, which will not change.
      const cause = error as SockeyeError;
      this.tell(cause);
      this.#fail(cause, { state: "disconnected", cause });
      return;
    }
    this.replay();
    for (const namespace of this.namespaces) namespace.takeOver();
  }

  /** What waits goes on waiting. */
  #handleFailed(cause: SockeyeError): void {
    const { random = Math.random, reconnect = {} } = this.options;
    const { minMs = 100, baseMs = 1_000, capMs = 30_000 } = reconnect;
    const delay = backoff(++this.#failures, { minMs, baseMs, capMs, random });
    this.#isLoading = false;
    this.#timer = setTimeout(() => this.reconnectNow(), delay);
    const retryAt = Math.round(Date.now() + delay);
    this.#waiting = { state: "waiting", attempt: this.#failures + 1, retryAt, cause };
    this.#tellAll(this.#waiting);
    this.errors.tell(cause);
  }

  /** A listener may end the wait that the others have yet to be told of. */
  #tellAll(status: ClientStatus): void {
    const waiting = this.#waiting;
    for (const namespace of this.namespaces) {
      if (namespace.isWanted && waiting === this.#waiting) namespace.tell(status);
    }
  }

  /** What listeners call is refused by then. */
  #fail(error: SockeyeError, status: ClientStatus): void {
    this.error = error;
    this.isOver = true;
    for (const namespace of this.namespaces) {
      namespace.finishConnecting(error);
      namespace.setStatus(status);
    }
    this.end(error);
  }

  /** While the facade takes over, some have subscribed there by now. */
  #tell(error: SockeyeError): void {
    this.errors.tell(error);
    this.client?.connection.errors.next(error);
  }

  #endWait(): void {
    clearTimeout(this.#timer);
    this.#waiting = undefined;
  }
}
