/** What all namespaces of a client share: the core, the numbers of events and requests, the errors. */
import type { AuthReason } from "./auth.js";
import type { Causes } from "./causes.js";
import {
  aborted,
  ackTimeout,
  clientDisconnect,
  destroyed,
  identityChanged,
  readerFailed,
  show,
} from "./connectionErrors.js";
import { type ErrorData, fail, SockeyeError } from "./errors.js";
import { EventNumbers } from "./eventNumbers.js";
import { CoreLoader, type LoadEvents } from "./loading.js";
import { Subject } from "./observable.js";
import type { ResolvedOptions } from "./options.js";
import type { CoreEvents, CorePort, CreateCore, LoadedCore, Services } from "./port.js";
import type { Questions } from "./questions.js";
import { type ReliableParts, ReliablePort } from "./reliablePort.js";
import { Requests, untilAborted } from "./requests.js";
import { SendQueue } from "./sendQueue.js";
import type { Outgoing } from "./serialize.js";
import type { Socket, SocketAuth, SocketEvents } from "./socketEvents.js";
import { toStatus } from "./status.js";
import { Watches } from "./watches.js";

export class Connection extends ReliablePort implements CoreEvents, LoadEvents {
  readonly options: ResolvedOptions;
  readonly errors = new Subject<SockeyeError>(show);
  /** The numbers of the events that are listened to. */
  readonly eventNumbers = new EventNumbers();
  readonly watches = new Watches();
  readonly #loader: CoreLoader;
  readonly #sockets: Socket[] = [];
  readonly #requests = new Requests();
  readonly #sendQueue = new SendQueue();
  #questions: Questions | undefined;
  #identity: string;
  #core: CorePort | undefined;
  #services: Services | undefined;
  #destroyed = false;

  constructor(options: ResolvedOptions, createCore: CreateCore) {
    super();
    this.options = options;
    this.#identity = options.identity;
    const times = { ...options.core, random: options.random };
    this.#loader = new CoreLoader(() => createCore(options.core, this), times, this);
  }

  /** The core, if it is loaded and not destroyed. */
  get core(): CorePort | undefined {
    return this.#core;
  }

  /** What came with the core, if it is loaded. */
  get services(): Services | undefined {
    return this.#services;
  }

  /** The names of the namespaces, in the order of their numbers. */
  get namespaces(): string[] {
    return this.#sockets.map(({ namespace }) => namespace);
  }

  /** Adds a namespace; returns its number. */
  addSocket(
    namespace: string,
    auth: SocketAuth,
    events: SocketEvents,
    parts: ReliableParts,
  ): number {
    this.#core?.socket(namespace, auth.hasAuth);
    return this.#sockets.push({ namespace, auth, wanted: false, events, parts }) - 1;
  }

  /** Whether the application wants a namespace connected, also if the core has yet to act on it. */
  isWanted(socket: number): boolean {
    return this.#sockets[socket]?.wanted === true;
  }

  connect(socket: number): void {
    const isNew = !this.isWanted(socket);
    this.#want(socket, true);
    if (this.#core) this.#core.connect(socket);
    else this.load();
    if (isNew && this.#loader.retryInMs !== undefined) this.#tellLoading("waiting", [socket]);
  }

  disconnect(socket: number): void {
    this.#want(socket, false);
    if (this.#wanted().length === 0) this.#questions?.cancelAddress();
    if (this.#core) this.#core.disconnect(socket);
    else this.#disconnectUnloaded(socket);
  }

  /** Ends a wait for the next attempt. */
  reconnectNow(): void {
    if (this.#core) this.#core.reconnectNow();
    else this.#loader.retryNow();
  }

  /** The user, empty for none. */
  get identity(): string {
    return this.#identity;
  }

  /** What the user before has not sent is dropped, and namespaces that are wanted connect anew. */
  setIdentity(identity: string, isDiscarded = false): void {
    this.#identity = identity;
    const tell = this.#sockets.map(({ parts }) => parts.handleIdentity(identity, isDiscarded));
    this.options.core.positions = {};
    for (const { request } of this.#sendQueue.drain()) {
      if (request !== undefined) this.settled(request, identityChanged, []);
    }
    this.#core?.setIdentity(identity);
    for (const tellNamespace of tell) tellNamespace();
  }

  emit(socket: number, outgoing: Outgoing, volatile: boolean): void {
    this.assertAlive();
    const { body, attachments } = outgoing;
    const error = this.#core
      ? this.#core.emit(socket, body, attachments, volatile)
      : !volatile && this.#enqueue(outgoing, (core) => core.emit(socket, body, attachments, false));
    if (error) throw new SockeyeError(error);
  }

  /** Resolves with the arguments of the server's answer. Tells when it has been taken. */
  request(
    socket: number,
    outgoing: Outgoing,
    { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal | undefined },
    handleTaken: () => void,
  ): Promise<readonly unknown[]> {
    this.assertAlive();
    if (signal?.aborted) return Promise.reject(aborted(signal));
    const { request, answer } = this.#requests.add();
    const { body, attachments } = outgoing;
    const error = this.#core
      ? this.#core.request(socket, request, body, attachments, timeoutMs)
      : this.#enqueueRequest(socket, request, outgoing, timeoutMs);
    if (error) this.settled(request, error, []);
    else handleTaken();
    if (!signal) return answer;
    return untilAborted(answer, signal, () => {
      if (!this.#requests.has(request)) return;
      this.#core?.cancel(socket, request);
      this.#sendQueue.remove(request);
      this.#requests.reject(request, aborted(signal));
    });
  }

  /** Requests something in a prologue. */
  requestFirst(
    socket: number,
    ticket: number,
    outgoing: Outgoing,
    handleTaken: () => void,
  ): Promise<readonly unknown[]> {
    this.assertAlive();
    const { request, answer } = this.#requests.add();
    const { body, attachments } = outgoing;
    const { requestTimeoutMs } = this.options;
    const error = this.#core
      ? this.#core.requestFirst(socket, ticket, request, body, attachments, requestTimeoutMs)
      : destroyed;
    if (error) this.settled(request, error, []);
    else handleTaken();
    return answer;
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
    this.#loader.stop();
    this.#questions?.cancelAddress();
    this.eventNumbers.stop();
    this.#sendQueue.drain();
    const core = this.#core;
    this.#core = undefined;
    core?.destroy();
    this.#requests.rejectAll(() => new SockeyeError(destroyed));
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
  ): boolean {
    const events = this.#sockets[socket]?.events;
    const isHandled = events?.handleDelivered(event, args, connection, ackId) ?? true;
    return isHandled || this.options.dedup.advanceOnError;
  }

  readerFailed(error: unknown): void {
    this.errors.next(readerFailed(error));
  }

  settled(request: number, error: ErrorData | undefined, args: readonly unknown[]): void {
    if (error) this.#requests.reject(request, new SockeyeError(error));
    else this.#requests.resolve(request, args);
  }

  authNeeded(socket: number, ticket: number, attempt: number, reason: AuthReason): void {
    this.causes?.noteAuth(socket, undefined);
    this.#sockets[socket]?.events.handleAuthNeeded(ticket, attempt, reason);
  }

  addressNeeded(ticket: number, attempt: number): void {
    this.#questions?.askForAddress(ticket, attempt);
  }

  verdictNeeded(socket: number, ticket: number, cause: ErrorData): void {
    const error = this.#toError(socket, cause);
    const canRefresh = this.#sockets[socket]?.auth.canRefresh === true;
    this.#questions?.judge(socket, ticket, error, canRefresh, (thrown) => this.report(thrown));
  }

  accepted(socket: number, id: string, recovered: boolean): void {
    this.#sockets[socket]?.events.handleAccepted(id, recovered);
  }

  refused(socket: number, data: unknown): void {
    this.causes?.noteRefusal(socket, data);
  }

  dropped(data: ErrorData): void {
    this.errors.next(new SockeyeError(data));
  }

  failed(socket: number, data: ErrorData): void {
    const error = this.#toError(socket, data);
    if (error.code === "address_failed") this.#questions?.cancelAddress();
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
    slow: boolean,
  ): void {
    const error = cause && this.#toError(socket, cause);
    if (state === "disconnected" && error?.code !== "client_disconnect") this.#want(socket, false);
    if (state === "connected") this.#loader.reset();
    const status = toStatus(state, attempt + this.#loader.failures, retryInMs, error, slow);
    this.#sockets[socket]?.events.handleStatus(status);
  }

  protected partsOf(socket: number): ReliableParts | undefined {
    return this.#sockets[socket]?.parts;
  }

  /** What this side knows of errors, if the core is loaded. */
  get causes(): Causes | undefined {
    return this.#questions?.causes;
  }

  #toError(socket: number, data: ErrorData): SockeyeError {
    return this.causes?.toError(socket, data) ?? new SockeyeError(data);
  }

  #want(socket: number, wanted: boolean): void {
    const known = this.#sockets[socket];
    if (known) known.wanted = wanted;
  }

  /** Loads the core, unless nothing could be connected with it. */
  load(): void {
    const { error } = this.options;
    if (this.#destroyed) return;
    if (error) this.handleLoadFailed(error);
    else this.#loader.load();
  }

  /** What waits is handed over before anybody can be told anything, so that nothing overtakes it. */
  handleLoaded({ core, services }: LoadedCore): void {
    if (this.#destroyed) {
      core.destroy();
      return;
    }
    this.#questions = new services.Questions(core, this.options);
    if (this.#identity) core.setIdentity(this.#identity);
    for (const { namespace, auth } of this.#sockets) core.socket(namespace, auth.hasAuth);
    this.eventNumbers.start(core);
    for (const { run, request } of this.#sendQueue.drain()) {
      const error = run(core);
      if (error && request !== undefined) this.settled(request, error, []);
    }
    this.#core = core;
    this.#services = services;
    for (const { parts } of [...this.#sockets]) parts.handleLoaded();
    for (const socket of this.#wanted()) {
      if (this.isWanted(socket)) this.connect(socket);
    }
  }

  /** Events wait for the next load; requests do, too, if it comes by itself. */
  handleLoadFailed(error: SockeyeError): void {
    this.#core = undefined;
    this.eventNumbers.stop();
    if (this.#destroyed) return;
    const wanted = this.#wanted();
    if (error.code === "load_failed" && wanted.length > 0) {
      this.#loader.retry();
      this.#tellLoading("waiting", wanted);
    } else this.#giveUpLoading(wanted, error);
    this.errors.next(error);
  }

  handleLoadRetried(): void {
    this.#tellLoading("connecting", this.#wanted());
  }

  /** A listener may end the wait that the others have yet to be told of. */
  #tellLoading(state: "connecting" | "waiting", sockets: number[]): void {
    for (const socket of sockets) {
      const { failures, error, retryInMs } = this.#loader;
      const isCurrent = (state === "waiting") === (retryInMs !== undefined);
      if (!isCurrent || !this.isWanted(socket)) continue;
      const status = toStatus(state, failures + 1, retryInMs ?? 0, error);
      this.#sockets[socket]?.events.handleStatus(status);
    }
  }

  /** Requests end, and nobody is connected without asking again. */
  #giveUpLoading(wanted: number[], error: SockeyeError): void {
    this.#loader.reset();
    for (const request of this.#sendQueue.removeRequests()) this.#requests.reject(request, error);
    for (const { parts } of [...this.#sockets]) parts.handleLoadGivenUp(error);
    for (const socket of wanted) this.#want(socket, false);
    for (const socket of wanted) {
      this.#sockets[socket]?.events.handleStatus({ state: "disconnected", cause: error });
    }
  }

  /** The last one to leave ends the wait for the next load. */
  #disconnectUnloaded(socket: number): void {
    if (this.#wanted().length === 0) this.#loader.reset();
    this.status(socket, "disconnected", 0, 0, clientDisconnect, false);
  }

  #wanted(): number[] {
    return this.#sockets.flatMap(({ wanted }, socket) => (wanted ? socket : []));
  }

  #enqueue(
    outgoing: Outgoing,
    run: (core: CorePort) => ErrorData | undefined,
    request?: number,
  ): ErrorData | undefined {
    this.load();
    return this.#sendQueue.push({ outgoing, run, ...(request !== undefined && { request }) });
  }

  /** A request's time runs from the call, also while the core is being loaded. */
  #enqueueRequest(
    socket: number,
    request: number,
    outgoing: Outgoing,
    timeoutMs: number,
  ): ErrorData | undefined {
    const startedAt = performance.now();
    this.#requests.startTimer(request, timeoutMs, () => {
      this.#sendQueue.remove(request);
      this.#requests.reject(request, this.#loader.error ?? new SockeyeError(ackTimeout));
    });
    const send = (core: CorePort) => {
      this.#requests.stopTimer(request);
      const left = timeoutMs - (performance.now() - startedAt);
      return core.request(socket, request, outgoing.body, outgoing.attachments, left);
    };
    return this.#enqueue(outgoing, send, request);
  }
}
