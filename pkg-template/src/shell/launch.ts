/** Gets the facade and the core there, and again after a while if that fails. */
import type { Client } from "../client.js";
import type { SockeyeError } from "../errors.js";
import type { ClientOptions } from "../options.js";
import { MAX_BYTES, MAX_ITEMS } from "../outboxBounds.js";
import { show } from "../show.js";
import type { ClientStatus } from "../status.js";
import { type Copy, copy } from "./copy.js";
import { early } from "./early.js";
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
  fetchModules: (options: ClientOptions, signal: AbortSignal) => Promise<Modules>;
}

/** How much more may wait to be sent. */
interface Room {
  calls: number;
  /** How long all of it together may be. */
  length: number;
}

export class Launch extends Queue {
  readonly options: ClientOptions;
  readonly errors = new LateStream<SockeyeError>(this, () => this.facade.errors);
  readonly namespaces: NamespaceShell[] = [];
  /** For what waits at most, as for the core and for the connection. */
  readonly sends: Room = { calls: 1_000, length: 8_000_000 };
  /** For actions, as the outbox has it. */
  readonly actions: Room;
  /** What listeners have thrown. */
  readonly thrown: unknown[] = [];
  /** What the facade is made by. */
  modules: Modules | undefined;
  /** The facade, as soon as it is there. */
  client: Client | undefined;
  /** Makes the facade, or throws `invalid_option`. */
  readonly open: (modules: Modules) => Client;
  /** How many loads have failed. */
  failures = 0;
  /** What those are told who want to be connected, while a load is under way or waited for. */
  underWay: (ClientStatus & { state: "connecting" | "waiting" }) | undefined;
  readonly #surroundings: Surroundings;
  /** Ends the last load. */
  #loading = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    options: ClientOptions,
    surroundings: Surroundings,
    open: (modules: Modules) => Client,
  ) {
    super();
    this.options = options;
    const { maxItems = MAX_ITEMS, maxBytes = MAX_BYTES } = options.outbox ?? {};
    this.actions = { calls: maxItems, length: maxBytes };
    this.#surroundings = surroundings;
    this.open = open;
  }

  /** Only for calls that wait for it. */
  get facade(): Client {
    return this.client as Client;
  }

  override report(error: unknown): void {
    show(error);
    this.thrown.push(error);
  }

  /**
   * Has something sent as it is now; if there is no room for it, gives what `refuse` does. Throws `not_serializable`.
   */
  send(
    words: readonly unknown[],
    send: (words: never) => unknown,
    end?: (error: SockeyeError) => void,
    isAwaited?: boolean,
    room = this.sends,
    refuse: () => () => void = bufferFull,
  ): () => void {
    const copied = copy(words);
    const { length } = copied;
    const take = (one: number) => {
      room.calls -= one;
      room.length -= one * length;
    };
    if (!this.isOver) {
      if (room.calls < 1 || room.length < length) return refuse();
      take(1);
    }
    const forget = this.add(
      () => send(this.read(copied)),
      end,
      isAwaited,
      () => take(-1),
    );
    this.load();
    return forget;
  }

  read(copied: Copy): never {
    return (this.modules as Modules)[0].readCopy(copied) as never;
  }

  /** Loads everything, unless that is under way or will be. */
  override load(): void {
    if (this.underWay || this.isOver) return;
    this.#begin(undefined);
  }

  /** Ends a wait. */
  reconnectNow(): void {
    if (this.underWay?.state !== "waiting") return;
    clearTimeout(this.#timer);
    this.#begin(this.underWay.cause);
    this.#tellAll();
  }

  destroy(): void {
    if (this.isOver) return;
    clearTimeout(this.#timer);
    this.#loading.abort();
    this.fail(early("client_destroyed"), { state: "closed" });
  }

  /** No call can be made, now or later; what listeners call is refused by then. */
  fail(error: SockeyeError, status: ClientStatus): void {
    this.error = error;
    this.isOver = true;
    for (const namespace of this.namespaces) {
      namespace.end(status, error);
    }
    for (const call of this.calls) {
      this.remove(call);
      if (call.end) this.make(call);
    }
  }

  #begin(cause: SockeyeError | undefined): void {
    this.underWay = { state: "connecting", attempt: this.failures + 1, ...(cause && { cause }) };
    this.#surroundings.run(() => this.#load());
  }

  /** It may take as long as an attempt to connect. The facade says what is no time. */
  #load(): void {
    const loading = (this.#loading = new AbortController());
    const { signal } = loading;
    const limit = toLimit(this.options.connectTimeoutMs) ?? 20_000;
    const timer = setTimeout(() => loading.abort(), limit);
    new Promise<Modules>((resolve, reject) => {
      signal.onabort = () => reject(new Error("it took too long"));
      this.#surroundings.fetchModules(this.options, signal).then(resolve, reject);
    })
      .then(
        (modules) => this.isOver || modules[0].takeOver(this, modules),
        (error: unknown) => this.isOver || this.#handleFailed(early("load_failed", error, hint)),
      )
      .finally(() => clearTimeout(timer));
  }

  /** What waits goes on waiting. */
  #handleFailed(cause: SockeyeError): void {
    const { random = Math.random } = this.options;
    const delay = 100 + random() * (Math.min(1_000 * 2 ** this.failures, 30_000) - 100);
    this.#timer = setTimeout(() => this.reconnectNow(), delay);
    const retryAt = Math.round(Date.now() + delay);
    this.underWay = { state: "waiting", attempt: ++this.failures + 1, retryAt, cause };
    this.#tellAll();
    this.errors.tell(cause);
  }

  /** A listener may end the wait that the others have yet to be told of. */
  #tellAll(): void {
    const { underWay } = this;
    for (const namespace of this.namespaces) {
      if (namespace.isWanted && underWay && underWay === this.underWay) namespace.tell(underWay);
    }
  }
}

const bufferFull = () => {
  throw early("buffer_full");
};

const hint =
  'check the network and that the bundler ships the lazy chunk; or import "sockeye-client/inline"';

/** Returns a time that a timer can wait, if it is one. */
export const toLimit = (timeMs = 0): number | undefined =>
  timeMs > 0 ? Math.min(timeMs, 2 ** 31 - 1) : undefined;
