/** What all namespaces of a client share: the core, the numbers of events and requests, the errors. */
import { type ErrorData, fail, SockeyeError } from "./errors.js";
import { Subject } from "./observable.js";
import type { ResolvedOptions } from "./options.js";
import type { CoreEvents, CorePort, CreateCore } from "./port.js";
import { SendQueue } from "./sendQueue.js";
import { type ClientStatus, toStatus } from "./status.js";

/** What the connection tells a namespace. */
export interface SocketEvents {
  handleDelivered(event: number, args: readonly unknown[], connection: number, ackId: number): void;
  handleAuthNeeded(ticket: number): void;
  handleAccepted(id: string): void;
  handleStatus(status: ClientStatus): void;
  /** An attempt of this namespace, or of the connection, failed. */
  handleFailed(error: SockeyeError): void;
}

interface Socket {
  namespace: string;
  authOnDemand: boolean;
  /** Whether it is to be connected as soon as the core is there. */
  wanted: boolean;
  events: SocketEvents;
  /** Why the application's last auth failed. */
  authError?: unknown;
  /** What the server said when it refused. */
  refusal?: unknown;
}

interface PendingRequest {
  resolve: (args: readonly unknown[]) => void;
  reject: (error: SockeyeError) => void;
  /** Runs while the core is being loaded. */
  timer?: ReturnType<typeof setTimeout>;
}

export class Connection implements CoreEvents {
  readonly options: ResolvedOptions;
  readonly errors = new Subject<SockeyeError>(show);
  readonly #createCore: CreateCore;
  readonly #sockets: Socket[] = [];
  readonly #events = new Map<string, { id: number; count: number }>();
  readonly #requests = new Map<number, PendingRequest>();
  readonly #sendQueue = new SendQueue();
  #core: CorePort | undefined;
  /** Ends the load that is under way. */
  #loading: AbortController | undefined;
  #nextEvent = 0;
  #nextRequest = 0;
  #destroyed = false;

  constructor(options: ResolvedOptions, createCore: CreateCore) {
    this.options = options;
    this.#createCore = createCore;
  }

  /** The core, if it is loaded and not destroyed. */
  get core(): CorePort | undefined {
    return this.#core;
  }

  /** Adds a namespace; returns its number. */
  addSocket(namespace: string, authOnDemand: boolean, events: SocketEvents): number {
    this.#core?.socket(namespace, authOnDemand);
    return this.#sockets.push({ namespace, authOnDemand, wanted: false, events }) - 1;
  }

  /** Whether the application wants a namespace connected, also if the core has yet to act on it. */
  isWanted(socket: number): boolean {
    return this.#sockets[socket]?.wanted === true;
  }

  connect(socket: number): void {
    this.#want(socket, true);
    if (this.#core) this.#core.connect(socket);
    else this.#load();
  }

  disconnect(socket: number): void {
    this.#want(socket, false);
    if (this.#core) this.#core.disconnect(socket);
    else this.status(socket, "disconnected", 0, 0, clientDisconnect);
  }

  emit(socket: number, body: string, volatile: boolean): void {
    this.assertAlive();
    const error = this.#core
      ? this.#core.emit(socket, body, volatile)
      : !volatile && this.#enqueue(body, (core) => core.emit(socket, body, false));
    if (error) throw new SockeyeError(error);
  }

  /** Resolves with the arguments of the server's answer. */
  request(
    socket: number,
    body: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly unknown[]> {
    this.assertAlive();
    if (signal?.aborted) return Promise.reject(aborted(signal));
    const request = this.#nextRequest++;
    const answer = new Promise<readonly unknown[]>((resolve, reject) => {
      this.#requests.set(request, { resolve, reject });
    });
    const error = this.#core
      ? this.#core.request(socket, request, body, timeoutMs)
      : this.#enqueueRequest(socket, request, body, timeoutMs);
    if (error) this.settled(request, error, []);
    return signal ? this.#abortable(answer, socket, request, signal) : answer;
  }

  /** Returns the number under which events of this name come. Each call needs a {@link release}. */
  retain(name: string): number {
    let event = this.#events.get(name);
    if (!event) {
      event = { id: this.#nextEvent++, count: 0 };
      this.#events.set(name, event);
      this.#core?.listen(name, event.id);
    }
    event.count++;
    return event.id;
  }

  release(name: string): void {
    const event = this.#events.get(name);
    if (event && --event.count === 0) {
      this.#events.delete(name);
      this.#core?.unlisten(name);
    }
  }

  /** The application has no auth payload to give, because of `cause`. */
  failAuthentication(socket: number, ticket: number, cause: unknown): void {
    const known = this.#sockets[socket];
    if (known) known.authError = cause;
    this.#core?.failAuthentication(socket, ticket);
  }

  /** Reports what the application's code threw, and goes on. */
  report(error: unknown): void {
    show(error);
    const hint = "the error is the `cause`; other listeners were called all the same";
    this.errors.next(fail("listener_error", "a listener threw", hint, error));
  }

  /** Throws `client_destroyed`. */
  assertAlive(): void {
    if (this.#destroyed) throw new SockeyeError(destroyed);
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#loading?.abort();
    this.#sendQueue.drain();
    const core = this.#core;
    this.#core = undefined;
    core?.destroy();
    for (const request of [...this.#requests.keys()]) this.settled(request, destroyed, []);
    // Whatever the core still says concerns nobody.
    for (const { events } of this.#sockets.splice(0)) events.handleStatus({ state: "closed" });
    this.errors.complete();
  }

  // What the core says.

  delivered(
    socket: number,
    event: number,
    args: readonly unknown[],
    connection: number,
    ackId: number,
  ): void {
    this.#sockets[socket]?.events.handleDelivered(event, args, connection, ackId);
  }

  settled(request: number, error: ErrorData | undefined, args: readonly unknown[]): void {
    if (error) this.#reject(request, new SockeyeError(error));
    else this.#take(request)?.resolve(args);
  }

  authNeeded(socket: number, ticket: number): void {
    this.#sockets[socket]?.events.handleAuthNeeded(ticket);
  }

  accepted(socket: number, id: string): void {
    this.#sockets[socket]?.events.handleAccepted(id);
  }

  refused(socket: number, data: unknown): void {
    const known = this.#sockets[socket];
    if (known) known.refusal = data;
  }

  dropped(data: ErrorData): void {
    this.errors.next(new SockeyeError(data));
  }

  failed(socket: number, data: ErrorData): void {
    const error = this.#toError(socket, data);
    const concerned = socket < 0 ? [...this.#sockets] : this.#sockets.slice(socket, socket + 1);
    for (const { events } of concerned) events.handleFailed(error);
    this.errors.next(error);
  }

  status(
    socket: number,
    state: "idle" | "connecting" | "connected" | "waiting" | "disconnected",
    attempt: number,
    retryInMs: number,
    cause: ErrorData | undefined,
  ): void {
    const error = cause && this.#toError(socket, cause);
    if (state === "disconnected" && error?.code !== "client_disconnect") this.#want(socket, false);
    const status = toStatus(state, attempt, retryInMs, error);
    this.#sockets[socket]?.events.handleStatus(status);
  }

  #toError(socket: number, data: ErrorData): SockeyeError {
    const { authError: cause, refusal } = this.#sockets[socket] ?? {};
    if (data.code === "auth_failed") return new SockeyeError(data, { cause });
    return new SockeyeError(data, data.code === "connect_refused" ? { data: refusal } : {});
  }

  #take(request: number): PendingRequest | undefined {
    const pending = this.#requests.get(request);
    this.#requests.delete(request);
    clearTimeout(pending?.timer);
    return pending;
  }

  #reject(request: number, error: SockeyeError): void {
    this.#take(request)?.reject(error);
  }

  #want(socket: number, wanted: boolean): void {
    const known = this.#sockets[socket];
    if (known) known.wanted = wanted;
  }

  /** Loads the core, unless that is under way. It may take as long as an attempt to connect. */
  #load(): void {
    if (this.#loading || this.#destroyed) return;
    const { error } = this.options;
    if (error) {
      this.#onLoadFailed(error);
      return;
    }
    const loading = new AbortController();
    this.#loading = loading;
    const timer = setTimeout(() => loading.abort(), this.options.core.connectTimeoutMs);
    const stopped = new Promise<never>((_, reject) => {
      loading.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(new Error("it took too long"));
      });
    });
    const core = this.#createCore(this.options.core, this);
    Promise.race([core, stopped])
      .then((core) => this.#start(core))
      .catch((error: unknown) => {
        // A core that comes after all is of no use to anybody.
        core.then((late) => late.destroy()).catch(() => {});
        this.#onLoadFailed(toLoadError(error));
      })
      .finally(() => clearTimeout(timer));
  }

  /** What waits is handed over before anybody can be told anything, so that nothing overtakes it. */
  #start(core: CorePort): void {
    if (this.#destroyed) {
      core.destroy();
      return;
    }
    for (const { namespace, authOnDemand } of this.#sockets) core.socket(namespace, authOnDemand);
    for (const [name, { id }] of this.#events) core.listen(name, id);
    for (const { run, request } of this.#sendQueue.drain()) {
      const error = run(core);
      if (error && request !== undefined) this.settled(request, error, []);
    }
    this.#core = core;
    for (const [socket, { wanted }] of [...this.#sockets].entries()) {
      if (wanted) this.connect(socket);
    }
  }

  /** Requests end, events wait for the next load, and nobody is connected without asking again. */
  #onLoadFailed(error: SockeyeError): void {
    this.#loading = undefined;
    this.#core = undefined;
    if (this.#destroyed) return;
    for (const request of this.#sendQueue.removeRequests()) this.#reject(request, error);
    const sockets = this.#sockets.filter(({ wanted }) => wanted);
    for (const socket of sockets) socket.wanted = false;
    for (const { events } of sockets) events.handleStatus({ state: "disconnected", cause: error });
    this.errors.next(error);
  }

  #enqueue(
    body: string,
    run: (core: CorePort) => ErrorData | undefined,
    request?: number,
  ): ErrorData | undefined {
    this.#load();
    return this.#sendQueue.push({ body, run, ...(request !== undefined && { request }) });
  }

  /** A request's time runs from the call, also while the core is being loaded. */
  #enqueueRequest(
    socket: number,
    request: number,
    body: string,
    timeoutMs: number,
  ): ErrorData | undefined {
    const startedAt = performance.now();
    const pending = this.#requests.get(request);
    const giveUp = () => {
      this.#sendQueue.remove(request);
      this.settled(request, ackTimeout, []);
    };
    if (pending) pending.timer = setTimeout(giveUp, timeoutMs);
    const send = (core: CorePort) => {
      clearTimeout(pending?.timer);
      const left = timeoutMs - (performance.now() - startedAt);
      return core.request(socket, request, body, left);
    };
    return this.#enqueue(body, send, request);
  }

  async #abortable(
    answer: Promise<readonly unknown[]>,
    socket: number,
    request: number,
    signal: AbortSignal,
  ): Promise<readonly unknown[]> {
    const abort = () => {
      if (!this.#requests.has(request)) return;
      this.#core?.cancel(socket, request);
      this.#sendQueue.remove(request);
      this.#reject(request, aborted(signal));
    };
    signal.addEventListener("abort", abort);
    try {
      return await answer;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }
}

const destroyed: ErrorData = {
  code: "client_destroyed",
  message: "the client was destroyed",
  hint: "make a new client with createClient()",
};

const clientDisconnect: ErrorData = {
  code: "client_disconnect",
  message: "the client was disconnected",
  hint: "call connect() to come back",
};

const ackTimeout: ErrorData = {
  code: "ack_timeout",
  message: "no answer came in time",
  hint: "check that the server's handler calls its acknowledgement; raise `timeoutMs`",
};

function aborted(signal: AbortSignal): SockeyeError {
  const hint = "if it had been sent, the server may have received it all the same";
  return fail("aborted", "the request was aborted", hint, signal.reason);
}

/** The core says itself that it cannot run here; anything else kept it from being there at all. */
function toLoadError(cause: unknown): SockeyeError {
  const data = cause as (ErrorData & { cause?: unknown }) | undefined;
  if (data?.code === "wasm_unavailable") return new SockeyeError(data, { cause: data.cause });
  const hint =
    'check the network and that the bundler ships the lazy chunk; or import "sockeye-client/inline"';
  return fail("load_failed", "the client's core could not be loaded", hint, cause);
}

/** Where the application's uncaught errors show; outside browsers they would end the process. */
function show(error: unknown): void {
  try {
    if (typeof reportError === "function") reportError(error);
    else console.error(error);
  } catch {
    // Test set-ups replace these by functions that throw; `errors` tells all the same.
  }
}
