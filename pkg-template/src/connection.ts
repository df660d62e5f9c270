/** What all namespaces of a client share: the core, the numbers of events and requests, the errors. */
import type { AuthReason } from "./auth.js";
import type { Causes } from "./causes.js";
import { clientDisconnect, destroyed } from "./callErrors.js";
import { identityChanged, readerFailed } from "./connectionErrors.js";
import { type ErrorData, SockeyeError } from "./errors.js";
import { type Asked, Exchanges } from "./exchanges.js";
import { EventNumbers } from "./eventNumbers.js";
import { CoreLoader, type LoadEvents } from "./loading.js";
import { Subject } from "./observable.js";
import type { ResolvedOptions } from "./options.js";
import type { CoreEvents, CorePort, CreateCore, LoadedCore, Services } from "./port.js";
import type { Questions } from "./questions.js";
import type { Rebuilds } from "./rebuilds.js";
import { type ReliableParts, ReliablePort } from "./reliablePort.js";
import type { Socket, SocketAuth, SocketEvents } from "./socketEvents.js";
import type { Outgoing } from "./serialize.js";
import { listenerError, show } from "./show.js";
import { type ClientStatus, toStatus } from "./status.js";
import { Watches } from "./watches.js";

/** What of a client was there before the rest of it was loaded. */
export interface Before {
  /** How many attempts to load it have failed. */
  failures?: number;
  /** The status of the client's own namespace. */
  status?: ClientStatus;
}

export class Connection extends ReliablePort implements CoreEvents, LoadEvents {
  readonly options: ResolvedOptions;
  readonly errors = new Subject<SockeyeError>(show);
  /** The numbers of the events that are listened to. */
  readonly eventNumbers = new EventNumbers();
  readonly watches = new Watches();
  readonly #loader: CoreLoader;
  readonly #sockets: Socket[] = [];
  readonly #exchanges: Exchanges;
  #questions: Questions | undefined;
  #identity: string;
  #core: CorePort | undefined;
  #services: Services | undefined;
  #rebuilds: Rebuilds | undefined;
  #destroyed = false;

  constructor(options: ResolvedOptions, createCore: CreateCore, before: Before = {}) {
    super();
    this.options = options;
    this.#identity = options.identity;
    const times = { ...options.core, random: options.random };
    this.#exchanges = new Exchanges(this);
    const create = (signal: AbortSignal) => createCore(options.core, this, signal);
    this.#loader = new CoreLoader(create, times, this, before.failures);
  }

  /** The core, if it is loaded and not destroyed. */
  get core(): CorePort | undefined {
    return this.#core;
  }

  /** Why the core could not be loaded the last time, if so. */
  get loadError(): SockeyeError | undefined {
    return this.#loader.error;
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
    Object.assign(this.options.core, { identity, positions: {}, unproved: [] });
    this.#exchanges.discard(identityChanged);
    this.#core?.setIdentity(identity);
    for (const tellNamespace of tell) tellNamespace();
  }

  emit(socket: number, outgoing: Outgoing, volatile: boolean): void {
    this.assertAlive();
    this.#exchanges.emit(socket, outgoing, volatile);
  }

  /** Resolves with the arguments of the server's answer. Tells when it has been taken. */
  request(socket: number, asked: Asked, handleTaken: () => void): Promise<readonly unknown[]> {
    this.assertAlive();
    return this.#exchanges.request(socket, asked, handleTaken);
  }

  /** Requests something in a prologue of `core`. */
  requestFirst(
    core: CorePort | undefined,
    socket: number,
    ticket: number,
    outgoing: Outgoing,
    handleTaken: () => void,
  ): Promise<readonly unknown[]> {
    this.assertAlive();
    const asked = { outgoing, timeoutMs: this.options.requestTimeoutMs };
    return this.#exchanges.requestFirst(core, socket, ticket, asked, handleTaken);
  }

  /** Reports what the application's code threw, and goes on. */
  report(error: unknown): void {
    show(error);
    this.errors.next(listenerError(error));
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
    const core = this.#core;
    this.#core = undefined;
    core?.destroy();
    this.#exchanges.end(() => new SockeyeError(destroyed));
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
    this.#exchanges.settled(request, error, args);
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

  reported(data: ErrorData, cause?: unknown): void {
    this.errors.next(new SockeyeError(data, cause === undefined ? {} : { cause }));
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
    if (this.#destroyed) core.destroy();
    if (!core.isAlive()) return;
    this.#rebuilds ??= new services.Rebuilds();
    this.#questions = new services.Questions(core, this.options);
    if (this.#identity) core.setIdentity(this.#identity);
    for (const { namespace, auth } of this.#sockets) core.socket(namespace, auth.hasAuth);
    this.eventNumbers.start(core);
    this.#exchanges.handleLoaded(core);
    if (!core.isAlive()) return;
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

  /**
   * Nothing but this side is left. What was asked of the core ends; everybody else is told when whoever
   * called the core has ended, and so has what the core was in the middle of.
   */
  coreFailed(data: ErrorData, cause: unknown): void {
    const error = new SockeyeError(data, { cause });
    this.#core = undefined;
    this.eventNumbers.stop();
    this.#questions?.cancelAddress();
    this.#exchanges.fail(error);
    const told = this.#sockets.filter(({ parts }) => parts.hooks.continuity.value);
    const unproved = told.map(({ namespace }) => namespace);
    Object.assign(this.options.core, { positions: {}, unproved });
    const tell = this.#sockets.map(({ parts }) => parts.handleCoreFailed());
    queueMicrotask(() => this.#rebuild(error, tell));
  }

  /** Everybody is told, and a new core is made of what is known here, unless that has not helped. */
  #rebuild(error: SockeyeError, tell: (() => void)[]): void {
    if (this.#destroyed) return;
    this.#loader.forget();
    // That another tab leads is nothing that went wrong.
    const isFailure = error.code !== "disconnected";
    const last = isFailure ? this.#rebuilds?.next(error) : undefined;
    if (last) this.#giveUpLoading(this.#wanted(), last);
    else {
      this.load();
      const status = toStatus("waiting", 1, 0, error);
      for (const { wanted, events } of [...this.#sockets]) if (wanted) events.handleStatus(status);
    }
    for (const tellNamespace of tell) tellNamespace();
    if (isFailure) this.errors.next(last ?? error);
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
    this.#exchanges.giveUp(error);
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
}
