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

/** A number of more digits may not be exact. Clients number their requests from zero. */
const MAX_DIGITS = 15;

const ZERO = 0x30;
const QUOTE = 0x22;
const COMMA = 0x2c;
const SLASH = 0x2f;
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

/** What the clock said when it was asked last in this turn of the page, if that is to be remembered. */
let time;
const forgetTime = () => (time = undefined);

/** Asks the clock. */
export function now() {
  const moment = performance.now();
  if (time !== undefined) time = moment;
  return moment;
}

/**
 * Returns the time at about the beginning of what runs: to ask the clock anew for each of many events that
 * are sent at once would cost more than to send them.
 */
export function recently() {
  if (time === undefined) {
    time = performance.now();
    // Tests that have their timers faked have `queueMicrotask` faked, too: it would never be forgotten.
    void Promise.resolve().then(forgetTime);
  }
  return time;
}

/**
 * How the frame of the last event began, up to what follows its name, and what that says; of those with attachments
 * that of the last one, too.
 */
const plain = { head: '42["",', namespace: "/", name: "", from: 2, attachments: 0 };
const binary = { head: '451-["",', namespace: "/", name: "", from: 4, attachments: 1 };

/**
 * Reads how the frame of an event begins: mostly as that of the event before, and then nothing has to be cut
 * out of it. Returns nothing for one that is not understood without parsing.
 */
function readHead(text) {
  if (text.startsWith(plain.head)) return plain;
  if (text.startsWith(binary.head)) return binary;
  if (text.startsWith("42")) return readNewHead(plain, text, 2, 0);
  if (!text.startsWith("45")) return undefined;
  const dash = text.indexOf("-", 2);
  const attachments = readNumber(text, 2, dash);
  return attachments < 1 ? undefined : readNewHead(binary, text, dash + 1, attachments);
}

function readNewHead(last, text, start, attachments) {
  const from = endOfNamespace(text, start);
  if (text.charCodeAt(from) !== OPENING_BRACKET || text.charCodeAt(from + 1) !== QUOTE)
    return undefined;
  const end = text.indexOf('"', from + 2);
  const next = text.charCodeAt(end + 1);
  if (end < 0 || (next !== COMMA && next !== CLOSING_BRACKET)) return undefined;
  const name = text.slice(from + 2, end);
  if (name.includes("\\")) return undefined;
  // A part of the frame would keep all of it in memory.
  const head = [text.slice(0, from + 2), name, text.slice(end, end + 2)].join("");
  last.head = head;
  last.name = head.slice(from + 2, -2);
  last.namespace = from === start ? "/" : head.slice(start, from - 1);
  last.from = from;
  last.attachments = attachments;
  return last;
}

/** Returns where the packet goes on behind the namespace that may stand at `start`. */
const endOfNamespace = (text, start) =>
  text.charCodeAt(start) === SLASH ? text.indexOf(",", start) + 1 : start;

/** Returns the number of the socket of the namespace that stands there. */
const socketOf = (text, start, end, { sockets }) =>
  sockets.get(start === end ? "/" : text.slice(start, end - 1));

/**
 * Hands in an event that wants no answer, or an answer, with its arguments parsed, in one crossing.
 *
 * Returns whether it was taken; every other frame goes the long way as text.
 */
export function takeFrame(manager, transport, text, names) {
  const head = readHead(text);
  if (head) return takeEvent(manager, transport, text, names, head);
  return text.startsWith("43") && takeAnswer(manager, transport, text, names);
}

function takeAnswer(manager, transport, text, names) {
  const start = endOfNamespace(text, 2);
  const socket = socketOf(text, 2, start, names);
  const from = text.indexOf("[", start);
  const ackId = readNumber(text, start, from);
  if (ackId < 0 || socket === undefined) return false;
  let args;
  try {
    args = JSON.parse(text.slice(from));
  } catch {
    return false;
  }
  return manager.handleAnswer(transport, ackId, args, socket);
}

/** Reads a plain number that fills this part of the frame; −1 if there is anything else, or nothing. */
function readNumber(text, start, end) {
  if (end <= start || end - start > MAX_DIGITS) return -1;
  let number = 0;
  for (let index = start; index < end; index += 1) {
    const digit = text.charCodeAt(index) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

function takeEvent(manager, transport, text, names, { namespace, name, from, attachments }) {
  const socket = names.sockets.get(namespace);
  const event = names.get(name) ?? missingName(name, names);
  if (socket === undefined) return false;
  if (event === UNHEARD && attachments === 0) {
    // What nobody listens to is not parsed, so this is all that is seen of its end.
    const isComplete = text.charCodeAt(text.length - 1) === CLOSING_BRACKET;
    return isComplete && manager.handleUnheardEvent(transport, socket);
  }
  if (event < 0) return false;
  let args;
  try {
    args = JSON.parse(text.slice(from));
  } catch {
    return false;
  }
  const { length } = text;
  if (attachments > 0)
    return manager.handleBinaryEvent(transport, event, args, length, socket, attachments);
  const has = identify(args, names);
  if (has === 0) return manager.handleEvent(transport, event, args, length, socket);
  const { streamHigh, streamLow, epochHigh, epochLow, idHigh, idLow, seq } = parts();
  return manager.handleIdentifiedEvent(
    transport,
    event,
    args,
    length,
    socket,
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
