/** What all namespaces of a client share: the core, the numbers of events and requests, the errors. */
import { type ErrorData, fail, SockeyeError } from "./errors.js";
import { Subject } from "./observable.js";
import type { ResolvedOptions } from "./options.js";
import type { CoreEvents, CorePort, CreateCore } from "./port.js";
import { type ClientStatus, toStatus } from "./status.js";

/** What the connection tells a namespace. */
export interface SocketEvents {
  handleDelivered(event: number, args: readonly unknown[], connection: number, ackId: number): void;
  handleAuthNeeded(transport: number): void;
  handleStatus(status: ClientStatus): void;
  /** An attempt of this namespace, or of the connection, failed. */
  handleFailed(error: SockeyeError): void;
}

interface PendingRequest {
  resolve: (args: readonly unknown[]) => void;
  reject: (error: SockeyeError) => void;
}

/** What is to be done as soon as the core is there. */
interface Command {
  run: (core: CorePort) => ErrorData | undefined;
  /** How much text it keeps in memory. */
  length: number;
  request?: number;
}

/** The core's bounds for what waits for a connection hold while it is being loaded, too. */
const MAX_COMMANDS = 1_000;
const MAX_LENGTH = 8_000_000;

export class Connection implements CoreEvents {
  readonly options: ResolvedOptions;
  readonly errors = new Subject<SockeyeError>(show);
  readonly #createCore: CreateCore;
  readonly #sockets: SocketEvents[] = [];
  readonly #events = new Map<string, { id: number; count: number }>();
  readonly #requests = new Map<number, PendingRequest>();
  /** Why the application's last auth failed, and what the server said when it refused. */
  readonly #details: { cause?: unknown; data?: unknown } = {};
  #core: CorePort | undefined;
  #loading = false;
  #commands: Command[] = [];
  #nextEvent = 0;
  #nextRequest = 0;
  #destroyed = false;

  constructor(options: ResolvedOptions, createCore: CreateCore) {
    this.options = options;
    this.#createCore = createCore;
  }

  /** Adds a namespace; returns its number. */
  addSocket(namespace: string, authOnDemand: boolean, events: SocketEvents): number {
    this.run((core) => core.socket(namespace, authOnDemand));
    return this.#sockets.push(events) - 1;
  }

  /** Does something with the core, at once if it is there, otherwise in turn when it is. */
  run(command: (core: CorePort) => void): void {
    if (this.#core) command(this.#core);
    else if (!this.#destroyed)
      this.#commands.push({ run: (core) => (command(core), undefined), length: 0 });
  }

  /** Loads the core, once. A failed load is tried again at the next call. */
  load(): void {
    if (!this.#loading) void this.#load();
  }

  /** Throws `client_destroyed`. */
  assertAlive(): void {
    if (this.#destroyed) throw new SockeyeError(destroyed);
  }

  emit(socket: number, body: string, volatile: boolean): void {
    this.assertAlive();
    const error = this.#core
      ? this.#core.emit(socket, body, volatile)
      : this.#defer({
          run: (core) => core.emit(socket, body, volatile),
          length: body.length,
        });
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
      : this.#deferRequest(socket, request, body, timeoutMs);
    if (error) this.settled(request, error, []);
    return signal ? this.#abortable(answer, socket, request, signal) : answer;
  }

  /** Returns the number under which events of this name come. Each call needs a {@link release}. */
  retain(name: string): number {
    let event = this.#events.get(name);
    if (!event) {
      const id = this.#nextEvent++;
      event = { id, count: 0 };
      this.#events.set(name, event);
      this.run((core) => core.listen(name, id));
    }
    event.count++;
    return event.id;
  }

  release(name: string): void {
    const event = this.#events.get(name);
    if (event && --event.count === 0) {
      this.#events.delete(name);
      this.run((core) => core.unlisten(name));
    }
  }

  /** The application has no auth payload to give, because of `cause`. */
  failAuthentication(socket: number, transport: number, cause: unknown): void {
    this.#details.cause = cause;
    this.run((core) => core.failAuthentication(socket, transport));
  }

  /** Reports what the application's code threw, and goes on. */
  report(error: unknown): void {
    show(error);
    const hint = "the error is the `cause`; other listeners were called all the same";
    this.errors.next(fail("listener_error", "a listener threw", hint, error));
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#commands = [];
    const core = this.#core;
    this.#core = undefined;
    core?.destroy();
    for (const request of [...this.#requests.keys()]) this.settled(request, destroyed, []);
    for (const socket of this.#sockets) socket.handleStatus({ state: "closed" });
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
    this.#sockets[socket]?.handleDelivered(event, args, connection, ackId);
  }

  settled(request: number, error: ErrorData | undefined, args: readonly unknown[]): void {
    const pending = this.#requests.get(request);
    this.#requests.delete(request);
    if (error) pending?.reject(new SockeyeError(error));
    else pending?.resolve(args);
  }

  authNeeded(socket: number, transport: number): void {
    this.#sockets[socket]?.handleAuthNeeded(transport);
  }

  refused(_socket: number, data: unknown): void {
    this.#details.data = data;
  }

  failed(socket: number, data: ErrorData): void {
    const error = this.#toError(data);
    this.errors.next(error);
    const concerned = socket < 0 ? this.#sockets : this.#sockets.slice(socket, socket + 1);
    for (const socket of concerned) socket.handleFailed(error);
  }

  status(
    socket: number,
    state: "idle" | "connecting" | "connected" | "waiting" | "disconnected",
    attempt: number,
    retryInMs: number,
    cause: ErrorData | undefined,
  ): void {
    const status = toStatus(state, attempt, retryInMs, cause && this.#toError(cause));
    this.#sockets[socket]?.handleStatus(status);
  }

  #toError(data: ErrorData): SockeyeError {
    const { cause, data: said } = this.#details;
    if (data.code === "auth_failed") return new SockeyeError(data, { cause });
    return new SockeyeError(data, data.code === "connect_refused" ? { data: said } : {});
  }

  async #load(): Promise<void> {
    this.#loading = true;
    try {
      const core = await this.#createCore(this.options.core, this);
      if (this.#destroyed) core.destroy();
      else this.#start(core);
    } catch (error) {
      this.#loading = false;
      this.#onLoadFailed(toLoadError(error));
    }
  }

  #start(core: CorePort): void {
    this.#core = core;
    for (const command of this.#commands.splice(0)) {
      const error = command.run(core);
      if (error && command.request !== undefined) this.settled(command.request, error, []);
    }
  }

  /** Nothing but requests can be told; what else waits, waits for the next load. */
  #onLoadFailed(error: SockeyeError): void {
    if (this.#destroyed) return;
    for (const { request } of this.#commands) {
      if (request !== undefined) this.settled(request, error, []);
    }
    this.#commands = this.#commands.filter(({ request }) => request === undefined);
    this.errors.next(error);
    for (const socket of this.#sockets) socket.handleFailed(error);
    for (const socket of this.#sockets)
      socket.handleStatus({ state: "disconnected", cause: error });
  }

  #defer(command: Command): ErrorData | undefined {
    const length = this.#commands.reduce((sum, { length }) => sum + length, command.length);
    if (this.#commands.length >= MAX_COMMANDS || length > MAX_LENGTH) return bufferFull;
    this.#commands.push(command);
    this.load();
    return undefined;
  }

  /** A request's time runs from the call, also while the core is being loaded. */
  #deferRequest(socket: number, request: number, body: string, timeoutMs: number) {
    const startedAt = performance.now();
    const timer = setTimeout(() => {
      this.#commands = this.#commands.filter((command) => command.request !== request);
      this.settled(request, ackTimeout, []);
    }, timeoutMs);
    const run = (core: CorePort) => {
      clearTimeout(timer);
      const elapsed = performance.now() - startedAt;
      return this.#requests.has(request)
        ? core.request(socket, request, body, timeoutMs - elapsed)
        : undefined;
    };
    const error = this.#defer({ run, length: body.length, request });
    if (error) clearTimeout(timer);
    return error;
  }

  async #abortable(
    answer: Promise<readonly unknown[]>,
    socket: number,
    request: number,
    signal: AbortSignal,
  ): Promise<readonly unknown[]> {
    const abort = () => {
      this.run((core) => core.cancel(socket, request));
      this.#requests.get(request)?.reject(aborted(signal));
      this.#requests.delete(request);
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

const bufferFull: ErrorData = {
  code: "buffer_full",
  message: "1,000 events or 8 MB wait for the connection",
  hint: "emit less while `status` is not connected, or emit with `volatile: true`",
};

const ackTimeout: ErrorData = {
  code: "ack_timeout",
  message: "no answer came in time",
  hint: "check that the server's handler calls its acknowledgement; raise `timeoutMs`",
};

function aborted(signal: AbortSignal): SockeyeError {
  const hint = "the server may have received it all the same";
  return fail("aborted", "the request was aborted", hint, signal.reason);
}

/** The core says itself that it cannot run here; anything else kept it from being there at all. */
function toLoadError(cause: unknown): SockeyeError {
  const data = cause as ErrorData & { cause?: unknown };
  if (data.code === "wasm_unavailable") return new SockeyeError(data, { cause: data.cause });

  const hint =
    'check the network and that the bundler ships the lazy chunk; or import "sockeye-client/inline"';
  return fail("load_failed", "the client's core could not be loaded", hint, cause);
}

/** Where the application's uncaught errors show; outside browsers they would end the process. */
function show(error: unknown): void {
  if (typeof reportError === "function") reportError(error);
  else console.error(error);
}
