// What the browser half does in JavaScript because each crossing of the border costs: reading the
// frames of events. It decides nothing.

import { identify, parts } from "./identity.js";

/** Nobody listens to the event. */
const UNHEARD = -1;
/** The name cannot be told without parsing, or is none. */
const UNKNOWN = -2;
/** The name is one of those that only the client itself tells. */
const RESERVED = -3;

const RESERVED_EVENTS = new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
]);

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;

/**
 * Looks up the name of the event array that starts at `from`, without parsing the array.
 *
 * A name with an escape cannot be compared with what listeners registered, so it stays unknown.
 */
export function peekEventName(text, from, names) {
  if (text.charCodeAt(from) !== OPENING_BRACKET || text.charCodeAt(from + 1) !== QUOTE) {
    return UNKNOWN;
  }
  const end = text.indexOf('"', from + 2);
  const next = text.charCodeAt(end + 1);
  const complete = text.charCodeAt(text.length - 1) === CLOSING_BRACKET;
  if (end < 0 || !complete || (next !== COMMA && next !== CLOSING_BRACKET)) return UNKNOWN;
  const name = text.slice(from + 2, end);
  return name.includes("\\") ? UNKNOWN : (names.get(name) ?? missingName(name, names));
}

/** Looks up the name of a parsed event array. */
export function eventName(args, names) {
  const name = Array.isArray(args) ? args[0] : undefined;
  if (typeof name !== "string" && typeof name !== "number") return UNKNOWN;
  return names.get(String(name)) ?? missingName(name, names);
}

/**
 * Somebody may listen to every event, but not to what only the client itself tells. Where events are
 * numbered, those that nobody listens to count, too.
 */
function missingName(name, names) {
  return RESERVED_EVENTS.has(name) ? RESERVED : (names.any ?? names.unheard ?? UNHEARD);
}

/**
 * Hands in an event of the root namespace with its arguments parsed, in one crossing.
 *
 * Returns whether it was taken; every other frame goes the long way as text.
 */
export function takeEvent(manager, transport, text, names) {
  if (!text.startsWith('42["')) return false;
  const event = peekEventName(text, 2, names);
  if (event === UNHEARD) return manager.handleUnheardEvent(transport);
  if (event < 0) return false;
  let args;
  try {
    args = JSON.parse(text.slice(2));
  } catch {
    return false;
  }
  const has = identify(args, names);
  if (has === 0) return manager.handleEvent(transport, event, args, text.length);
  const { streamHigh, streamLow, epochHigh, epochLow, idHigh, idLow, seq } = parts();
  return manager.handleIdentifiedEvent(
    transport,
    event,
    args,
    text.length,
    has,
    streamHigh,
    streamLow,
    epochHigh,
    epochLow,
    idHigh,
    idLow,
    seq,
  );
}

/**
 * Reads an event of the root namespace that wants no answer, which most frames are, in one crossing.
 *
 * Returns undefined for everything else, which goes the long way.
 */
export function readEvent(text) {
  if (!text.startsWith('2["')) return undefined;
  let data;
  try {
    data = JSON.parse(text.slice(1));
  } catch {
    return undefined;
  }
  return RESERVED_EVENTS.has(data[0]) ? undefined : toPacket(2, "/", undefined, data);
}

/** Makes a packet as parsers hand it on: without the fields that it does not have. */
export function toPacket(type, nsp, id, data) {
  const packet = { type, nsp };
  if (id !== undefined) packet.id = id;
  if (data !== undefined) packet.data = data;
  return packet;
}

/** Makes what stands for a packet over a limit. */
export const toDropped = (dropped, nsp, id) =>
  id === undefined ? { dropped, nsp } : { dropped, nsp, id };
