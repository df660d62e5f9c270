/** The border between the Engine.IO shell and the core's engine, and the core's decoder. */

/** How requests are made and WebSockets are opened. */
export interface TransportOptions {
  /** Complete but for `sid` and the time stamp. */
  webSocketUrl: string;
  /** Complete but for `sid` and the time stamp. */
  pollingUrl: string;
  webSocket: unknown;
  webSocketProtocols?: string | string[];
  fetch: typeof fetch | undefined;
  extraHeaders?: Record<string, string>;
  withCredentials: boolean;
  /** 0 for as long as it takes. */
  requestTimeoutMs: number;
  /** Empty for none. */
  timestampParam: string;
  /** Empty for none. */
  webSocketTimestampParam: string;
  forceBase64: boolean;
  binaryType: "arraybuffer" | "blob";
}

/** What the core's engine is told when it is made. */
export interface CoreEngineOptions extends TransportOptions {
  /** In the order in which they are tried. */
  transports: string[];
  upgrade: boolean;
  tryAllTransports: boolean;
  /** 0 for no limit. */
  connectTimeoutMs: number;
  startWithWebSocket: boolean;
}

/** Why the core's engine closed. */
export type CloseCode =
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

/** What the core's engine tells. Nothing of it may throw. */
export interface CoreEngineEvents {
  opened(handshake: object, transport: string): void;
  /** The PONG has been sent. */
  pinged(): void;
  message(data: string | ArrayBuffer | Blob): void;
  upgrading(transport: string): void;
  upgraded(transport: string): void;
  upgradeFailed(code: string): void;
  flushed(): void;
  drained(count: number): void;
  /** `detail` is what the browser said about it. */
  closed(code: CloseCode, transport: string, status: number, detail: unknown): void;
  /** The core has failed: it tells nothing more. Whoever called it is still on the stack. */
  coreFailed(cause: unknown): void;
}

/** An Engine.IO session. */
export interface CoreEngine {
  reportTo(engine: CoreEngine): void;
  open(): void;
  sendText(text: string): void;
  sendBinary(data: ArrayBuffer | ArrayBufferView | Blob): void;
  destroy(): void;
  free(): void;
}

/** A packet of the Socket.IO grammar, complete with its attachments. */
export interface Decoded {
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

/** A decoder of the Socket.IO grammar; it returns a message if what it gets breaks the rules. */
export interface CoreDecoder {
  add(frame: unknown): Decoded | Dropped | string | undefined;
  free(): void;
}

/** What the core exports. */
export interface Core {
  Engine: new (options: CoreEngineOptions, events: CoreEngineEvents) => CoreEngine;
  Decoder: new (maxAttachments: number) => CoreDecoder;
}
