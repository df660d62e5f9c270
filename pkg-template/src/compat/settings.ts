/** The settings of a manager that can be changed while it runs. */
/* eslint @typescript-eslint/prefer-nullish-coalescing: "off" -- a setting of 0 is none */
import { Emitter } from "@socket.io/component-emitter";
import { Backoff } from "./backoff.js";
import type { NoEvents } from "./noEvents.js";
import type { ManagerOptions, ManagerReservedEvents } from "./options.js";

/** A manager's settings: each method returns the value, or sets it and returns the manager. */
export abstract class ManagerSettings extends Emitter<NoEvents, NoEvents, ManagerReservedEvents> {
  /** Draws the delays of the reconnection loop. */
  protected readonly backoff: Backoff;
  private _reconnection: boolean;
  private _reconnectionAttempts: number;
  private _reconnectionDelay: number;
  private _reconnectionDelayMax: number;
  private _randomizationFactor: number;
  private _timeout: number | boolean;

  constructor(options: Partial<ManagerOptions>) {
    super();
    this._reconnection = options.reconnection !== false;
    this._reconnectionAttempts = options.reconnectionAttempts || Infinity;
    this._reconnectionDelay = options.reconnectionDelay || 1_000;
    this._reconnectionDelayMax = options.reconnectionDelayMax || 5_000;
    this._randomizationFactor = options.randomizationFactor ?? 0.5;
    this._timeout = options.timeout ?? 20_000;
    this.backoff = new Backoff({
      min: this._reconnectionDelay,
      max: this._reconnectionDelayMax,
      jitter: this._randomizationFactor,
    });
  }

  /** Whether the manager reconnects; `false` also ends a reconnection loop. */
  reconnection(v: boolean): this;
  reconnection(): boolean;
  reconnection(v?: boolean): this | boolean;
  reconnection(v?: boolean): this | boolean {
    if (v === undefined) return this._reconnection;
    this._reconnection = v;
    if (!v) this.stopReconnecting();
    return this;
  }

  /** After how many attempts the reconnection loop gives up. */
  reconnectionAttempts(v: number): this;
  reconnectionAttempts(): number;
  reconnectionAttempts(v?: number): this | number;
  reconnectionAttempts(v?: number): this | number {
    if (v === undefined) return this._reconnectionAttempts;
    this._reconnectionAttempts = v;
    return this;
  }

  /** How long to wait before the first attempt to reconnect, in milliseconds. */
  reconnectionDelay(v: number): this;
  reconnectionDelay(): number;
  reconnectionDelay(v?: number): this | number;
  reconnectionDelay(v?: number): this | number {
    if (v === undefined) return this._reconnectionDelay;
    this._reconnectionDelay = v;
    this.backoff.setMin(v);
    return this;
  }

  /** How far a delay may be off, as a fraction of it. */
  randomizationFactor(v: number): this;
  randomizationFactor(): number;
  randomizationFactor(v?: number): this | number;
  randomizationFactor(v?: number): this | number {
    if (v === undefined) return this._randomizationFactor;
    this._randomizationFactor = v;
    this.backoff.setJitter(v);
    return this;
  }

  /** The longest wait before an attempt to reconnect, in milliseconds. */
  reconnectionDelayMax(v: number): this;
  reconnectionDelayMax(): number;
  reconnectionDelayMax(v?: number): this | number;
  reconnectionDelayMax(v?: number): this | number {
    if (v === undefined) return this._reconnectionDelayMax;
    this._reconnectionDelayMax = v;
    this.backoff.setMax(v);
    return this;
  }

  /** How long an attempt to connect may take, in milliseconds; `false` is any time. */
  timeout(v: number | boolean): this;
  timeout(): number | boolean;
  timeout(v?: number | boolean): this | number | boolean;
  timeout(v?: number | boolean): this | number | boolean {
    if (v === undefined) return this._timeout;
    this._timeout = v;
    return this;
  }

  /** Ends the reconnection loop. */
  protected abstract stopReconnecting(): void;
}
