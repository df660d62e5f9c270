/** Events as JSON arrays, both ways. */
import { fail } from "./errors.js";

/** The names that socket.io keeps for itself on both sides. */
const reservedEvents = [
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
];

/** Throws `reserved_event` for a name that cannot be an event's. */
export function assertNotReserved(event: string): void {
  if (reservedEvents.includes(event)) {
    const hint = "use another name; connections are told by `client.status`";
    throw fail("reserved_event", `"${event}" is a reserved event name`, hint);
  }
}

/** Writes an event as the JSON array that goes over the wire. */
export function serialize(event: string, args: unknown[]): string {
  assertNotReserved(event);
  if (typeof args.at(-1) === "function") {
    const hint = "for an acknowledgement use `await client.request(...)`";
    throw fail("not_serializable", "a function cannot be sent", hint);
  }
  return stringify([event, ...args]);
}

/** Writes JSON; throws `not_serializable`, or `binary_unsupported` for what JSON would distort. */
export function stringify(value: unknown): string {
  let text;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    const hint = "send what JSON can hold: no BigInt, no circular references";
    throw fail("not_serializable", "the arguments cannot be written as JSON", hint, error);
  }
  // What has become text has no circular references, so looking through it comes to an end.
  if (containsBinary(value)) {
    const hint = "send text or JSON, for example base64";
    throw fail("binary_unsupported", "binary arguments are not supported yet", hint);
  }
  return text;
}

function containsBinary(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (isBinary(value)) return true;
  if ("toJSON" in value && typeof value.toJSON === "function") return false;
  return Object.values(value).some(containsBinary);
}

function isBinary(value: object): boolean {
  return (
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value) ||
    (typeof Blob !== "undefined" && value instanceof Blob)
  );
}

/** One value stands for itself, several are a tuple. */
export function toValue(values: readonly unknown[], from: number): unknown {
  return values.length > from + 1 ? values.slice(from) : values[from];
}
