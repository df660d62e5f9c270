/** A namespace: what an application emits to and listens to. */
import { Emitter } from "@socket.io/component-emitter";
import type { DefaultEventsMap, EventsMap } from "@socket.io/component-emitter";
import { askForAuth } from "./auth.js";
import { refusal, unsupportedServer } from "./connectError.js";
import { isolate } from "./isolate.js";
import type { Manager } from "./manager.js";
import { on } from "./on.js";
import { PacketType } from "./packet.js";
import type { Packet } from "./packet.js";
import { OffsetReader } from "./recovery.js";
import { SendingSocket } from "./sending.js";
import type { Any, Auth, DisconnectDescription, Reason, SocketOptions } from "./types.js";

/** A server that goes on sending without letting the socket in does not fill the memory. */
const MOST_EARLY_EVENTS = 10_000;

/**
 * A socket belongs to one namespace and uses the connection of its {@link Manager}.
 *
 * @example
 * const socket = io();
 * socket.on("connect", () => console.log("connected"));
 * socket.emit("foo", "bar");
 * socket.on("foobar", (value) => console.log(value));
 */
export class Socket<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
> extends SendingSocket<ListenEvents, EmitEvents> {
  /** The id the server gave to this socket; `undefined` when not connected. */
  id: string | undefined = undefined;
  /** Whether the connection continues the one before: the server has sent what was missed. */
  recovered = false;
  /** The credentials. They may be changed at any time, and are sent with the next connection. */
  declare auth: Auth;
  /** The arguments of events that came before the server's CONNECT. */
  receiveBuffer: (readonly Any[])[] = [];

  private _pid: string | undefined;
  private _lastOffset: string | undefined;
  private subs: (() => void)[] | undefined;
  private readonly offsets = new OffsetReader();
  /** Another one after each disconnection: what belongs to the connection before is void. */
  private connection = {};
  /** Whether the answer to a CONNECT is still to come. */
  private isConnecting = false;
  private lostEarlyEvents = false;

  /** As {@link Manager.socket} makes it. */
  constructor(io: Manager, nsp: string, opts?: Partial<SocketOptions>) {
    super(io, nsp, opts);
    if (opts?.auth) this.auth = opts.auth;
    if (io._autoConnect) this.open();
  }

  /** Whether the server has not let the socket in, or not yet. */
  get disconnected(): boolean {
    return !this.connected;
  }

  /** Whether the socket connects when its manager does. */
  get active(): boolean {
    return this.subs !== undefined;
  }

  /** Connects the socket, and its manager if need be. */
  connect(): this {
    if (this.connected) return this;
    this.subEvents();
    if (!this.io._reconnecting) this.io.open();
    if (this.io._readyState === "open" && !this.isConnecting) this.onopen();
    return this;
  }

  /** The same as {@link connect}. */
  open(): this {
    return this.connect();
  }

  /**
   * Disconnects the socket for good. The connection is closed if no other socket uses it.
   *
   * @example
   * socket.on("disconnect", (reason) => console.log(reason)); // "io client disconnect"
   * socket.disconnect();
   */
  disconnect(): this {
    if (this.connected) this.packet({ type: PacketType.DISCONNECT });
    this.destroy();
    if (this.connected) this.onclose("io client disconnect");
    return this;
  }

  /** The same as {@link disconnect}. */
  close(): this {
    return this.disconnect();
  }

  /** What one socket's listeners throw keeps neither other sockets nor the reconnection waiting. */
  private subEvents(): void {
    this.subs ??= [
      on(this.io, "open", () => isolate(() => this.onopen())),
      on(this.io, "packet", (packet: Packet) => this.onpacket(packet)),
      on(this.io, "error", (error: Error) => isolate(() => this.onerror(error))),
      on(this.io, "close", (reason: string, description?: DisconnectDescription) =>
        isolate(() => this.onclose(reason as Reason, description)),
      ),
    ];
  }

  private onopen(): void {
    const { connection } = this;
    const isWaiting = () => this.connection === connection && !this.isConnecting;
    askForAuth(this, {
      answer: (data) => {
        if (isWaiting()) this._sendConnectPacket(data);
      },
      fail: (error) => {
        if (isWaiting()) this.onRefused(error);
      },
    });
  }

  private _sendConnectPacket(data: unknown): void {
    this.isConnecting = true;
    const recovery = { pid: this._pid, offset: this._lastOffset };
    this.packet({
      type: PacketType.CONNECT,
      data: this._pid ? { ...recovery, ...(data as object | undefined) } : data,
    });
  }

  private onerror(error: Error): void {
    if (!this.connected) this.emitReserved("connect_error", error);
  }

  private onRefused(error: Error): void {
    this.destroy();
    this.emitReserved("connect_error", error);
  }

  private onclose(reason: Reason, description?: DisconnectDescription): void {
    this.connected = false;
    this.id = undefined;
    this.endConnection();
    try {
      this.emitReserved("disconnect", reason, description);
    } finally {
      this._clearAcks();
    }
  }

  private endConnection(): void {
    this.connection = {};
    this.isConnecting = false;
    this.receiveBuffer = []; // If the server can recover, it sends them again.
    this.lostEarlyEvents = false;
  }

  private onpacket(packet: Packet): void {
    if (packet.nsp !== this.nsp) return;
    switch (packet.type) {
      case PacketType.CONNECT:
        this.onconnect(packet.data as ConnectData);
        break;
      case PacketType.EVENT:
      case PacketType.BINARY_EVENT:
        this.onevent(packet);
        break;
      case PacketType.ACK:
      case PacketType.BINARY_ACK:
        this.onack(packet.id, packet.data);
        break;
      case PacketType.DISCONNECT:
        this.ondisconnect();
        break;
      case PacketType.CONNECT_ERROR:
        this.onRefused(refusal(packet.data));
    }
  }

  private onevent(packet: Packet): void {
    const args = (packet.data ?? []) as unknown[];
    if (typeof packet.id === "number") args.push(this.ack(packet.id));
    if (this.connected) this.emitEvent(args);
    else if (this.receiveBuffer.length < MOST_EARLY_EVENTS) {
      this.receiveBuffer.push(Object.freeze(args));
    } else this.lostEarlyEvents = true;
  }

  /** An offset is kept when all listeners have got the event. */
  private emitEvent(args: readonly unknown[]): void {
    const last = this._pid ? this.offsets.read(args, Date.now()) : undefined;
    const visible = last?.isHidden ? args.slice(0, -1) : args;
    this.notifyListeners(visible);
    Emitter.prototype.emit.apply(this, visible as [never]);
    if (last) this._lastOffset = last.offset;
  }

  /** Makes the function that acknowledges an event, once and to the connection it came by. */
  private ack(id: number): (...args: unknown[]) => void {
    const { connection } = this;
    let isSent = false;
    return (...args) => {
      if (isSent || this.connection !== connection) return;
      isSent = true;
      this.packet({ type: PacketType.ACK, id, data: args });
    };
  }

  private onconnect(data: ConnectData): void {
    this.isConnecting = false;
    if (!data?.sid) {
      this.emitReserved("connect_error", unsupportedServer());
      return;
    }
    this.id = data.sid;
    this.recovered = Boolean(data.pid) && this._pid === data.pid && !this.lostEarlyEvents;
    this._pid = data.pid;
    this.connected = true;
    const received = this.receiveBuffer;
    this.receiveBuffer = [];
    for (const args of received) isolate(() => this.emitEvent(args));
    this.flush();
    if (!this.disconnected) this.emitReserved("connect"); // Otherwise a listener had enough.
  }

  private ondisconnect(): void {
    this.destroy();
    this.onclose("io server disconnect");
  }

  /** The manager's events do not matter any more, and the manager may not be needed either. */
  private destroy(): void {
    for (const unsubscribe of this.subs ?? []) unsubscribe();
    this.subs = undefined;
    this.endConnection();
    this.io._destroy(this);
  }
}

type ConnectData = { sid?: string; pid?: string } | undefined | null;

// The names under which `socket.io-client` has its types.
// eslint-disable-next-line @typescript-eslint/no-namespace
export declare namespace Socket {
  /** Why a socket was disconnected. */
  type DisconnectReason = Reason;
}
