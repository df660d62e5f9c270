// Connection state recovery: the offset that a server adds to its events, and what it is asked with.
//
// Nothing marks an offset as one: it is a last argument like any other. It does tell when it was made,
// and an argument of the application that only looks like an offset tells another time. A user's name
// of seven letters, or the id of a document, stays where it is.

/** How far a server's clock may differ, with the time that a missed event waits, in milliseconds. */
const TOLERANCE = 86_400_000;

/** No adapter's offset is longer. What is kept goes with each CONNECT, which has to stay small. */
const MAX_OFFSET = 64;

/** The digits of the adapter in memory, the least first. */
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
const TIME_DIGITS = 7;

/**
 * Copies the offset at the end of an event array without parsing it.
 *
 * A quote inside of a string has a backslash before it, so a quote behind a comma opens the last argument.
 */
export function peekOffset(text, from) {
  if (!text.endsWith('"]')) return undefined;
  const start = text.lastIndexOf('"', text.length - 3);
  if (start <= from || text[start - 1] !== ",") return undefined;
  const last = text.slice(start + 1, -2);
  return isOffset(last) ? last : undefined;
}

/** Removes the offset from the end of a parsed event array, and returns it. */
export function takeOffset(args) {
  const last = args.length > 1 ? args[args.length - 1] : undefined;
  return typeof last === "string" && isOffset(last) ? args.pop() : undefined;
}

/** Makes the payload of a CONNECT that asks for a session; what the application says wins. */
export function recoveryPayload(pid, offset, auth) {
  return JSON.stringify({ pid, offset, ...(auth === undefined ? {} : JSON.parse(auth)) });
}

function isOffset(text) {
  // What is no offset has no time: NaN is not less than anything.
  return text.length <= MAX_OFFSET && Math.abs(timeOf(text) - Date.now()) < TOLERANCE;
}

/** When an offset was made, or NaN. */
function timeOf(text) {
  if (text.length === TIME_DIGITS || text[TIME_DIGITS] === ".") return timeOfYeast(text);
  if (text.length === 24 && consistsOf(text, isHexadecimal)) return timeOfObjectId(text);
  return timeOfStreamId(text, text.indexOf("-"));
}

/** MongoDB: 4 bytes of seconds, 8 others. */
const timeOfObjectId = (text) => Number.parseInt(text.slice(0, 8), 16) * 1_000;

/** Redis streams: milliseconds and a number, joined by a hyphen. */
function timeOfStreamId(text, hyphen) {
  const time = text.slice(0, Math.max(hyphen, 0));
  const number = text.slice(hyphen + 1);
  return consistsOf(time, isDecimal) && consistsOf(number, isDecimal) ? Number(time) : Number.NaN;
}

/** The adapter in memory: milliseconds in base 64, and if that was used before a point and a number. */
function timeOfYeast(text) {
  if (text.length > TIME_DIGITS && !consistsOf(text.slice(TIME_DIGITS + 1), isDigit)) {
    return Number.NaN;
  }
  let time = 0;
  for (const character of text.slice(0, TIME_DIGITS)) {
    const digit = DIGITS.indexOf(character);
    time = digit < 0 ? Number.NaN : time * DIGITS.length + digit;
  }
  return time;
}

function consistsOf(text, isAllowed) {
  for (const character of text) {
    if (!isAllowed(character)) return false;
  }
  return text.length > 0;
}

const isDecimal = (character) => character >= "0" && character <= "9";
const isHexadecimal = (character) =>
  isDecimal(character) ||
  (character >= "a" && character <= "f") ||
  (character >= "A" && character <= "F");
const isDigit = (character) => DIGITS.includes(character);
