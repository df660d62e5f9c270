/** The server's side of a connection: a session of Engine.IO, and its namespaces. */
import { callSafely } from "./emitter.js";
import { type Frame, sizeOf } from "./frames.js";
import type { Link } from "./link.js";
import { Decoder, encodePacket, type Packet } from "./packets.js";
import type { ServerDisconnectReason } from "./types.js";

/** What a client sent when it connected. */
export interface HandshakeRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the server does with a connection. */
export interface ConnectionHost {
  /** A client wants into a namespace. */
  connect(connection: Connection, namespace: string, auth: Record<string, unknown>): void;
}

/** What a connection keeps to. */
export interface ConnectionSettings {
  readonly pingInterval: number;
  readonly pingTimeout: number;
  /** Whether there are pings at all. */
  readonly hasHeartbeat: boolean;
  readonly maxHttpBufferSize: number;
}

/** A socket of a namespace, as its connection knows it. */
export interface SocketEnd {
  handlePacket(packet: Packet): void;
  handleClosed(reason: ServerDisconnectReason): void;
  handleError(error: Error): void;
  disconnect(): unknown;
}

/** The connection below a socket, which it may share with sockets of other namespaces. */
export class Connection {
  /** The id of the session. */
  readonly id: string;
  /** Which connection it is: as in the log, counted from 1. */
  readonly number: number;
  /** What the client asked with. */
  readonly request: HandshakeRequest;
  /** Always `mock`: nobody comes over a network. */
  readonly remoteAddress = "mock";
  /** The version of Engine.IO. */
  readonly protocol = 4;
  /** What it runs over. */
  readonly transport: { readonly name: "websocket" } = { name: "websocket" };
  /** `closed` when nothing can be sent any more. */
  readyState: "open" | "closed" = "open";
  /** @internal */
  readonly sockets = new Map<string, SocketEnd>();
  readonly #link: Link;
  readonly #host: ConnectionHost;
  readonly #settings: ConnectionSettings;
  readonly #decoder = new Decoder();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @internal */
  constructor(
    id: string,
    request: HandshakeRequest,
    link: Link,
    { host, settings }: { host: ConnectionHost; settings: ConnectionSettings },
  ) {
    this.id = id;
    this.number = link.number;
    this.request = request;
    this.#link = link;
    this.#host = host;
    this.#settings = settings;
  }

  /** Ends the connection, and with it all of its sockets. */
  close(): void {
    if (this.readyState === "closed") return;
    this.handleClosed("forced close");
    this.#link.closeByServer("forced close");
  }

  /** @internal Says hello. */
  open(): void {
    const { pingInterval, pingTimeout, maxHttpBufferSize, hasHeartbeat } = this.#settings;
    const handshake = { sid: this.id, upgrades: [], pingInterval, pingTimeout };
    this.#link.sendToClient(`0${JSON.stringify({ ...handshake, maxPayload: maxHttpBufferSize })}`);
    if (hasHeartbeat) this.#timer = setTimeout(() => this.#ping(), pingInterval);
  }

  /** @internal */
  send(packet: Packet): void {
    if (this.readyState !== "open") return;
    for (const frame of encodePacket(packet)) this.#link.sendToClient(frame);
  }

  /** @internal Sends all sockets away, then closes. */
  disconnect(namespace?: string): void {
    if (namespace !== undefined) {
      this.sockets.get(namespace)?.disconnect();
      return;
    }
    for (const socket of [...this.sockets.values()]) socket.disconnect();
    this.close();
  }

  /** @internal */
  handleMessage(frame: Frame): void {
    if (this.readyState !== "open") return;
    const isMessage = typeof frame !== "string" || frame.startsWith("4");
    if (sizeOf(frame) > this.#settings.maxHttpBufferSize) this.#link.refuseSize();
    else if (isMessage) this.#decode(typeof frame === "string" ? frame.slice(1) : frame);
    else if (frame === "3") this.#handlePong();
    // The server asks, and a client answers.
    else if (frame.startsWith("2")) this.#link.cut("transport error");
    else if (!/^[0156]/.test(frame)) this.#link.cut("parse error");
  }

  /** @internal */
  handleClosed(reason: string): void {
    if (this.readyState === "closed") return;
    this.readyState = "closed";
    clearTimeout(this.#timer);
    for (const socket of [...this.sockets.values()]) {
      socket.handleClosed(reason as ServerDisconnectReason);
    }
    this.sockets.clear();
  }

  #decode(message: Frame): void {
    let packet: Packet | undefined;
    try {
      packet = this.#decoder.add(message);
    } catch (error) {
      for (const socket of [...this.sockets.values()]) socket.handleError(error as Error);
      this.close();
      return;
    }
    if (packet) this.#handlePacket(packet);
  }

  #handlePacket(packet: Packet): void {
    const { type, namespace, data } = packet;
    const socket = this.sockets.get(namespace);
    if (type === "connect" && !socket) {
      this.#host.connect(this, namespace, (data ?? {}) as Record<string, unknown>);
    } else if (socket && type !== "connect" && type !== "connect_error") {
      // What the application throws is not the client's fault.
      callSafely(() => socket.handlePacket(packet));
    } else this.close();
  }

  #ping(): void {
    this.#link.sendToClient("2");
    const end = () => {
      this.handleClosed("ping timeout");
      this.#link.closeByServer("ping timeout");
    };
    this.#timer = setTimeout(end, this.#settings.pingTimeout);
  }

  #handlePong(): void {
    if (!this.#settings.hasHeartbeat) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ping(), this.#settings.pingInterval);
  }
}
