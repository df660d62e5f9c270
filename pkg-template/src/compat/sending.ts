/** The outgoing half of a socket: events, their acknowledgements, and what waits to be sent. */
import type {
  DefaultEventsMap,
  EventNames,
  EventParams,
  EventsMap,
} from "@socket.io/component-emitter";
import { limitAck, noAcks, settling, takeAck, takeSentAcks } from "./acks.js";
import type { Ack } from "./acks.js";
import { CatchAllEmitter } from "./catchAll.js";
import type { Engine } from "./engine.js";
import { isolate } from "./isolate.js";
import type { Manager } from "./manager.js";
import { PacketType } from "./packet.js";
import type { Packet, PacketOptions } from "./packet.js";
import { RetryQueue } from "./retryQueue.js";
import type { QueuedPacket } from "./retryQueue.js";
import type { Socket } from "./socket.js";
import type {
  AllButLast,
  DecorateAcknowledgements,
  FirstArg,
  Flags,
  Last,
  SocketOptions,
  SocketReservedEvents,
} from "./types.js";

/** The events that only the client itself emits. */
const RESERVED_EVENTS: ReadonlySet<unknown> = new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
]);

/** A socket as far as it sends. */
export abstract class SendingSocket<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
> extends CatchAllEmitter<ListenEvents, EmitEvents, SocketReservedEvents> {
  /** The manager of the connection. */
  readonly io: Manager<ListenEvents, EmitEvents>;
  /** The namespace. */
  readonly nsp: string;
  /** Whether the server has let the socket in. */
  connected = false;
  /** The packets that are sent once the socket is connected. */
  sendBuffer: Packet[] = [];

  private readonly _opts: Partial<SocketOptions>;
  private readonly _queue: QueuedPacket[];
  private readonly queue: RetryQueue;
  private readonly acks = noAcks();
  private ids = 0;
  private flags: Flags = {};

  constructor(io: Manager, nsp: string, opts: Partial<SocketOptions> | undefined) {
    super();
    this.io = io;
    this.nsp = nsp;
    this._opts = { ...opts };
    this.queue = new RetryQueue(opts?.retries ?? 0, {
      canSend: () => this.canSend(),
      send: (args, flags) => this.sendEvent(args, flags),
    });
    this._queue = this.queue.packets;
  }

  /** Emits a `message` event. */
  send(...args: unknown[]): this {
    return this.emitAny("message", args);
  }

  /**
   * Emits an event to the server. If the last argument is a function, it is called with the server's
   * acknowledgement. While the socket is not connected, the event is kept and sent later.
   *
   * @example
   * socket.emit("hello", 1, "2", { 3: ["4"], 5: Uint8Array.from([6]) });
   * socket.emit("hello", "world", (answer) => console.log(answer));
   */
  override emit<Ev extends EventNames<EmitEvents>>(
    ev: Ev,
    ...args: EventParams<EmitEvents, Ev>
  ): this {
    const { flags } = this;
    this.flags = {};
    if (RESERVED_EVENTS.has(ev)) throw new Error(`"${String(ev)}" is a reserved event name`);
    if (this._opts.retries && !flags.volatile) this.queue.add([ev, ...args], flags);
    else this.sendEvent([ev, ...args], flags);
    return this;
  }

  /**
   * Emits an event and resolves with the first argument of the server's acknowledgement. Rejects when
   * the time of {@link timeout} or of the option `ackTimeout` is over, and upon a disconnection.
   *
   * @example
   * const answer = await socket.timeout(1000).emitWithAck("hello", "world");
   */
  emitWithAck<Ev extends EventNames<EmitEvents>>(
    ev: Ev,
    ...args: AllButLast<EventParams<EmitEvents, Ev>>
  ): Promise<FirstArg<Last<EventParams<EmitEvents, Ev>>>> {
    return new Promise((resolve, reject) => {
      this.emitAny(ev, [...args, settling(resolve as (value: unknown) => void, reject)]);
    });
  }

  /** Sets whether the next event may be compressed. Without effect in browsers. */
  compress(compress: boolean): this {
    this.flags.compress = compress;
    return this;
  }

  /** The next event is dropped if it cannot be sent at once. */
  get volatile(): this {
    this.flags.volatile = true;
    return this;
  }

  /**
   * Limits how long the next event waits for its acknowledgement, whose first argument is then an
   * error or `null`.
   *
   * @example
   * socket.timeout(5000).emit("my-event", (err) => {
   *   if (err) console.log("no acknowledgement in time");
   * });
   */
  timeout(timeout: number): Socket<ListenEvents, DecorateAcknowledgements<EmitEvents>> {
    this.flags.timeout = timeout;
    return this as unknown as Socket<ListenEvents, DecorateAcknowledgements<EmitEvents>>;
  }

  /** Sends what has waited for the connection. */
  protected flush(): void {
    while (this.connected) {
      const packet = this.sendBuffer.shift();
      if (!packet) break;
      isolate(() => this.sendNow(packet));
    }
    isolate(() => this.queue.drain());
  }

  /** The server acknowledges an event. */
  protected onack(id: number | undefined, data: unknown): void {
    const ack = id === undefined ? undefined : takeAck(this.acks, id);
    const args = (data ?? []) as unknown[];
    ack?.apply(this, ack.withError ? [null, ...args] : args);
  }

  /** Tells those who want to know that the server will not answer any more. */
  protected _clearAcks(): void {
    const isBuffered = (id: number) => this.sendBuffer.some((packet) => packet.id === id);
    for (const ack of takeSentAcks(this.acks, isBuffered)) {
      isolate(() => ack.call(this, new Error("socket has been disconnected")));
    }
  }

  /** The answer to an event was lost. Not part of the documented API. */
  _failAck(id: number | undefined, error: Error): void {
    const ack = id === undefined ? undefined : takeAck(this.acks, id);
    if (ack?.withError) ack.call(this, error);
  }

  private emitAny(ev: unknown, args: unknown[]): this {
    return (this.emit as (...args: unknown[]) => this).call(this, ev, ...args);
  }

  private canSend(): boolean {
    return this.connected && this.engine?._hasPingExpired() !== true;
  }

  private sendEvent(args: unknown[], flags: Flags): void {
    const options = { compress: flags.compress !== false };
    const packet: Packet & PacketOptions = {
      type: PacketType.EVENT,
      nsp: this.nsp,
      data: args,
      options,
    };
    if (typeof args[args.length - 1] === "function") {
      packet.id = this.addAck(args.pop() as Ack, flags.timeout ?? this._opts.ackTimeout);
    }
    const isReady = this.canSend();
    if (flags.volatile && !this.isWritable()) this.forgetAck(packet.id);
    else if (isReady) this.sendNow(packet);
    else this.sendBuffer.push(packet);
  }

  /** There is none before the manager connects. */
  private get engine(): Engine | undefined {
    return this.io.engine;
  }

  private isWritable(): boolean {
    return this.engine?.transport.writable === true;
  }

  private sendNow(packet: Packet): void {
    this.notifyOutgoingListeners(packet.data as unknown[]);
    this.packet(packet);
  }

  /** Sends a packet of this namespace. */
  protected packet(packet: Omit<Packet, "nsp">): void {
    this.io._packet({ ...packet, nsp: this.nsp });
  }

  private addAck(ack: Ack, timeoutMs: number | undefined): number {
    const id = this.ids++;
    this.acks[id] =
      timeoutMs === undefined
        ? ack
        : limitAck(ack, timeoutMs, this.io, () => {
            takeAck(this.acks, id);
            const index = this.sendBuffer.findIndex((packet) => packet.id === id);
            if (index >= 0) this.sendBuffer.splice(index, 1);
            ack.call(this, new Error("operation has timed out"));
          });
    return id;
  }

  /** A dropped packet is not answered; who expects an error hears of it in time. */
  private forgetAck(id: number | undefined): void {
    if (id !== undefined && !this.acks[id]?.withError) takeAck(this.acks, id);
  }
}
