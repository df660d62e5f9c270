/** A namespace as applications work with it. */
import type { ActionOptions } from "./action.js";
import type { Auth, Authenticator } from "./auth.js";
import { Channels } from "./channels.js";
import { checkCount, checkTimes } from "./checks.js";
import type { Connection } from "./connection.js";
import { Deferred } from "./deferred.js";
import { fail, type SockeyeError } from "./errors.js";
import type {
  AckValue,
  AnyEvent,
  DefaultEvents,
  EventArguments,
  EventName,
  EventValue,
  RequestName,
} from "./events.js";
import {
  Observable,
  type Observer,
  type StateObservable,
  type Subscription,
} from "./observable.js";
import { ReliableNamespace } from "./reliable.js";
import type { ActionSender, Sender, SendOptions } from "./sender.js";
import { assertNotReserved, serialize, toOutgoing } from "./serialize.js";
import type { SocketEvents } from "./socketEvents.js";
import { State } from "./state.js";
import { type ClientStatus, isSame, withDetails } from "./status.js";
import { steady } from "./steadyStatus.js";
import { toValue } from "./toValue.js";

/** One namespace: its events, its status. */
export class NamespaceClient<
  ListenEvents extends object = DefaultEvents,
  EmitEvents extends object = ListenEvents,
>
  extends ReliableNamespace<ListenEvents, EmitEvents>
  implements Sender<EmitEvents>
{
  /**
   * The current {@link ClientStatus} and its changes. Each subscriber gets the current one first.
   *
   * @example
   * client.status.subscribe(({ state }) => (banner.hidden = state === "connected"));
   */
  readonly status: StateObservable<ClientStatus>;
  /** @hidden Names the event maps for the type checker; there is no such property at run time. */
  declare readonly "~events": { listen: ListenEvents; emit: EmitEvents } | undefined;
  /** @internal */
  readonly socket: number;
  readonly #auth: Auth | undefined;
  #authenticator: Authenticator | undefined;
  readonly #channels: Channels;
  readonly #state: State<ClientStatus>;
  #steadyStatus: StateObservable<ClientStatus> | undefined;
  #connecting: Deferred | undefined;
  #socketId: string | undefined;
  #recovered = false;
  /** Whether the application has said that it wants no connection. */
  #declined = false;

  /** @internal */
  constructor(
    connection: Connection,
    name: string,
    auth: Auth | undefined,
    status: ClientStatus = { state: "idle" },
  ) {
    super(connection, name);
    this.#auth = auth;
    const report = (error: unknown) => connection.report(error);
    this.#channels = new Channels(connection.eventNumbers, report);
    this.#state = new State(status, report);
    this.status = this.#state.observable;
    const toAsk = { hasAuth: auth !== undefined, canRefresh: typeof auth === "function" };
    this.socket = connection.addSocket(name, toAsk, this.#socketEvents(), this);
  }

  /**
   * The {@link status} without its flaps: a state is there when the status has been another than the one
   * before for 300 ms (option `steadyAfterMs`); `disconnected` and `closed` are there at once.
   *
   * @example
   * client.steadyStatus.subscribe(({ state }) => (banner.hidden = state === "connected"));
   */
  get steadyStatus(): StateObservable<ClientStatus> {
    const { connection } = this;
    const { steadyAfterMs } = connection.options;
    const report = (error: unknown) => connection.report(error);
    return (this.#steadyStatus ??= steady(this.status, steadyAfterMs, report));
  }

  /** The server's id for this connection, while connected: `socket.id` there. */
  get id(): string | undefined {
    return this.#socketId;
  }

  /**
   * Whether the last connection took up the one before it: the server remembered the client, which has
   * the same `id`, and sends the events that it missed. For servers with `connectionStateRecovery`.
   */
  get recovered(): boolean {
    return this.#recovered;
  }

  /**
   * Connects, and stays connected: a lost connection is made again until `disconnect()` or until the
   * server refuses or disconnects.
   *
   * Resolves when connected. Rejects with the {@link SockeyeError} of the first attempt that fails; the
   * client goes on trying unless its status says `disconnected`. The promise may be ignored.
   *
   * @example
   * await client.connect();
   */
  connect(): Promise<void> {
    const { state } = this.#status;
    const isWanted = this.connection.isWanted(this.socket);
    if (state === "connected" && isWanted) return Promise.resolve();
    if (this.#connecting && isWanted) return this.#connecting.promise;
    const { promise } = (this.#connecting ??= new Deferred());
    if (state === "closed") this.#finishConnecting(closed());
    else {
      if (state === "idle" || state === "disconnected") {
        this.#setStatus({ state: "connecting", attempt: 1 });
      }
      this.connection.connect(this.socket);
    }
    return promise;
  }

  /**
   * Joins the namespace anew with a fresh auth payload, which `auth` is asked for with the reason
   * `refresh`: when the user has got other rights, or before a token expires. Connects if nobody has.
   *
   * What has been sent and not answered counts as lost, as when the connection is lost. The promise
   * settles like that of {@link connect}.
   *
   * @example
   * await client.refreshAuth();
   */
  refreshAuth(): Promise<void> {
    const { state } = this.#status;
    if (state === "closed" || !this.connection.isWanted(this.socket)) return this.connect();
    const { promise } = (this.#connecting ??= new Deferred());
    // The core has yet to be loaded: that is what is waited for.
    if (!this.connection.core) this.connection.reconnectNow();
    else this.connection.core.refreshAuth(this.socket);
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
    if (state !== "idle" && state !== "closed") this.connection.disconnect(this.socket);
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
    return this.#channels.on(event);
  }

  /**
   * Returns all events that come, with their names, as a stream: each before those who listen to its
   * name are told.
   *
   * While somebody subscribes, every event is parsed.
   *
   * @example
   * client.onAny().subscribe(({ event, args }) => console.debug("received", event, ...args));
   */
  onAny(): Observable<AnyEvent<ListenEvents>> {
    return this.#channels.onAny() as Observable<AnyEvent<ListenEvents>>;
  }

  /**
   * Returns all events and requests that are sent, with their names, as a stream: each when it is taken
   * to be sent, also if it has to wait for the connection. Volatile events that are dropped are not
   * among them.
   *
   * @example
   * client.onAnyOutgoing().subscribe(({ event, args }) => console.debug("sent", event, ...args));
   */
  onAnyOutgoing(): Observable<AnyEvent<EmitEvents>> {
    return new Observable((observer) => this.traffic.outgoing.add(observer as Observer<AnyEvent>));
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
    return this.#channels.respond(event, respond);
  }

  emit<Name extends EventName<EmitEvents>>(
    event: Name,
    ...args: EventArguments<EmitEvents, Name>
  ): void {
    this.#emit(event, args, false);
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
   * client.with({ lane: orderId, ttlMs: 3_600_000 }).enqueue("order:cancel", { orderId });
   */
  with(options: SendOptions & ActionOptions): ActionSender<EmitEvents> {
    const { timeoutMs = 1, ttlMs = 1, ackTimeoutMs = 1 } = options;
    checkTimes({ timeoutMs, ttlMs, ackTimeoutMs });
    return {
      emit: (event, ...args) => this.#emit(event, args, options.volatile === true),
      request: (event, ...args) => this.#request(event, args, options),
      enqueue: (event, ...args) => this.enqueueWith(options, event, args),
    };
  }

  /**
   * Keeps events of this name, up to `max`, until somebody subscribes to them: the first one gets them.
   * Of more than `max` the oldest are dropped.
   *
   * @throws {SockeyeError} `reserved_event` or `invalid_option`.
   * @example
   * client.hold("welcome", 10); // before connecting
   */
  hold(event: EventName<ListenEvents>, max: number): Subscription {
    assertNotReserved(event);
    checkCount("max", max, 1_000_000, 1);
    return this.#channels.hold(event, max);
  }

  /** @internal */
  listen(event: string): Observable<unknown> {
    assertNotReserved(event);
    return this.#channels.on(event);
  }

  #emit(event: string, given: unknown[], volatile: boolean): void {
    const isDropped = volatile && this.#status.state !== "connected";
    const args = this.traffic.send(event, given);
    this.connection.emit(this.socket, serialize(event, args), volatile);
    if (!isDropped) this.traffic.handleSent("event", event, args);
  }

  #request<Value>(event: string, given: unknown[], options: SendOptions): Promise<Value> {
    const { timeoutMs = this.connection.options.requestTimeoutMs, signal } = options;
    const { traffic } = this;
    try {
      const args = traffic.send(event, given);
      const outgoing = serialize(event, args);
      const startedAt = traffic.start(this.#status.state === "connected");
      const tell = () => traffic.handleSent("request", event, args);
      const answer = this.connection.request(this.socket, { outgoing, timeoutMs, signal }, tell);
      return answer.then((told) => toValue(traffic.answered(event, told, startedAt), 0) as Value);
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a SockeyeError
      return Promise.reject(error);
    }
  }

  #socketEvents(): SocketEvents {
    return {
      handleDelivered: (event, args, connection, ackId) => {
        const told = this.traffic.receive(args);
        if (typeof told === "boolean") return told;
        const answer = ackId < 0 ? undefined : this.#answerTo(String(told[0]), connection, ackId);
        return this.#channels.deliver(event, told, answer);
      },
      handleAuthNeeded: (ticket, attempt, reason) => {
        const { connection } = this;
        const { services } = connection;
        this.#authenticator ??= services && new services.Authenticator(this.#auth, connection);
        void this.#authenticator?.ask(this.socket, ticket, attempt, reason);
      },
      handleAccepted: (id, recovered) => {
        this.#socketId = id;
        this.#recovered = recovered;
      },
      handleFailed: (error) => this.#finishConnecting(error),
      handleStatus: (status) => this.#onStatus(status),
    };
  }

  #answerTo(event: string, connection: number, ackId: number) {
    const { core } = this.connection;
    return async (responder: (value: unknown) => unknown, value: unknown) => {
      try {
        const answer = await responder(value);
        const args = this.traffic.answer(event, answer === undefined ? [] : [answer]);
        if (!args) return;
        const { body, attachments } = toOutgoing(args);
        if (core !== this.connection.core) return; // The connection has gone with the core.
        core?.acknowledge(this.socket, connection, ackId, body, attachments);
      } catch (error) {
        this.connection.report(error);
      }
    };
  }

  /** The promise of `connect()` ends first: a listener may call that again. */
  #onStatus(status: ClientStatus): void {
    if (status.state !== "connecting") this.#authenticator?.cancel();
    if (status.state === "connected") this.#finishConnecting();
    else if (status.state === "disconnected") this.#onDisconnected(status.cause);
    else if (status.state === "waiting") this.#onWaiting(status.cause);
    this.#setStatus(withDetails(status, this.#status, this.#recovered));
  }

  /** After `disconnect()` and `connect()` in one listener the core tells of both in turn. */
  #onDisconnected(cause: SockeyeError): void {
    const isSuperseded =
      cause.code === "client_disconnect" && this.connection.isWanted(this.socket);
    if (!isSuperseded) this.#finishConnecting(cause);
  }

  /** What is behind a transport that failed is being found out; that ends in `handleFailed`. */
  #onWaiting(cause: SockeyeError | undefined): void {
    if (cause && cause.code !== "transport_error") this.#finishConnecting(cause);
  }

  #onClosed(): void {
    this.#finishConnecting(closed());
    this.#channels.complete();
    this.traffic.outgoing.complete();
    this.#state.complete();
    this.closeReliable();
  }

  get #status(): ClientStatus {
    return this.#state.value;
  }

  #setStatus(status: ClientStatus): void {
    if (isSame(this.#status, status)) return;
    if (status.state !== "connected") this.#socketId = undefined;
    this.traffic.handleStatus(status);
    if (this.#state.set(status) && this.#status.state === "closed") this.#onClosed();
  }

  #finishConnecting(error?: SockeyeError): void {
    this.#connecting?.settle(error);
    this.#connecting = undefined;
  }
}

function closed(): SockeyeError {
  return fail("client_destroyed", "the client was destroyed", "make a new client");
}
