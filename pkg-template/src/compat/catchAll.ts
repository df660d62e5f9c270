/** Listeners to every event, incoming and outgoing. */
import { Emitter } from "@socket.io/component-emitter";
import type { EventsMap } from "@socket.io/component-emitter";
import type { AnyListener } from "./types.js";

/** An emitter that also has listeners to whatever comes in and goes out. */
export abstract class CatchAllEmitter<
  ListenEvents extends EventsMap,
  EmitEvents extends EventsMap,
  ReservedEvents extends EventsMap,
> extends Emitter<ListenEvents, EmitEvents, ReservedEvents> {
  private _anyListeners: AnyListener[] = [];
  private _anyOutgoingListeners: AnyListener[] = [];

  /**
   * Adds a listener that is called for every incoming event, before the event's own listeners. It gets
   * the name of the event and its arguments.
   *
   * @example
   * socket.onAny((event, ...args) => {
   *   console.log(`got ${event}`);
   * });
   */
  onAny(listener: AnyListener): this {
    this._anyListeners.push(listener);
    return this;
  }

  /** Like {@link onAny}, but the listener is called before those that are there already. */
  prependAny(listener: AnyListener): this {
    this._anyListeners.unshift(listener);
    return this;
  }

  /** Removes a listener of {@link onAny}, or all of them. */
  offAny(listener?: AnyListener): this {
    this._anyListeners = without(this._anyListeners, listener);
    return this;
  }

  /** Returns the listeners of {@link onAny}. The array may be changed. */
  listenersAny(): AnyListener[] {
    return this._anyListeners;
  }

  /**
   * Adds a listener that is called for every event when it is sent: for a buffered one when the buffer
   * is flushed. Acknowledgements are not included.
   *
   * @example
   * socket.onAnyOutgoing((event, ...args) => {
   *   console.log(`sent ${event}`);
   * });
   */
  onAnyOutgoing(listener: AnyListener): this {
    this._anyOutgoingListeners.push(listener);
    return this;
  }

  /** Like {@link onAnyOutgoing}, but the listener is called before those that are there already. */
  prependAnyOutgoing(listener: AnyListener): this {
    this._anyOutgoingListeners.unshift(listener);
    return this;
  }

  /** Removes a listener of {@link onAnyOutgoing}, or all of them. */
  offAnyOutgoing(listener?: AnyListener): this {
    this._anyOutgoingListeners = without(this._anyOutgoingListeners, listener);
    return this;
  }

  /** Returns the listeners of {@link onAnyOutgoing}. The array may be changed. */
  listenersAnyOutgoing(): AnyListener[] {
    return this._anyOutgoingListeners;
  }

  /** Calls the listeners to incoming events. */
  protected notifyListeners(args: readonly unknown[]): void {
    for (const listener of [...this._anyListeners]) listener.apply(this, args as unknown[]);
  }

  /** Calls the listeners to outgoing events. */
  protected notifyOutgoingListeners(args: readonly unknown[]): void {
    for (const listener of [...this._anyOutgoingListeners]) listener.apply(this, args as unknown[]);
  }
}

/** The array itself is changed as long as it is the same listeners: somebody may hold it. */
function without(listeners: AnyListener[], listener: AnyListener | undefined): AnyListener[] {
  if (!listener) return [];
  const index = listeners.indexOf(listener);
  if (index >= 0) listeners.splice(index, 1);
  return listeners;
}
