/** What the build makes of the crate: the module's loader and its exports. */

/** One instance of the module. */
export interface Glue {
  /** Compiles and instantiates the module; the classes work afterwards. */
  initialize: (input: { module_or_path: BufferSource | WebAssembly.Module }) => Promise<unknown>;
  Client: typeof Client;
  Engine: typeof Engine;
  Decoder: typeof Decoder;
}

/** Everything that an instance exports, and that is called in it. */
export type Exports = Record<string, unknown>;

/** What an instance waits with. */
export interface Timers {
  setTimeout: (callback: () => void, delayMs: number) => unknown;
  clearTimeout: (timer: unknown) => void;
}

/** Makes an instance, which calls what `guard` makes of its exports. */
export function makeGlue(guard: (exports: Exports) => Exports, timers: Timers): Glue;

/**
 * The exported client. What its methods do is documented in the crate. All of them do nothing, and return
 * undefined, when the instance has failed.
 */
export class Client {
  constructor(options: object, events: object);
  reportTo(client: Client): void;
  socket(namespace: string, authOnDemand: boolean): number;
  connect(socket: number): void;
  disconnect(socket: number): void;
  reconnectNow(): void;
  suspend(): void;
  resume(asleepMs: number): void;
  authenticate(socket: number, ticket: number, payload?: string): void;
  failAuthentication(socket: number, ticket: number): void;
  stopAuthentication(socket: number, ticket: number): void;
  refreshAuth(socket: number): void;
  useAddress(ticket: number): void;
  failAddress(ticket: number): void;
  judge(socket: number, ticket: number, verdict: string, afterMs: number): void;
  postpone(afterMs: number): void;
  discardQueue(): void;
  emit(
    socket: number,
    body: string,
    attachments: unknown[] | undefined,
    volatile: boolean,
  ): string | undefined;
  request(
    socket: number,
    request: number,
    body: string,
    attachments: unknown[] | undefined,
    timeoutMs: number,
  ): string | undefined;
  cancel(socket: number, request: number): void;
  acknowledge(
    socket: number,
    connection: number,
    ackId: number,
    body: string,
    attachments?: unknown[],
  ): void;
  handleDiagnosis(code: string): void;
  setIdentity(identity: string): void;
  setHooks(socket: number, prologue: boolean, gap: boolean): void;
  emitFirst(
    socket: number,
    ticket: number,
    body: string,
    attachments: unknown[] | undefined,
  ): string | undefined;
  requestFirst(
    socket: number,
    ticket: number,
    request: number,
    body: string,
    attachments: unknown[] | undefined,
    timeoutMs: number,
  ): string | undefined;
  prologueDone(socket: number, ticket: number): void;
  gapDone(socket: number, ticket: number): void;
  retainTopic(
    socket: number,
    topic: string,
    join: string,
    leave: string | undefined,
    confirm: number,
  ): void;
  releaseTopic(socket: number, topic: string): void;
  topicConfirmed(socket: number, topic: string): void;
  openOutbox(socket: number): void;
  configureOutbox(
    socket: number,
    maxItems: number,
    maxBytes: number,
    inFlight: number,
    perLane: number,
    perSecond: number,
    askBeforeFlush: boolean,
  ): void;
  enqueue(
    socket: number,
    action: object,
    body: string,
    attachments: unknown[] | undefined,
  ): string | undefined;
  cancelAction(socket: number, key: string): void;
  retryAction(socket: number, key: string): boolean;
  forgetAction(socket: number, key: string): void;
  nackAction(socket: number, key: string, args: readonly unknown[]): void;
  pauseOutbox(socket: number): void;
  resumeOutbox(socket: number): void;
  clearOutbox(socket: number, what: string): void;
  flushPlan(socket: number, ticket: number, keep: string[], drop: string[]): void;
  storeAnswered(
    socket: number,
    ticket: number,
    answer: object,
    body: string | undefined,
    attachments: unknown[] | undefined,
  ): void;
  storeChanged(socket: number, changes: readonly object[]): void;
  refreshOutbox(socket: number): void;
  signsOfLife(socket: number): number;
  couldDrain(socket: number): boolean;
  emitLatest(
    socket: number,
    key: string,
    body: string,
    attachments: unknown[] | undefined,
  ): string | undefined;
  /** The listener that is being told of an event failed. */
  handleFailure(): void;
  /** Somebody says later that the listeners of the event being told failed: by this number, 0 if that is no use. */
  keepDelivery(): number;
  failDelivery(number: number): void;
  releaseDelivery(number: number): void;
  /** How many actions there are, and how many milliseconds old the oldest is; negative without one. */
  outboxSize(socket: number): number[] | undefined;
  probeRoundTripMs(): number | undefined;
  /** How many events were identified and repeated, how many ids and streams forgotten. */
  dedupStatistics(socket: number): number[] | undefined;
  positions(socket: number): [stream: string, epoch: string, seq: number][] | undefined;
  restorePositions(
    socket: number,
    positions: readonly (readonly [stream: string, epoch: string, seq: number])[],
  ): void;
  /** The next connection of a namespace continues one of which nothing is known. */
  expectGap(socket: number): void;
  destroy(): void;
  free(): void;
}

/** How transports are made. Both addresses are complete but for the session and the time stamp. */
export interface TransportOptions {
  webSocketUrl: string;
  pollingUrl: string;
  /** The class; without one there is no WebSocket. */
  webSocket: unknown;
  webSocketProtocols?: string | string[];
  /** Without it there is no polling. */
  fetch: typeof fetch | undefined;
  /** Sent with HTTP requests, and outside of pages and workers also to open a WebSocket. */
  extraHeaders?: Record<string, string>;
  /** Send cookies to other origins, too. */
  withCredentials: boolean;
  /** How long an HTTP request may take; 0 for no limit. */
  requestTimeoutMs: number;
  /** The name of the parameter that makes each HTTP request's address a new one; empty for none. */
  timestampParam: string;
  /** The same for WebSockets. */
  webSocketTimestampParam: string;
  /** Send and ask for bytes as text. */
  forceBase64: boolean;
  /** The form in which received bytes are told. */
  binaryType: "arraybuffer" | "blob";
  /** The transports that are open; they can be closed without the core. */
  openTransports?: Set<{ abandon(): void }>;
}

/** The WebSocket that was opened last. Each method returns whether it has sent the event. */
export interface Carrier {
  emit(socket: number, body: string, attachments: unknown[] | undefined): boolean;
  request(
    socket: number,
    request: number,
    body: string,
    attachments: unknown[] | undefined,
    timeoutMs: number,
  ): boolean;
}

/** How an {@link Engine} is set up. */
export interface EngineOptions extends TransportOptions {
  /** `polling` and `websocket`, in the order in which they are tried. Others are left out. */
  transports: string[];
  /** Change to a WebSocket when the server offers it. */
  upgrade: boolean;
  /** Try the next transport when one cannot be opened. */
  tryAllTransports: boolean;
  /** How long the handshake may take; 0 for no limit. */
  connectTimeoutMs: number;
  /** Begin with a WebSocket if it is among the transports. */
  startWithWebSocket: boolean;
}

/** Why a session ended, or could not be opened. */
export type EngineCloseCode =
  | "ping_timeout"
  | "transport_close"
  | "transport_error"
  | "parse_error"
  | "open_timeout"
  | "client_close"
  | "server_close"
  | "unavailable"
  | "invalid_handshake"
  | "not_socketio";

/** What there is to know of a request that failed. */
export interface RequestFailure {
  method: "GET" | "POST";
  /** Zero if there was no answer. */
  status: number;
  responseText: string;
  /** What `fetch` threw, if it did. */
  cause: unknown;
}

/** What happens in a session. Nothing of it may throw. */
export interface EngineEvents {
  opened(handshake: object, transport: string): void;
  /** The PONG is on its way. */
  pinged(): void;
  message(data: string | ArrayBuffer | Blob): void;
  upgrading(transport: string): void;
  upgraded(transport: string): void;
  /** `unavailable`, `transport_close` or `transport_error`. */
  upgradeFailed(code: string): void;
  flushed(): void;
  /** A transport has taken so many messages that waited. */
  drained(count: number): void;
  /**
   * `status` is zero unless a request was answered with an error. `detail` is a CloseEvent, an error's
   * Event, what was thrown, a {@link RequestFailure} or undefined.
   */
  closed(code: EngineCloseCode, transport: string, status: number, detail: unknown): void;
  /** Not told by the module: it has failed, and tells nothing more. */
  coreFailed(cause: unknown): void;
}

/** One Engine.IO session. Its methods may be called from its events. */
export class Engine {
  constructor(options: EngineOptions, events: EngineEvents);
  /** Has to be called with the engine itself before it is opened. */
  reportTo(engine: Engine): void;
  open(): void;
  sendText(text: string): void;
  sendBinary(data: ArrayBuffer | ArrayBufferView | Blob): void;
  /** Ends the session when everything that was sent is on its way. */
  close(): void;
  /** Ends everything at once and tells nothing. */
  destroy(): void;
  /** Not from inside of an event. */
  free(): void;
}

/** A packet of the Socket.IO grammar, complete with its attachments. */
export interface Decoded {
  /** EVENT and ACK also where the frames were a BINARY_EVENT's or a BINARY_ACK's. */
  type: number;
  nsp: string;
  id?: number;
  data?: unknown;
}

/** A packet that had more attachments, bytes or time than is allowed. What is still to come is skipped. */
export interface Dropped {
  /** What was exceeded: `too many`, `too many bytes`, `too late`. */
  dropped: string;
  nsp: string;
  /** That of the event which the packet was to answer, if it was an answer. */
  id?: number;
}

/** Reads the frames of one connection. */
export class Decoder {
  constructor(maxAttachments: number);
  /** A returned string is the message of an error: the frame breaks the rules. */
  add(frame: unknown): Decoded | Dropped | string | undefined;
  free(): void;
}
