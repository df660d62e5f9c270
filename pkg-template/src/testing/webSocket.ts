/** A class of WebSockets that connect to a mock server. */
import type { WebSocketConstructor } from "../options.js";
import type { Frame } from "./frames.js";
import type { ClientEnd } from "./link.js";
import { asBuffer, bytesOf } from "./packets.js";

/** A client that wants to connect. */
export interface Visitor {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly end: ClientEnd;
}

/** The way to the server for one that was let in. */
export interface Passageway {
  sendToServer(frame: Frame | Promise<Frame>): void;
  closeByClient(): void;
}

/** Lets a client in; undefined if it is refused. */
export type Admit = (visitor: Visitor) => Passageway | undefined;

type Handler = ((event: unknown) => void) | null;

const states = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;

/** Returns a class with the interface of `WebSocket`. */
export const makeWebSocketClass = (admit: Admit): WebSocketConstructor =>
  class extends MockWebSocket {
    constructor(url: string | URL, protocols?: unknown, options?: unknown) {
      super(admit, url, protocols, options);
    }
  };

class MockWebSocket {
  static readonly CONNECTING = states.CONNECTING;
  static readonly OPEN = states.OPEN;
  static readonly CLOSING = states.CLOSING;
  static readonly CLOSED = states.CLOSED;
  readonly CONNECTING = states.CONNECTING;
  readonly OPEN = states.OPEN;
  readonly CLOSING = states.CLOSING;
  readonly CLOSED = states.CLOSED;
  readonly url: string;
  readonly protocol: string;
  readonly extensions = "";
  readonly bufferedAmount = 0;
  binaryType = "blob";
  readyState: number = states.CONNECTING;
  onopen: Handler = null;
  onmessage: Handler = null;
  onclose: Handler = null;
  onerror: Handler = null;
  readonly #listeners = new Map<string, Set<(event: unknown) => void>>();
  readonly #admit: Admit;
  #way: Passageway | undefined;

  constructor(admit: Admit, url: string | URL, protocols?: unknown, options?: unknown) {
    this.#admit = admit;
    this.url = new URL(url).href;
    this.protocol = protocolOf(protocols);
    const headers = { ...headersOf(protocols), ...headersOf(options) };
    void Promise.resolve().then(() => this.#connect(headers));
  }

  send(data: unknown): void {
    if (this.readyState === states.CONNECTING) throw new Error("the WebSocket is not open yet");
    if (this.readyState === states.OPEN) this.#way?.sendToServer(toFrame(data));
  }

  close(): void {
    if (this.readyState === states.CONNECTING) this.#end(1006);
    if (this.readyState !== states.OPEN) return;
    this.readyState = states.CLOSING;
    this.#way?.closeByClient();
  }

  addEventListener(type: string, listener: (event: unknown) => void): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener));
  }

  removeEventListener(type: string, listener: (event: unknown) => void): void {
    this.#listeners.get(type)?.delete(listener);
  }

  #connect(headers: Record<string, string>): void {
    if (this.readyState !== states.CONNECTING) return;
    const end: ClientEnd = {
      handleOpened: () => {
        this.readyState = states.OPEN;
      },
      handleMessage: (frame) => this.#dispatch("message", { data: this.#toData(frame) }),
      handleClosed: (code) => this.#end(code),
    };
    this.#way = this.#admit({ url: this.url, headers, end });
    if (!this.#way) this.#end(1006);
    else this.#dispatch("open", {});
  }

  #end(code: number): void {
    const wasOpened = this.#way !== undefined;
    this.readyState = states.CLOSED;
    // Later, as by a network: nobody is told within a call of their own.
    void Promise.resolve().then(() => {
      if (!wasOpened) this.#dispatch("error", { message: "the connection was refused" });
      this.#dispatch("close", { code, reason: "", wasClean: code === 1005 });
    });
  }

  #toData(frame: Frame): unknown {
    if (typeof frame === "string") return frame;
    if (this.binaryType === "nodebuffer") return asBuffer(frame);
    return this.binaryType === "blob" ? new Blob([frame.slice()]) : frame.slice().buffer;
  }

  #dispatch(type: "open" | "message" | "close" | "error", more: object): void {
    const event = { type, target: this, ...more };
    this[`on${type}`]?.(event);
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }
}

/** Names come as `undefined` from some clients; Node's own class takes an object. */
function protocolOf(protocols: unknown): string {
  const [first] = [protocols].flat();
  return typeof first === "string" ? first : "";
}

/** Only programs can give headers: in an object that is the last argument. */
function headersOf(options: unknown): Record<string, string> {
  const { headers = {} } = Object(options) as { headers?: Record<string, string> };
  return headers;
}

/** Bytes are copied: what is sent does not change afterwards. */
export function toFrame(data: unknown): Frame | Promise<Frame> {
  if (typeof data !== "object" || data === null) return String(data);
  const bytes = bytesOf(data);
  if (bytes) return bytes;
  return (data as Blob).arrayBuffer().then((buffer) => new Uint8Array(buffer));
}
