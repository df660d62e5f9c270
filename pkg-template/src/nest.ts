/** NestJS's way to say no. */
import type { Nack } from "./outbox.js";

/**
 * Reads the event `exception`, by which NestJS tells that a handler has thrown: it never acknowledges.
 *
 * @example
 * client.outbox.nack("exception", nest);
 */
export function nest(value: unknown): Nack | undefined {
  const { cause } = (value ?? {}) as { cause?: { pattern?: unknown; data?: unknown } };
  if (typeof cause?.pattern !== "string") return undefined;
  const { pattern: event, data } = cause;
  return data === undefined ? { event } : { event, args: [data] };
}
