/** One connection to a server, shared by the sockets of several namespaces. */
import type { DefaultEventsMap, EventsMap } from "@socket.io/component-emitter";
import { Engine } from "./engine.js";
import { on } from "./on.js";
import type { ManagerOptions } from "./options.js";
import { PacketType } from "./packet.js";
import type { DroppedError, Packet, PacketOptions } from "./packet.js";
import * as defaultParser from "./parser.js";
import { ManagerSettings } from "./settings.js";
import { Socket } from "./socket.js";
import { timers, unref } from "./timers.js";
import type { Timers } from "./timers.js";
import type { DisconnectDescription, SocketOptions } from "./types.js";

type ParserContract = typeof defaultParser;
type Timer = ReturnType<Timers["setTimeoutFn"]>;

/**
 * A connection with reconnection, and the namespaces on it.
 *
 * @example
 * const manager = new Manager("https://example.com");
 * const socket = manager.socket("/");
 * const admin = manager.socket("/admin");
 */
export class Manager<
  // Only in the type of `Socket["io"]`.
  ListenEvents extends EventsMap = DefaultEventsMap,
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  EmitEvents extends EventsMap = ListenEvents,
> extends ManagerSettings {
  /** The Engine.IO connection: a new one each time the manager connects. */
  declare engine: Engine;
  /** The options as they were given. */
  opts: Partial<ManagerOptions>;
  /** Whether sockets connect when they are made. Not part of the documented API. */
  _autoConnect: boolean;
  /** The state of the connection. Not part of the documented API. */
  _readyState: "opening" | "open" | "closed" = "closed";
  /** Whether the reconnection loop runs. Not part of the documented API. */
  _reconnecting = false;
  /** The timer functions that the options ask for. */
  readonly setTimeoutFn: Timers["setTimeoutFn"];
  /** The timer functions that the options ask for. */
  readonly clearTimeoutFn: Timers["clearTimeoutFn"];

  private readonly uri: string | undefined;
  private readonly nsps = Object.create(null) as Record<string, Socket>;
  private readonly encoder: InstanceType<ParserContract["Encoder"]>;
  private readonly decoder: InstanceType<ParserContract["Decoder"]>;
  private subs: (() => void)[] = [];
  private skipReconnect = false;
  /** The wait of the reconnection loop. */
  private wait: Timer | undefined;

  /** Connects at once, unless `autoConnect` is `false`. */
  constructor(uri?: string | Partial<ManagerOptions>, opts?: Partial<ManagerOptions>) {
    const options = uri && typeof uri === "object" ? uri : (opts ?? {});
    super(options);
    this.uri = typeof uri === "string" ? uri : undefined;
    options.path ||= "/socket.io";
    this.opts = options;
    const { setTimeoutFn, clearTimeoutFn } = timers(options.useNativeTimers);
    this.setTimeoutFn = setTimeoutFn;
    this.clearTimeoutFn = clearTimeoutFn;
    const parser = (options.parser ?? defaultParser) as ParserContract;
    this.encoder = new parser.Encoder();
    this.decoder = new parser.Decoder();
    this._autoConnect = options.autoConnect !== false;
    if (this._autoConnect) this.open();
  }

  /**
   * Connects, unless that is done or under way.
   *
   * @param fn is told the outcome; with it a failure does not start the reconnection loop
   */
  open(fn?: (err?: Error) => void): this {
    if (this._readyState !== "closed") return this;
    const engine = new Engine(this.uri, this.opts);
    this.engine = engine;
    this._readyState = "opening";
    this.skipReconnect = false;
    const onFailure = (error: string | Error) => this.onOpenFailure(error as Error, fn);
    this.subs.push(
      on(engine, "open", () => {
        this.onopen();
        fn?.();
      }),
      on(engine, "error", onFailure),
    );
    this.limitOpening(() => {
      onFailure(new Error("timeout"));
      engine.close();
    });
    return this;
  }

  /** The same as {@link open}. */
  connect(fn?: (err?: Error) => void): this {
    return this.open(fn);
  }

  /**
   * Returns the socket of a namespace: the one there is, connecting it again if it was disconnected,
   * or a new one.
   */
  socket(nsp: string, opts?: Partial<SocketOptions>): Socket {
    const existing = this.nsps[nsp];
    if (!existing) return (this.nsps[nsp] = new Socket(this, nsp, opts));
    if (this._autoConnect && !existing.active) existing.connect();
    return existing;
  }

  /** Whether there has been a socket of that namespace. Not part of the documented API. */
  _has(nsp: string): boolean {
    return nsp in this.nsps;
  }

  /** Closes the connection if no socket needs it any more. Not part of the documented API. */
  _destroy(_socket: Socket): void {
    if (!Object.values(this.nsps).some((socket) => socket.active)) this._close();
  }

  /** Sends a packet. Not part of the documented API. */
  _packet(packet: Packet & PacketOptions): void {
    for (const frame of this.encoder.encode(packet)) this.engine.write(frame, packet.options);
  }

  /** Closes the connection and does not reconnect. Not part of the documented API. */
  _close(): void {
    this.skipReconnect = true;
    this._reconnecting = false;
    this.onclose("forced close");
  }

  /** The same as {@link _close}. Not part of the documented API. */
  disconnect(): void {
    this._close();
  }

  protected override stopReconnecting(): void {
    this.skipReconnect = true;
    this.endWait();
  }

  private limitOpening(onTimeout: () => void): void {
    const limit = this.timeout();
    if (limit === false) return;
    const timer = this.startTimer(onTimeout, Number(limit));
    this.subs.push(() => this.clearTimeoutFn(timer));
  }

  private startTimer(callback: () => void, delayMs: number): Timer {
    const timer = this.setTimeoutFn(callback, delayMs);
    if (this.opts.autoUnref) unref(timer);
    return timer;
  }

  private onopen(): void {
    this.cleanup();
    this.endWait();
    this._readyState = "open";
    this.emitReserved("open");
    if (!this.isOpen()) return; // A listener closed it.
    const { engine } = this;
    this.subs.push(
      on(engine, "ping", () => this.emitReserved("ping")),
      on(engine, "data", (data: unknown) => this.ondata(data)),
      on(engine, "error", (error: string | Error) => this.emitReserved("error", error as Error)),
      on(engine, "close", (reason: string, description?: DisconnectDescription) =>
        this.onclose(reason, description),
      ),
      on(this.decoder, "decoded", (packet: Packet) => this.ondecoded(packet)),
      on(this.decoder, "dropped", (error: DroppedError) => this.ondropped(error)),
    );
  }

  private isOpen(): boolean {
    return this._readyState === "open";
  }

  private onOpenFailure(error: Error, fn: ((err: Error) => void) | undefined): void {
    this.cleanup();
    this._readyState = "closed";
    this.emitReserved("error", error);
    if (fn) fn(error);
    else if (this.reconnection()) this.reconnect();
  }

  private ondata(data: unknown): void {
    try {
      this.decoder.add(data);
    } catch (error) {
      this.onclose("parse error", error as Error);
    }
  }

  /** A microtask of its own: what listeners throw is not taken for an error of the decoder. */
  private ondecoded(packet: Packet): void {
    const { engine } = this;
    void Promise.resolve().then(() => {
      const isOver = !this.isOpen() || engine !== this.engine;
      if (isOver && packet.type === PacketType.CONNECT) return; // There is nothing to connect to.
      this.emitReserved("packet", packet);
    });
  }

  /** Like {@link ondecoded}, not in the middle of the decoder's work. */
  private ondropped(error: DroppedError): void {
    void Promise.resolve().then(() => {
      this.emitReserved("error", error);
      this.nsps[error.nsp]?._failAck(error.id, error);
    });
  }

  private cleanup(): void {
    for (const unsubscribe of this.subs.splice(0)) unsubscribe();
    this.decoder.destroy();
  }

  /** The engine was closed, a packet was malformed, or no socket needs the connection any more. */
  private onclose(reason: string, description?: DisconnectDescription): void {
    this.cleanup();
    this.endWait();
    (this.engine as Engine | undefined)?.close();
    this.backoff.reset();
    this._readyState = "closed";
    this.emitReserved("close", reason, description);
    if (this.reconnection() && !this.skipReconnect) this.reconnect();
  }

  /** Goes on with the reconnection loop, or starts it. */
  private reconnect(): void {
    if (this._reconnecting || this.skipReconnect) return;
    if (this.backoff.attempts >= this.reconnectionAttempts()) {
      this.backoff.reset();
      this.emitReserved("reconnect_failed");
      return;
    }
    this._reconnecting = true;
    this.wait = this.startTimer(() => this.attempt(), this.backoff.duration());
  }

  /** The loop's wait is over, by its timer or because it is not needed any more. */
  private endWait(): void {
    if (this.wait === undefined) return;
    this.clearTimeoutFn(this.wait);
    this.wait = undefined;
    this._reconnecting = false;
  }

  private attempt(): void {
    this.wait = undefined;
    this.emitReserved("reconnect_attempt", this.backoff.attempts);
    if (this.skipReconnect || this._readyState !== "closed") {
      this._reconnecting = false; // A listener had enough, or did it itself.
      return;
    }
    this.open((error) => {
      this._reconnecting = false;
      if (error) this.onReconnectFailure(error);
      else this.onreconnect();
    });
  }

  private onReconnectFailure(error: Error): void {
    this.reconnect();
    this.emitReserved("reconnect_error", error);
  }

  private onreconnect(): void {
    const attempt = this.backoff.attempts;
    this.backoff.reset();
    this.emitReserved("reconnect", attempt);
  }
}
