/**
 * Where the core means to differ from the official parsers: each name is a row of docs/protocol.md,
 * section "Differences to the official parsers".
 */
import { isDeepStrictEqual } from "node:util";
import { Decoder } from "socket.io-parser";

/** Returns the name of the rule that explains a difference of decoders of Socket.IO, or undefined. */
export function differenceIn([text], ours, theirs) {
  const read = officiallyRead(text);
  return rules.find(({ applies }) => applies(text, ours, theirs, read))?.name;
}

/** The packet of a text frame, whether or not it waits for attachments. */
function officiallyRead(text) {
  try {
    return new Decoder().decodeString(text);
  } catch {
    return undefined;
  }
}

/** What only the official decoder takes. */
const refuses = (isBad) => (text, ours, _, read) =>
  read !== undefined && ours.packets.length === 0 && Boolean(ours.error) && isBad(read, text);

const isEvent = (type) => type === 2 || type === 5;
const isAnswer = (type) => type === 3 || type === 6;

/** A space after the digits of the id, or in their place, after type, number and namespace. */
const SPACE_IN_ID = /^\d(?:[^-/,[{"]+-)?(?:\/[^,]*,)?\d*\s/;
const LONG_ID = /^\d(?:\d+-)?(?:\/[^,]*,)?\d{17}/;

const rules = [
  {
    name: "a type is a digit",
    applies: refuses((_, text) => !/^\d/.test(text)),
  },
  {
    name: "events and answers have data, and a comma ends their namespace",
    applies: refuses(({ type, data }) => (isEvent(type) || isAnswer(type)) && data === undefined),
  },
  {
    name: "answers have an id",
    applies: refuses(({ type, id }) => isAnswer(type) && id === undefined),
  },
  {
    name: "CONNECT, DISCONNECT and CONNECT_ERROR have no id",
    applies: refuses(({ type, id }) => [0, 1, 4].includes(type) && id !== undefined),
  },
  {
    name: "ids consist of digits: a space is none",
    applies: (text, _, __, read) => read?.id !== undefined && SPACE_IN_ID.test(text),
  },
  {
    name: "ids are at most 2^53 - 1, written with at most 16 digits",
    applies: refuses(({ id }, text) => id > Number.MAX_SAFE_INTEGER || LONG_ID.test(text)),
  },
  {
    name: "the number of attachments consists of digits",
    applies: refuses((_, text) => /^[56](?!\d+-)[^-]*-/.test(text)),
  },
  {
    name: "namespaces have at most 1,024 characters",
    applies: refuses(({ nsp }) => nsp.length > 1_024),
  },
  {
    name: "half a surrogate pair in a namespace is replaced",
    applies: (_, ours, __, read) =>
      read?.nsp.isWellFormed() === false && ours.packets.some(({ nsp }) => nsp.includes("\ufffd")),
  },
  {
    name: "the number in a placeholder is whole",
    applies: (text, ours) => Boolean(ours.error) && text.includes('"num":0.5'),
  },
  {
    name: "up to 64 attachments are taken; a packet with more is dropped, which is no error",
    applies: (text, _, theirs) =>
      theirs.error?.message === "too many attachments" && /^[56]\d+-/.test(text),
  },
];

/**
 * Returns the name of the rule that explains a difference of payloads, or undefined. Up to the packet
 * that is refused there must be none.
 */
export function payloadDifferenceIn(packets, ours, theirs) {
  const index = packets.findIndex((packet) => /^[035]/.test(packet) || !isBase64(packet));
  const before = packets.slice(0, index).filter((packet) => /^[4b]/.test(packet)).length;
  const messages = theirs.messages.slice(0, before);
  if (index < 0 || !isDeepStrictEqual(ours, { messages, end: "parse_error" })) return undefined;
  return packets[index].startsWith("b")
    ? "binary is base64"
    : "OPEN, PONG and UPGRADE do not come over polling once it is open";
}

/** As `atob` reads it, which is given to it without its type. */
function isBase64(packet) {
  if (!packet.startsWith("b")) return true;
  try {
    atob(packet.slice(1));
    return true;
  } catch {
    return false;
  }
}
