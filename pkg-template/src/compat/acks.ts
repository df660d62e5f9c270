/** The acknowledgements that a socket waits for. */
import type { Timers } from "./timers.js";

/** The callback of an event. */
export interface Ack {
  (...args: unknown[]): void;
  /** Whether its first argument is an error or `null`; it is called upon a disconnection, too. */
  withError?: boolean;
}

/** Callbacks by the ids of their packets. */
export type Acks = Record<number, Ack>;

/** Makes an empty collection. It has no prototype, so a packet's id finds nothing but callbacks. */
export const noAcks = (): Acks => Object.create(null) as Acks;

/** Takes the callback of a packet out. */
export function takeAck(acks: Acks, id: number): Ack | undefined {
  const ack = acks[id];
  Reflect.deleteProperty(acks, id);
  return ack;
}

/** Takes the callbacks out whose packets were sent, and returns those that want to hear about it. */
export function takeSentAcks(acks: Acks, isBuffered: (id: number) => boolean): Ack[] {
  const sent = Object.keys(acks)
    .map(Number)
    .filter((id) => !isBuffered(id))
    .map((id) => takeAck(acks, id));
  return sent.filter((ack) => ack !== undefined).filter((ack) => ack.withError);
}

/** Marks a callback as one that expects an error as its first argument. */
export const withError = (ack: (...args: unknown[]) => void): Ack =>
  Object.assign(ack, { withError: true });

/** Makes the callback that settles a promise with the first argument after the error. */
export function settling(resolve: (value: unknown) => void, reject: (error: Error) => void): Ack {
  return withError((error, value) => {
    if (error) reject(error as Error);
    else resolve(value);
  });
}

/** Gives a callback a limited time, after which `onTimeout` is called, and then never the callback. */
export function limitAck(
  ack: Ack,
  timeoutMs: number,
  { setTimeoutFn, clearTimeoutFn }: Timers,
  onTimeout: () => void,
): Ack {
  const timer = setTimeoutFn(onTimeout, timeoutMs);
  return withError(function (this: unknown, ...args) {
    clearTimeoutFn(timer);
    ack.apply(this, args);
  });
}
