/**
 * The connection as programs of `engine.io-client` know it. The protocol is the core's; here are the
 * members, the states and the order of the events.
 *
 * @see https://socket.io/docs/v4/engine-io-protocol/
 */
import { Emitter } from "@socket.io/component-emitter";
import { isBinary } from "../binary.js";
import { safely } from "../safely.js";
import { type BinaryType, defaultBinaryType, toBinaryType } from "./binaryType.js";
import { type CloseReason, toCloseReason } from "./closeReason.js";
import type { EngineOptions } from "./engineOptions.js";
import type { Core, CoreEngine, CoreEngineEvents, CoreEngineOptions } from "./enginePort.js";
import {
  protocol,
  type ResolvedEngineOptions,
  resolveEngineOptions,
  toAddress,
  toCoreOptions,
  toQuery,
  toTransports,
} from "./engineSettings.js";
import type {
  EngineReservedEvents,
  EnginePacket,
  HandshakeData,
  RawData,
  WriteOptions,
} from "./engineTypes.js";
import { load } from "./loadedCore.js";
import type { NoEvents } from "./noEvents.js";
import { onBeforeUnload, onOffline } from "./pageEvents.js";
import { timers, type Timers } from "./timers.js";
import { Transport, TransportError } from "./transport.js";

/**
 * An Engine.IO connection. It is there at once and opens when the core has been loaded; when it has
 * closed it does not open again.
 */
export class Engine extends Emitter<NoEvents, NoEvents, EngineReservedEvents> {
  /** Whether the last connection of any engine had a WebSocket. */
  static priorWebsocketSuccess = false;
  /** The version of the Engine.IO protocol. */
  static readonly protocol: number = protocol;

  /** The server's name for the connection while it is open. */
  id: string | null = null;
  /** The transport in use. */
  transport: Transport;
  /** What binary messages are received as. */
  binaryType: BinaryType = defaultBinaryType();
  readyState: "opening" | "open" | "closing" | "closed" = "opening";
  /** What has been written and not been taken by the transport. */
  writeBuffer: EnginePacket[] = [];
  readonly opts: ResolvedEngineOptions;
  readonly hostname: string;
  readonly port: string;
  readonly secure: boolean;
  /** The names of the transports that may be used. */
  readonly transports: string[];
  /** When the server's next ping is overdue, by `Date.now()`; 0 when that has been noticed. */
  _pingTimeoutTime = Infinity;

  readonly #timers: Timers;
  readonly #subscriptions: (() => void)[] = [];
  #core: CoreEngine | undefined;
  /** How long a ping may take. */
  #pingDelayMs = Infinity;
  /** How much at the start of `writeBuffer` the core has. */
  #handedOver = 0;
  /** The transport that is about to be used. */
  #upgradingTo: Transport | undefined;

  /** The URI may be left out; then options, or the page, say where the server is. */
  constructor(uri?: string | EngineOptions | null, options: EngineOptions = {}) {
    super();
    const address = typeof uri === "string" ? uri : undefined;
    const given = typeof uri === "object" && uri ? uri : options;
    this.opts = resolveEngineOptions(address, given);
    const { hostname, port, secure } = toAddress(address, given);
    this.hostname = hostname;
    this.port = port;
    this.secure = secure;
    this.#timers = timers(given.useNativeTimers);
    const transports = toTransports(given);
    this.transports = transports;
    const startWithWebSocket =
      this.opts.rememberUpgrade === true &&
      Engine.priorWebsocketSuccess &&
      transports.includes("websocket");
    this.transport = this.#createTransport(
      startWithWebSocket ? "websocket" : (transports[0] ?? ""),
    );
    this.#begin(toCoreOptions(this, this.opts, transports, startWithWebSocket));
  }

  /** Sends a message. `fn` is called when it has been handed to the transport. */
  write(data: RawData, options?: WriteOptions | (() => void) | null, fn?: () => void): this {
    if (typeof options === "function") return this.write(data, null, options);
    if (this.readyState === "closing" || this.readyState === "closed") return this;
    const compress = options?.compress !== false;
    const packet: EnginePacket = {
      type: "message",
      data: data as unknown,
      options: { ...options, compress },
    };
    this.emitReserved("packetCreate", packet);
    this.writeBuffer.push(packet);
    if (fn) this.once("flush", fn);
    this.#flush();
    return this;
  }

  /** Sends a message, like {@link write}. */
  send(data: RawData, options?: WriteOptions | (() => void) | null, fn?: () => void): this {
    return this.write(data, options, fn);
  }

  /** Closes the connection when what has been written has been sent and no upgrade is under way. */
  close(): this {
    if (this.readyState === "opening") this.#finish({ reason: "forced close" });
    if (this.readyState === "open") {
      this.readyState = "closing";
      this.#closeIfDone();
    }
    return this;
  }

  /**
   * Says whether the server's ping is overdue although no timer has told, because it was throttled.
   * Then the connection closes.
   */
  _hasPingExpired(): boolean {
    if (this._pingTimeoutTime === 0) return true;
    const hasExpired = Date.now() > this._pingTimeoutTime;
    if (hasExpired) {
      this._pingTimeoutTime = 0;
      nextTick(() => this.#finish({ reason: "ping timeout" }));
    }
    return hasExpired;
  }

  #begin(options: CoreEngineOptions): void {
    if (options.transports.length === 0) {
      // Later, so that there can be a listener.
      this.#timers.setTimeoutFn(() => this.emitReserved("error", "No transports available"), 0);
      return;
    }
    if (this.opts.closeOnBeforeunload) {
      this.#subscriptions.push(onBeforeUnload(() => this.#closeSilently()));
    }
    if (this.hostname !== "localhost") {
      const details = { description: "network connection lost" };
      const close = () => this.#finish({ reason: "transport close", details });
      this.#subscriptions.push(onOffline(close));
    }
    load()
      .then((core) => this.#start(core, options))
      .catch((cause: unknown) => this.#fail(new TransportError("core load error", cause)));
  }

  #start(core: Core, options: CoreEngineOptions): void {
    if (this.readyState === "closed") return;
    this.#core = new core.Engine(options, this.#listeners());
    this.#core.reportTo(this.#core);
    this.#core.open();
  }

  #listeners(): CoreEngineEvents {
    return {
      opened: this.#listener((handshake: object, name: string) =>
        this.#onOpened(handshake as HandshakeData, name),
      ),
      pinged: this.#listener(() => this.#onPinged()),
      message: this.#listener((data: string | ArrayBuffer | Blob) => this.#onMessage(data)),
      upgrading: this.#listener((name: string) => this.#onUpgrading(name)),
      upgraded: this.#listener(() => this.#onUpgraded()),
      upgradeFailed: this.#listener((code: string) => this.#onUpgradeFailed(code)),
      flushed: () => {},
      // Over a WebSocket the core only tells of what has waited.
      drained: this.#listener((count: number) => {
        if (this.transport.name !== "websocket") this.#onDrained(count);
      }),
      closed: this.#listener((...args: Parameters<CoreEngineEvents["closed"]>) =>
        this.#end(toCloseReason(...args)),
      ),
      coreFailed: (cause) => nextTick(() => this.#fail(new TransportError("core failed", cause))),
    };
  }

  /** What comes after the end is nobody's business. */
  #listener<Args extends unknown[]>(react: (...args: Args) => void): (...args: Args) => void {
    return safely((...args) => {
      if (this.readyState !== "closed") react(...args);
    });
  }

  #onOpened(handshake: HandshakeData, name: string): void {
    if (this.transport.name !== name) this.transport = this.#createTransport(name);
    this.transport.opened();
    this.emitReserved("packet", { type: "open", data: JSON.stringify(handshake) });
    this.emitReserved("heartbeat");
    this.emitReserved("handshake", handshake);
    this.id = handshake.sid;
    this.transport.query["sid"] = handshake.sid;
    this.#pingDelayMs = handshake.pingInterval + handshake.pingTimeout;
    this.#expectPing();
    this.readyState = "open";
    Engine.priorWebsocketSuccess = name === "websocket";
    this.emitReserved("open");
    this.#flush();
  }

  #onPinged(): void {
    this.#expectPing();
    this.emitReserved("packet", { type: "ping" });
    this.emitReserved("heartbeat");
    this.emitReserved("packetCreate", { type: "pong", options: { compress: true } });
    this.emitReserved("ping");
    this.emitReserved("pong");
  }

  #expectPing(): void {
    this._pingTimeoutTime = Date.now() + this.#pingDelayMs;
  }

  #onMessage(received: string | ArrayBuffer | Blob): void {
    const data = typeof received === "string" ? received : toBinaryType(received, this.binaryType);
    this.emitReserved("packet", { type: "message", data });
    this.emitReserved("heartbeat");
    this.emitReserved("data", data);
    this.emitReserved("message", data);
  }

  #onUpgrading(name: string): void {
    Engine.priorWebsocketSuccess = name === "websocket";
    this.#upgradingTo = this.#createTransport(name);
    this.emitReserved("upgrading", this.#upgradingTo);
  }

  #onUpgraded(): void {
    if (!this.#upgradingTo) return;
    this.transport.readyState = "closed";
    this.transport = this.#upgradingTo;
    this.#upgradingTo = undefined;
    this.transport.opened();
    this.emitReserved("upgrade", this.transport);
    this.#flush();
    this.#closeIfDone();
  }

  #onUpgradeFailed(code: string): void {
    this.#upgradingTo = undefined;
    const error = new Error(`probe error: ${code}`);
    this.emitReserved("upgradeError", Object.assign(error, { transport: "websocket" }));
    this.#flush();
    this.#closeIfDone();
  }

  /**
   * Hands over what is new, except while a transport is changed, so that all events fit. A POST takes
   * all that comes while the one before it is under way.
   */
  #flush(): void {
    const { transport } = this;
    if (this.readyState === "opening" || this.#upgradingTo) return;
    if (transport.name === "websocket" && !transport.writable) return;
    while (this.#core && this.#handedOver < this.writeBuffer.length) {
      const data: unknown = this.writeBuffer[this.#handedOver]?.data;
      this.#handedOver += 1;
      if (isBinary(data)) this.#core.sendBinary(data);
      else this.#core.sendText(String((data as string | number | undefined) ?? ""));
    }
    if (transport.writable && this.#handedOver > 0) this.#onTaken(transport);
  }

  /**
   * The transport has something on its way: a POST until it is answered, a WebSocket until the next
   * tick.
   */
  #onTaken(transport: Transport): void {
    transport.writable = false;
    if (transport.name === "websocket") nextTick(() => this.#onDrained(this.#handedOver));
    this.emitReserved("flush");
  }

  #onDrained(count: number): void {
    if (this.readyState === "closed") return;
    this.transport.writable = true;
    this.#handedOver -= this.writeBuffer.splice(0, count).length;
    if (this.writeBuffer.length === 0) this.emitReserved("drain");
    this.#closeIfDone();
    this.#flush();
  }

  #closeIfDone(): void {
    const isDone = this.writeBuffer.length === 0 && !this.#upgradingTo;
    if (this.readyState === "closing" && isDone) this.#finish({ reason: "forced close" });
  }

  /** The page is about to go: listeners are told nothing unless it stays and the server is missed. */
  #closeSilently(): void {
    this.#release();
    this.transport.readyState = "closed";
    const remainingMs = this._pingTimeoutTime - Date.now();
    if (remainingMs === Infinity) return;
    this.#timers.setTimeoutFn(() => this.#finish({ reason: "ping timeout" }), remainingMs);
  }

  #fail(error: Error): void {
    this.#end({ reason: "transport error", error });
  }

  #end(close: CloseReason): void {
    if (close.error) {
      Engine.priorWebsocketSuccess = false;
      this.emitReserved("error", close.error);
    }
    this.#finish(close);
  }

  #finish({ reason, error, details }: CloseReason): void {
    if (this.readyState === "closed") return;
    this.#release();
    this.transport.ended(error, details);
    this.readyState = "closed";
    this.id = null;
    this.emitReserved("close", reason, error ?? details);
    // After the listeners, who may want to know what has not been sent.
    this.writeBuffer = [];
    this.#handedOver = 0;
  }

  #release(): void {
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    const core = this.#core;
    if (!core) return;
    this.#core = undefined;
    core.destroy();
    // This may run inside a listener, so inside the engine: it is freed when the stack is empty.
    nextTick(() => core.free());
  }

  #createTransport(name: string): Transport {
    const details = { description: `${name} connection closed` };
    const close = () => this.#finish({ reason: "transport close", details });
    const query = toQuery(name, this.opts.query);
    return new Transport(name, this.id === null ? query : { ...query, sid: this.id }, close);
  }
}

/** Not `queueMicrotask`, which programs' tests replace together with the timers. */
const nextTick = (callback: () => void): void => void Promise.resolve().then(callback);
