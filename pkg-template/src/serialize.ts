/** Events as JSON arrays, both ways. */
import { takeAttachments } from "./attachments.js";
import type { Attachment } from "./binary.js";
import { fail } from "./errors.js";
import { notSerializable } from "./notSerializable.js";

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

/**
 * How many attachments an event can carry: official servers close the connection of a client that sends
 * more (`maxAttachments` of socket.io-parser).
 */
const MAX_ATTACHMENTS = 10;

/** What goes over the wire: JSON, and the binary values that it has placeholders for. */
export interface Outgoing {
  readonly body: string;
  /** In the order of their numbers; none if there are none. */
  readonly attachments: Attachment[] | undefined;
}

/** Writes an event as the array of its name and arguments. */
export function serialize(event: string, args: unknown[]): Outgoing {
  assertNotReserved(event);
  if (typeof args.at(-1) === "function") {
    const hint = "for an acknowledgement use `await client.request(...)`";
    throw fail("not_serializable", "a function cannot be sent", hint);
  }
  return toOutgoing(args, event);
}

/**
 * Writes an array as JSON beside its attachments, behind the name of an `event` if there is one; throws
 * `not_serializable` or `too_many_attachments`.
 */
export function toOutgoing(values: unknown[], event?: string): Outgoing {
  const attachments: Attachment[] = [];
  const body = write(values, attachments, event);
  if (attachments.length > MAX_ATTACHMENTS) {
    const hint = "servers refuse more: join the binary values, or send several events";
    throw fail("too_many_attachments", `more than ${MAX_ATTACHMENTS} binary values`, hint);
  }
  return { body, attachments: attachments.length > 0 ? attachments : undefined };
}

/** Writes an auth payload, which has no place for attachments. */
export function stringifyAuth(auth: unknown): string | undefined {
  if (auth === undefined) return undefined;
  const attachments: Attachment[] = [];
  const body = write([auth], attachments);
  if (attachments.length > 0) {
    const hint = "send text or JSON, for example base64";
    throw fail("binary_unsupported", "`auth` cannot hold binary values", hint);
  }
  const payload = body.slice(1, -1);
  if (!payload.startsWith("{")) {
    throw fail("invalid_option", "`auth` gave no object", "give an object like { token }");
  }
  return payload;
}

function write(values: unknown[], attachments: Attachment[], event?: string): string {
  try {
    const writable = takeAttachments(values, attachments);
    return event === undefined ? JSON.stringify(writable) : writeEvent(event, writable);
  } catch (error) {
    throw notSerializable(error);
  }
}

/** The beginning of the last event: mostly it is that of the next one. */
let lastEvent: string | undefined;
let lastHead = "";

/** As it is: there is no JSON of functions and symbols. */
const stringify: (value: unknown) => string | undefined = JSON.stringify;

/** Engines write an object faster than an array that has it in it. */
function writeEvent(event: string, args: unknown[]): string {
  if (args.some(hasToJson)) return JSON.stringify([event, ...args]);
  if (event !== lastEvent) {
    lastHead = `[${JSON.stringify(event)}`;
    lastEvent = event;
  }
  let body = lastHead;
  // What cannot be written is `null` in an array.
  for (const arg of args) body += `,${stringify(arg) ?? "null"}`;
  return `${body}]`;
}

/** It is told its place in the array. */
const hasToJson = (value: unknown) =>
  typeof value === "object" && value !== null && "toJSON" in value;

/** The bytes of binary values, the characters of text. */
export function lengthOf({ body, attachments = [] }: Outgoing): number {
  return attachments.reduce((sum, value) => sum + byteLengthOf(value), body.length);
}

function byteLengthOf(value: Attachment): number {
  return "byteLength" in value ? value.byteLength : value.size;
}
