/** What applications work with: a client, and the namespaces on it. */
import { Connection, type SocketEvents } from "./connection.js";
import { Deferred } from "./deferred.js";
import { fail, type SockeyeError } from "./errors.js";
import type {
  AckValue,
  DefaultEvents,
  EventArguments,
  EventName,
  EventValue,
  RequestName,
} from "./events.js";
import { Observable, StateObservable, Subject, type Subscription } from "./observable.js";
import {
  type Auth,
  checkTimes,
  type ClientOptions,
  resolveOptions,
  toNamespace,
} from "./options.js";
import type { CreateCore } from "./port.js";
import type { Sender, SendOptions } from "./sender.js";
import { assertNotReserved, serialize, stringify, toValue } from "./serialize.js";
import { type ClientStatus, isSame, withReason } from "./status.js";

/** One namespace: its events, its status. */
export class NamespaceClient<
  ListenEvents extends object = DefaultEvents,
  EmitEvents extends object = ListenEvents,
> implements Sender<EmitEvents> {
  /** The namespace, `/` for the root. */
  readonly name: string;
  /**
   * The current {@link ClientStatus} and its changes. Each subscriber gets the current one first.
   *
   * @example
   * client.status.subscribe(({ state }) => (banner.hidden = state === "connected"));
   */
  readonly status: StateObservable<ClientStatus>;
  /** Names the event maps for the type checker; there is no such property at run time. */
  declare readonly "~events": { listen: ListenEvents; emit: EmitEvents } | undefined;
  /** @internal */
  readonly connection: Connection;
  readonly #id: number;
  readonly #auth: Auth | undefined;
  readonly #channels = new Map<number, Channel>();
  readonly #statusSubject: Subject<ClientStatus>;
  #status: ClientStatus = { state: "idle" };
  /** Statuses that not everybody has been told; more than one if a listener causes the next. */
  readonly #untold: ClientStatus[] = [];
  #connecting: Deferred | undefined;
  #socketId: string | undefined;
  /** Whether the application has said that it wants no connection. */
  #declined = false;

  /** @internal */
  constructor(connection: Connection, name: string, auth: Auth | undefined) {
    this.connection = connection;
    this.name = name;
    this.#auth = auth;
    this.#statusSubject = new Subject((error) => connection.report(error));
    this.status = new StateObservable(
      () => this.#status,
      this.#statusSubject,
      () => this.#untold[0] ?? this.#status,
    );
    this.#id = connection.addSocket(name, auth !== undefined, this.#socketEvents());
  }

  /** The server's id for this connection, while connected: `socket.id` there. */
  get id(): string | undefined {
    return this.#socketId;
  }

  /**
   * Connects, and stays connected: a lost connection is made again until `disconnect()` or until the
   * server refuses or disconnects.
   *
   * Resolves when connected. Rejects with the {@link SockeyeError} of the first attempt that fails; the
   * client goes on trying unless its status says `disconnected`. The promise may be ignored.
   */
  connect(): Promise<void> {
    const { state } = this.#status;
    const isWanted = this.connection.isWanted(this.#id);
    if (state === "connected" && isWanted) return Promise.resolve();
    if (this.#connecting && isWanted) return this.#connecting.promise;
    const { promise } = (this.#connecting ??= new Deferred());
    if (state === "closed") this.#finishConnecting(closed());
    else {
      if (state === "idle" || state === "disconnected") {
        this.#setStatus({ state: "connecting", attempt: 1 });
      }
      this.connection.connect(this.#id);
    }
    return promise;
  }

  /** @internal */
  connectUnlessTold(): void {
    if (!this.#declined && this.#status.state === "idle") void this.connect();
  }

  /**
   * Disconnects until `connect()` is called. Requests that have been sent reject with `disconnected`;
   * what waits to be sent stays.
   */
  disconnect(): void {
    this.#declined = true;
    const { state } = this.#status;
    if (state !== "idle" && state !== "closed") this.connection.disconnect(this.#id);
  }

  /**
   * Returns the events of this name as a stream: their one argument, otherwise the tuple of all.
   *
   * Subscriptions outlive reconnections. An event that nobody subscribes to is not even parsed.
   *
   * @throws {SockeyeError} `reserved_event` for a name that servers cannot send.
   * @example
   * client.on("job:progress").subscribe(({ jobId, progress }) => draw(jobId, progress));
   * for await (const job of client.on("job:completed")) archive(job);
   */
  on<Name extends EventName<ListenEvents>>(
    event: Name,
  ): Observable<EventValue<ListenEvents, Name>> {
    assertNotReserved(event);
    return new Observable((observer) => {
      if (this.#status.state === "closed") {
        this.#statusSubject.finish(observer);
        return () => {};
      }
      const { channel, release } = this.#openChannel(event);
      const remove = channel.subject.add(observer);
      return () => {
        remove();
        release();
      };
    });
  }

  /**
   * Answers the server's events of this name: what `respond` returns, or resolves with, is the
   * acknowledgement. When it throws the server gets no answer.
   *
   * @throws {SockeyeError} `responder_exists` if the event has one already, `reserved_event` or
   * `client_destroyed`.
   * @example
   * client.respond("are-you-there", () => "yes");
   */
  respond<Name extends RequestName<ListenEvents>>(
    event: Name,
    respond: (
      value: EventValue<ListenEvents, Name>,
    ) => AckValue<ListenEvents, Name> | Promise<AckValue<ListenEvents, Name>>,
  ): Subscription {
    assertNotReserved(event);
    this.connection.assertAlive();
    const { channel, release } = this.#openChannel(event);
    if (channel.responder) {
      release();
      const hint = "an event has one answer; unsubscribe the other responder first";
      throw fail("responder_exists", `"${event}" has a responder already`, hint);
    }
    channel.responder = respond;
    return new Observable<never>((observer) => {
      const remove = channel.subject.add({ complete: () => observer.complete?.() });
      return () => {
        channel.responder = undefined;
        remove();
        release();
      };
    }).subscribe({});
  }

  emit<Name extends EventName<EmitEvents>>(
    event: Name,
    ...args: EventArguments<EmitEvents, Name>
  ): void {
    this.connection.emit(this.#id, serialize(event, args), false);
  }

  request<Name extends RequestName<EmitEvents>>(
    event: Name,
    ...args: EventArguments<EmitEvents, Name>
  ): Promise<AckValue<EmitEvents, Name>> {
    return this.#request(event, args, {});
  }

  /**
   * Returns what sends events with these options.
   *
   * @throws {SockeyeError} `invalid_option`.
   * @example
   * client.with({ volatile: true }).emit("cursor", { x, y });
   * await client.with({ timeoutMs: 2_000, signal }).request("save", draft);
   */
  with(options: SendOptions): Sender<EmitEvents> {
    if (options.timeoutMs !== undefined) checkTimes({ timeoutMs: options.timeoutMs });
    return {
      emit: (event, ...args) =>
        this.connection.emit(this.#id, serialize(event, args), options.volatile === true),
      request: (event, ...args) => this.#request(event, args, options),
    };
  }

  #request<Value>(event: string, args: unknown[], options: SendOptions): Promise<Value> {
    const { timeoutMs = this.connection.options.requestTimeoutMs, signal } = options;
    try {
      const body = serialize(event, args);
      const answer = this.connection.request(this.#id, body, timeoutMs, signal);
      return answer.then((answered) => toValue(answered, 0) as Value);
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a SockeyeError
      return Promise.reject(error);
    }
  }

  #openChannel(name: string): { channel: Channel; release: () => void } {
    const event = this.connection.retain(name);
    let channel = this.#channels.get(event);
    if (!channel) {
      channel = {
        subject: new Subject((error) => this.connection.report(error)),
        responder: undefined,
      };
      this.#channels.set(event, channel);
    }
    const opened = channel;
    const release = () => {
      if (!opened.subject.isObserved && !opened.responder) this.#channels.delete(event);
      this.connection.release(name);
    };
    return { channel, release };
  }

  #socketEvents(): SocketEvents {
    return {
      handleDelivered: (event, args, connection, ackId) => {
        const channel = this.#channels.get(event);
        if (!channel) return;
        const value = toValue(args, 1);
        channel.subject.next(value);
        if (channel.responder && ackId >= 0 && this.#status.state !== "closed") {
          void this.#answer(channel.responder, value, connection, ackId);
        }
      },
      handleAuthNeeded: (ticket) => void this.#authenticate(ticket),
      handleAccepted: (id) => (this.#socketId = id),
      handleFailed: (error) => this.#finishConnecting(error),
      handleStatus: (status) => this.#onStatus(status),
    };
  }

  async #answer(
    responder: (value: unknown) => unknown,
    value: unknown,
    connection: number,
    ackId: number,
  ): Promise<void> {
    try {
      const answer = await responder(value);
      const body = stringify(answer === undefined ? [] : [answer]);
      this.connection.core?.acknowledge(this.#id, connection, ackId, body);
    } catch (error) {
      this.connection.report(error);
    }
  }

  async #authenticate(ticket: number): Promise<void> {
    try {
      const auth: unknown = typeof this.#auth === "function" ? await this.#auth() : this.#auth;
      const payload = auth === undefined ? undefined : stringify(auth);
      if (payload?.startsWith("{") === false) {
        throw fail("invalid_option", "`auth` gave no object", "give an object like { token }");
      }
      this.connection.core?.authenticate(this.#id, ticket, payload);
    } catch (error) {
      this.connection.failAuthentication(this.#id, ticket, error);
    }
  }

  /** The promise of `connect()` ends first: a listener may call that again. */
  #onStatus(status: ClientStatus): void {
    if (status.state === "connected") this.#finishConnecting();
    else if (status.state === "disconnected") this.#onDisconnected(status.cause);
    else if (status.state === "waiting") this.#onWaiting(status.cause);
    this.#setStatus(withReason(status, this.#status));
  }

  /** After `disconnect()` and `connect()` in one listener the core tells of both in turn. */
  #onDisconnected(cause: SockeyeError): void {
    const isSuperseded = cause.code === "client_disconnect" && this.connection.isWanted(this.#id);
    if (!isSuperseded) this.#finishConnecting(cause);
  }

  /** What is behind a transport that failed is being found out; that ends in `handleFailed`. */
  #onWaiting(cause: SockeyeError | undefined): void {
    if (cause && cause.code !== "transport_error") this.#finishConnecting(cause);
  }

  #onClosed(): void {
    this.#finishConnecting(closed());
    for (const { subject } of [...this.#channels.values()]) subject.complete();
    this.#channels.clear();
    this.#statusSubject.complete();
  }

  #setStatus(status: ClientStatus): void {
    if (isSame(this.#status, status)) return;
    if (status.state !== "connected") this.#socketId = undefined;
    this.#status = status;
    this.#untold.push(status);
    if (this.#untold.length > 1) return;
    for (let next: ClientStatus | undefined; (next = this.#untold[0]); this.#untold.shift()) {
      this.#statusSubject.next(next);
    }
    if (this.#status.state === "closed") this.#onClosed();
  }

  #finishConnecting(error?: SockeyeError): void {
    this.#connecting?.settle(error);
    this.#connecting = undefined;
  }
}

/**
 * A connection to a server: the namespace of its address, further ones, and what they share.
 *
 * Made by {@link createClient}.
 */
export class Client<
  ListenEvents extends object = DefaultEvents,
  EmitEvents extends object = ListenEvents,
> extends NamespaceClient<ListenEvents, EmitEvents> {
  /**
   * Failed attempts, broken frames, listeners that throw: everything that went wrong without a call
   * that could have failed.
   */
  readonly errors: Observable<SockeyeError>;
  readonly #namespaces = new Map<string, NamespaceClient>();

  /** @internal */
  constructor(url: string | URL, options: ClientOptions, createCore: CreateCore) {
    const resolved = resolveOptions(url, options);
    super(new Connection(resolved, createCore), resolved.namespace, resolved.auth);
    const { errors } = this.connection;
    this.errors = new Observable((observer) => errors.add(observer));
    this.#namespaces.set(this.name, this as unknown as NamespaceClient);
    if (resolved.autoConnect) queueMicrotask(() => this.connectUnlessTold());
  }

  /**
   * Returns the client of another namespace on the same connection, with a status and auth of its own.
   *
   * The same name gives the same client; `auth` counts the first time. It connects when `connect()` is
   * called.
   *
   * @example
   * const admin = client.namespace("/admin", { auth: { token } });
   * await admin.connect();
   */
  namespace<Listen extends object = DefaultEvents, Emit extends object = Listen>(
    name: string,
    { auth }: { auth?: Auth } = {},
  ): NamespaceClient<Listen, Emit> {
    this.connection.assertAlive();
    const path = toNamespace(name);
    let namespace = this.#namespaces.get(path);
    if (!namespace) {
      namespace = new NamespaceClient(this.connection, path, auth);
      this.#namespaces.set(path, namespace);
    }
    return namespace as unknown as NamespaceClient<Listen, Emit>;
  }

  /** Ends a wait for the next attempt. Does nothing in any other state. */
  reconnectNow(): void {
    this.connection.core?.reconnectNow();
  }

  /**
   * Ends everything: the status is `closed`, requests reject, streams complete, and no timer, socket or
   * listener is left. The client cannot be used again.
   */
  async destroy(): Promise<void> {
    this.connection.destroy();
    await Promise.resolve();
  }
}

interface Channel {
  subject: Subject<unknown>;
  responder: ((value: unknown) => unknown) | undefined;
}

function closed(): SockeyeError {
  return fail("client_destroyed", "the client was destroyed", "make a new client");
}
