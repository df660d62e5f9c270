/**
 * The border between facade and core: numbers, texts and payloads that could be cloned to a worker.
 *
 * Sockets are numbered from 0 in the order in which they are made, events and requests as the facade
 * pleases. Functions stay on the facade's side.
 */
import type { ContinuityEvents, ContinuityPort } from "./continuityPort.js";
import type { DedupCoreOptions, DedupEvents, DedupPort } from "./dedupPort.js";
import type { ErrorData } from "./errors.js";
import type { MetricsPort, TrafficCounts } from "./metricsPort.js";
import type { TransportName, WebSocketConstructor } from "./options.js";
import type { OutboxEvents, OutboxPort } from "./outboxPort.js";
import type { Pace } from "./pacing.js";
import type { PageScope } from "./ports/pageEvents.js";
import type * as services from "./services.js";

/** What the facade needs of the core's chunk beside the core. */
export type Services = typeof services;

/** How the server is reached. */
export interface TransportOptions {
  /** Where the WebSocket connects to. */
  webSocketUrl: string;
  /** Where the same server answers HTTP. */
  pollingUrl: string;
  webSocket: WebSocketConstructor | undefined;
  webSocketProtocols?: string | string[];
  fetch: typeof fetch | undefined;
  extraHeaders?: Record<string, string>;
  withCredentials: boolean;
  /** How long one HTTP request may take; 0 stands for any time. */
  requestTimeoutMs: number;
  /** The query parameter that makes each HTTP request different from all others; none if empty. */
  timestampParam: string;
  /** The same for the WebSocket. */
  webSocketTimestampParam: string;
  /** Send binary data as text. */
  forceBase64: boolean;
  binaryType: "arraybuffer" | "blob";
}

/** What the core is told when it is made. */
export interface CoreOptions extends TransportOptions, DedupCoreOptions {
  /** In the order in which they are tried. */
  transports: TransportName[];
  /** The user when the core is made; {@link CorePort.setIdentity} follows, if there is one. */
  identity: string;
  /** Whether the application says by `auth` who the user is. */
  hasAuth: boolean;
  /** What tells the stores of outboxes from others that a worker can have; none if only the page can have them. */
  store: string | undefined;
  upgrade: boolean;
  rememberUpgrade: boolean;
  /** What a packet from the server may have: attachments, bytes in them, time for them to come. */
  maxAttachments: number;
  maxAttachmentBytes: number;
  attachmentTimeoutMs: number;
  connectTimeoutMs: number;
  minMs: number;
  baseMs: number;
  capMs: number;
  /** Whether a session that the server recovered is taken for a continuation without further proof. */
  trustRecovery: boolean;
  authTimeoutMs: number;
  slowAfterMs: number;
  slowCapMs: number;
  /** Namespaces that were connected by a core that has failed: their next connection proves nothing. */
  unproved: readonly string[];
  /** Ask for the address before each attempt, by {@link CoreEvents.addressNeeded}. */
  addressOnDemand: boolean;
  /** What follows when the server disconnects or refuses a namespace. */
  onServerDisconnect: "never" | "always" | "ask";
  onRefused: "never" | "always" | "ask";
  /** Where bytes are counted, if anybody wants to know them. */
  traffic?: TrafficCounts;
  /** What tells of the life of the page or worker; with `true` that itself. */
  lifecycle?: boolean | PageScope;
  /** Where the random sequence of the delays starts: a whole number below 2⁵³. */
  seed: number;
}

/** What the facade asks of the core. */
export interface CorePort extends OutboxPort, ContinuityPort, DedupPort, MetricsPort {
  socket(namespace: string, authOnDemand: boolean): void;
  connect(socket: number): void;
  disconnect(socket: number): void;
  reconnectNow(): void;
  /** Gives the auth payload, as JSON, that {@link CoreEvents.authNeeded} asked for. */
  authenticate(socket: number, ticket: number, payload: string | undefined): void;
  failAuthentication(socket: number, ticket: number): void;
  /** There will never be a payload: the namespace stays disconnected. */
  stopAuthentication(socket: number, ticket: number): void;
  /** Joins the namespace with a fresh auth payload. */
  refreshAuth(socket: number): void;
  /** Gives the addresses that {@link CoreEvents.addressNeeded} asked for. */
  useAddress(ticket: number, webSocketUrl: string, pollingUrl: string): void;
  failAddress(ticket: number): void;
  /** Says what {@link CoreEvents.verdictNeeded} asked for; `afterMs` is negative if it is not given. */
  judge(
    socket: number,
    ticket: number,
    verdict: "stop" | "retry" | "refresh",
    afterMs: number,
  ): void;
  /**
   * The client has another user, or none if `identity` is empty. What the old one had buffered is
   * dropped, and namespaces that are wanted connect anew.
   */
  setIdentity(identity: string): void;
  /** Drops what waits to be sent for the current user. */
  discardQueue(): void;
  /**
   * `body` is the JSON of the array of the event's name and arguments, with placeholders for the
   * attachments, which are sent as they are at that time.
   */
  emit(
    socket: number,
    body: string,
    attachments: unknown[] | undefined,
    volatile: boolean,
  ): ErrorData | undefined;
  request(
    socket: number,
    request: number,
    body: string,
    attachments: unknown[] | undefined,
    timeoutMs: number,
  ): ErrorData | undefined;
  cancel(socket: number, request: number): void;
  /** Answers the server's event; `body` is the JSON of the array of the answer's arguments. */
  acknowledge(
    socket: number,
    connection: number,
    ackId: number,
    body: string,
    attachments: unknown[] | undefined,
  ): void;
  /** From now on events of this name are delivered, under this number. */
  listen(name: string, event: number): void;
  unlisten(name: string): void;
  /** From now on events that nobody listens to by name are delivered, too, under this number. */
  listenAny(event: number): void;
  unlistenAny(): void;
  /**
   * Nobody wants more than this of the event with this number, or everybody wants all of it. What the core has to hold
   * back it may; there is none where nothing is saved by that.
   */
  pace?(event: number, pace: Pace | undefined): void;
  /** Whether it does what it is asked: it has not failed, and was not destroyed. */
  isAlive(): boolean;
  destroy(): void;
}

/** A core that somebody on the other side of a border works with, who hears of everything later. */
export interface WorkerCore extends CorePort {
  suspend(): void;
  resume(asleepMs: number): void;
  /**
   * While an event is being delivered: whoever gets it may say later that it was not, by {@link failDelivery}. Returns a
   * number that is higher each time, or 0 if that would change nothing.
   */
  keepDelivery(): number;
  failDelivery(delivery: number): void;
  /** This one has been delivered, unless it was said that it was not. */
  releaseDelivery(delivery: number): void;
}

/** What the core tells the facade. Nothing of it may throw. */
export interface CoreEvents extends OutboxEvents, ContinuityEvents, DedupEvents {
  /**
   * `args` starts with the event's name. `ackId` is negative if no answer is wanted. Returns whether the
   * event counts as delivered.
   */
  delivered(
    socket: number,
    event: number,
    args: readonly unknown[],
    connection: number,
    ackId: number,
  ): boolean;
  settled(request: number, error: ErrorData | undefined, args: readonly unknown[]): void;
  authNeeded(
    socket: number,
    ticket: number,
    attempt: number,
    reason: "connect" | "expired" | "refresh",
  ): void;
  /** The address for an attempt is needed. */
  addressNeeded(ticket: number, attempt: number): void;
  /**
   * The server has refused or disconnected the namespace: `cause` is `connect_refused` or
   * `server_disconnect`. Its status stays as it is until the verdict.
   */
  verdictNeeded(socket: number, ticket: number, cause: ErrorData): void;
  /**
   * The server accepted the namespace and calls it `id`; the status that says so follows. `recovered`
   * if it has taken up the connection before this one.
   */
  accepted(socket: number, id: string, recovered: boolean): void;
  /** The server refused the namespace; the status that says so follows. */
  refused(socket: number, data: unknown): void;
  /**
   * The core has failed: it tells nothing more, and whatever it is asked it does nothing. It is told while
   * whoever called the core is still on the stack, so nobody else may be told before that has ended.
   */
  coreFailed(error: ErrorData, cause: unknown): void;
  /** A packet had to be dropped. */
  dropped(error: ErrorData): void;
  /** Something is not as it was asked for; the client goes on. */
  reported(error: ErrorData, cause?: unknown): void;
  /** An attempt failed, or the server broke the protocol; `socket` is negative if it concerns all. */
  failed(socket: number, error: ErrorData): void;
  status(
    socket: number,
    state: "idle" | "connecting" | "connected" | "waiting" | "disconnected",
    attempt: number,
    retryInMs: number,
    cause: ErrorData | undefined,
    slow: boolean,
  ): void;
}

/** The core, and what else comes in its chunk. */
export interface LoadedCore {
  core: CorePort;
  services: Services;
}

/**
 * Makes the core; rejects with {@link ErrorData} and a `cause` if it cannot run here. `signal` says that nobody
 * waits for it any more.
 */
export type CreateCore = (
  options: CoreOptions,
  events: CoreEvents,
  signal: AbortSignal,
) => Promise<LoadedCore>;
