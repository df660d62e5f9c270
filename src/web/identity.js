// What an event can be known by when it comes again: its id, or its number in a stream.
//
// Texts are named by fingerprints of 64 bits, in two halves of 32, because a number holds 53.
//
// How it is read stands in the table of names, as `identity`: `seeds` of the fingerprints; `stamps`, if
// a server helper marks its events; `id`, `stream` and `order`, which read it from the arguments.

import { takeMarkAt } from "./mark.js";

/** The event has an id. */
const HAS_ID = 1;
/** The event has a number. */
const HAS_ORDER = 2;

/** The halves of the fingerprints of stream, epoch and id, and the number, of the last event. */
const last = {
  streamHigh: 0,
  streamLow: 0,
  epochHigh: 0,
  epochLow: 0,
  idHigh: 0,
  idLow: 0,
  seq: 0,
  stream: "",
  epoch: "",
};

/** Returns what {@link identify} has read; the same object each time. */
export const parts = () => last;

/** The halves of the last fingerprint. */
let high = 0;
let low = 0;

/** What the stream of the last event was named with. */
let streamSeeds;

/**
 * Mixes the units of a text in two ways, from two seeds.
 *
 * Multiplying moves bits up only, and the shift moves them down: without it the lowest bits of both halves
 * would be the same, and texts whose characters differ in few bits would often have one fingerprint. The
 * end can be undone, so it makes no two fingerprints equal. `src/native/fingerprint.rs` does the same.
 */
function hash(text, seeds) {
  let [upper, lower] = seeds;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    upper = Math.imul(upper ^ unit, 0x9e3779b1);
    upper ^= upper >>> 15;
    lower = Math.imul(lower ^ unit, 0x5f356495);
    lower ^= lower >>> 13;
  }
  high = Math.imul(upper ^ (upper >>> 16), 0x85ebca6b) ^ mixOther(lower);
  low = Math.imul(lower ^ (lower >>> 16), 0x85ebca6b) ^ mixOther(high);
}

const mixOther = (half) => Math.imul(half ^ (half >>> 13), 0xc2b2ae35);

/** From now on events may be stamped, and those that nobody listens to count. */
export function expectStamps(names, unheard) {
  names.identity.stamps = true;
  names.unheard = unheard;
}

/** Returns half of the fingerprint of a text, without its sign. */
export function fingerprint(text, names, wantsHigh) {
  hash(text, names.identity.seeds);
  return (wantsHigh ? high : low) >>> 0;
}

/**
 * Reads the identity of a parsed event for {@link parts}, and removes a stamp from its arguments.
 *
 * Returns which parts it has; zero if it cannot be known.
 */
export function identify(args, names) {
  const { identity } = names;
  if (identity === undefined) return 0;
  const stamp = identity.stamps ? takeStamp(args) : undefined;
  return stamp === undefined ? readOwn(args, identity) : readStamp(stamp, identity.seeds);
}

/** A recovery offset may stand behind the stamp. */
function takeStamp(args) {
  const end = args.length - 1;
  return takeMarkAt(args, typeof args[end] === "string" ? end - 1 : end, 1);
}

function readStamp(stamp, seeds) {
  const { id, stream, epoch, seq } = Object(stamp);
  if (typeof stream !== "string" || typeof epoch !== "string" || !isNumber(seq)) return 0;
  setStream(stream, seeds);
  setEpoch(epoch, seeds);
  last.seq = seq;
  return typeof id === "string" ? setId(id, seeds) | HAS_ORDER : HAS_ORDER;
}

function readOwn(args, { id, stream, order, seeds }) {
  if (id === undefined) return 0;
  const ofEvent = id(args);
  const number = order?.(args);
  const has = isId(ofEvent) ? setId(toText(ofEvent), seeds) : 0;
  const isNumbered = isNumber(number);
  if (has === 0 && !isNumbered) return 0;
  const ofStream = stream?.(args);
  setStream(isId(ofStream) ? String(ofStream) : String(args[0]), seeds);
  if (!isNumbered) return has;
  // An epoch that is no fingerprint: an application's numbers have none.
  last.epochHigh = 0;
  last.epochLow = 0;
  last.epoch = "";
  last.seq = number;
  return has | HAS_ORDER;
}

/** The number 1 and the text "1" are different ids. */
const toText = (id) => (typeof id === "string" ? id : `#${id}`);
/** What many events have in common is the lack of an id. */
const isId = (value) => (typeof value === "string" ? value !== "" : Number.isFinite(value));
const isNumber = (value) => Number.isSafeInteger(value) && value > 0;

function setId(id, seeds) {
  hash(id, seeds);
  last.idHigh = high >>> 0;
  last.idLow = low >>> 0;
  return HAS_ID;
}

/** Mostly the stream is that of the event before. */
function setStream(stream, seeds) {
  if (stream === last.stream && seeds === streamSeeds) return;
  hash(stream, seeds);
  streamSeeds = seeds;
  last.stream = stream;
  last.streamHigh = high >>> 0;
  last.streamLow = low >>> 0;
}

function setEpoch(epoch, seeds) {
  hash(epoch, seeds);
  last.epoch = epoch;
  last.epochHigh = high >>> 0;
  last.epochLow = low >>> 0;
}
