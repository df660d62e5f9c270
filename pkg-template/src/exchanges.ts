/** The events and requests of a client: to the core, or kept until it has been loaded. */
import { aborted, ackTimeout, destroyed } from "./callErrors.js";
import { type ErrorData, SockeyeError } from "./errors.js";
import type { CorePort } from "./port.js";
import { Requests, untilAborted } from "./requests.js";
import { SendQueue } from "./sendQueue.js";
import type { Outgoing } from "./serialize.js";

/** What {@link Exchanges} need. */
interface ExchangesScope {
  readonly core: CorePort | undefined;
  /** Why the core could not be loaded the last time. */
  readonly loadError: SockeyeError | undefined;
  /** Loads the core. */
  load(): void;
}

type Run = (core: CorePort) => ErrorData | undefined;

/** Something that is requested. */
export interface Asked {
  outgoing: Outgoing;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

export class Exchanges {
  readonly #scope: ExchangesScope;
  readonly #requests = new Requests();
  readonly #sendQueue = new SendQueue();
  /** Why a core failed the last time. */
  #lastFailure: ErrorData | undefined;
  /** The same, if it has failed since it was asked to emit something. */
  #failure: ErrorData | undefined;

  constructor(scope: ExchangesScope) {
    this.#scope = scope;
  }

  /** Throws why the event is not taken, if so. */
  emit(socket: number, outgoing: Outgoing, volatile: boolean): void {
    const { core } = this.#scope;
    const error = core
      ? this.#emitNow(core, socket, outgoing, volatile)
      : !volatile && this.#enqueue(outgoing, (core) => emitTo(core, socket, outgoing, false));
    if (error) throw toError(error);
  }

  /** Resolves with the arguments of the server's answer. Tells when it has been taken. */
  request(socket: number, asked: Asked, handleTaken: () => void): Promise<readonly unknown[]> {
    const { outgoing, timeoutMs, signal } = asked;
    if (signal?.aborted) return Promise.reject(aborted(signal));
    const { request, answer } = this.#requests.add();
    const { body, attachments } = outgoing;
    const { core } = this.#scope;
    const error = core
      ? core.request(socket, request, body, attachments, timeoutMs)
      : this.#enqueueRequest(socket, request, asked);
    this.#taken(request, error, handleTaken);
    if (!signal) return answer;
    return untilAborted(answer, signal, () => {
      if (!this.#requests.has(request)) return;
      this.#scope.core?.cancel(socket, request);
      this.#sendQueue.remove(request);
      this.#requests.reject(request, aborted(signal));
    });
  }

  /** Requests something in a prologue of `core`. */
  requestFirst(
    core: CorePort | undefined,
    socket: number,
    ticket: number,
    { outgoing, timeoutMs }: Asked,
    handleTaken: () => void,
  ): Promise<readonly unknown[]> {
    const { request, answer } = this.#requests.add();
    const { body, attachments } = outgoing;
    const error = core?.isAlive()
      ? core.requestFirst(socket, ticket, request, body, attachments, timeoutMs)
      : (this.#lastFailure ?? destroyed);
    this.#taken(request, error, handleTaken);
    return answer;
  }

  settled(request: number, error: ErrorData | undefined, args: readonly unknown[]): void {
    if (error) this.#requests.reject(request, toError(error));
    else this.#requests.resolve(request, args);
  }

  /** Hands over what waits. */
  handleLoaded(core: CorePort): void {
    for (const { run, request } of this.#sendQueue.drain()) {
      const error = run(core);
      if (error && request !== undefined) this.settled(request, error, []);
    }
  }

  /** Nothing that waits is sent; its requests reject. */
  discard(error: ErrorData): void {
    for (const { request } of this.#sendQueue.drain()) {
      if (request !== undefined) this.settled(request, error, []);
    }
  }

  /** Requests that wait reject; events wait on. */
  giveUp(error: SockeyeError): void {
    for (const request of this.#sendQueue.removeRequests()) this.#requests.reject(request, error);
  }

  /** The core has failed: nobody knows what it has sent of what it had. */
  fail(error: SockeyeError): void {
    this.#failure = this.#lastFailure = error;
    this.#requests.rejectAll(() => error);
  }

  /** All requests reject, and what waits is sent no more. */
  end(toError: () => SockeyeError): void {
    this.#sendQueue.drain();
    this.#requests.rejectAll(toError);
  }

  /** A core that fails meanwhile does not say so here. */
  #emitNow(core: CorePort, socket: number, outgoing: Outgoing, volatile: boolean) {
    this.#failure = undefined;
    return emitTo(core, socket, outgoing, volatile) ?? this.#failure;
  }

  #taken(request: number, error: ErrorData | undefined, handleTaken: () => void): void {
    if (error) this.settled(request, error, []);
    else if (this.#requests.has(request)) handleTaken();
  }

  #enqueue(outgoing: Outgoing, run: Run, request?: number): ErrorData | undefined {
    this.#scope.load();
    return this.#sendQueue.push({ outgoing, run, ...(request !== undefined && { request }) });
  }

  /** A request's time runs from the call, also while the core is being loaded. */
  #enqueueRequest(
    socket: number,
    request: number,
    { outgoing, timeoutMs }: Asked,
  ): ErrorData | undefined {
    const startedAt = performance.now();
    this.#requests.startTimer(request, timeoutMs, () => {
      this.#sendQueue.remove(request);
      this.#requests.reject(request, this.#scope.loadError ?? new SockeyeError(ackTimeout));
    });
    const send = (core: CorePort) => {
      this.#requests.stopTimer(request);
      const left = timeoutMs - (performance.now() - startedAt);
      return core.request(socket, request, outgoing.body, outgoing.attachments, left);
    };
    return this.#enqueue(outgoing, send, request);
  }
}

/** That of a core that has failed has a cause. */
const toError = (data: ErrorData) => (data instanceof SockeyeError ? data : new SockeyeError(data));

const emitTo = (
  core: CorePort,
  socket: number,
  { body, attachments }: Outgoing,
  volatile: boolean,
) => core.emit(socket, body, attachments, volatile);
