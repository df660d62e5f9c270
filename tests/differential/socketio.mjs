/** The Socket.IO format: encoder and decoder of `sockeye-client/compat`, and `socket.io-parser`. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import * as official from "socket.io-parser";
import { differenceIn } from "./differences.mjs";
import { randomBinary } from "./engineio.mjs";
import { mutate, randomFrame } from "./frames.mjs";

const { PacketType } = official;

/** Packets are encoded to the same frames, and decoded from them to the same packets. */
export function encodeAndDecode(parser, random, count) {
  const decoders = [new official.Decoder(), new parser.Decoder()];
  for (let done = 0; done < count; done += 1) {
    const packet = randomPacket(random);
    const frames = new official.Encoder().encode({ ...packet });
    assertSameFrames(new parser.Encoder().encode(packet), frames);
    const [theirs, ours] = decoders.map((decoder) => decodeAll(decoder, frames));
    assert.deepEqual(ours, theirs);
    assert.equal(ours.packets.length, 1);
  }
}

/** Frames that may break the rules mean the same, or differ in a way that is listed. */
export function decodeMutated(parser, random, count) {
  const seen = new Map();
  for (let done = 0; done < count; done += 1) {
    const frames = brokenFrames(random);
    const theirs = decodeAll(new official.Decoder(), frames);
    const decoder = new parser.Decoder();
    const ours = decodeAll(decoder, frames);
    decoder.destroy();
    if (isSame(ours, theirs)) continue;
    const difference = differenceIn(frames, ours, theirs);
    assert.ok(difference, `not listed: ${explain(frames, ours, theirs)}`);
    seen.set(difference, (seen.get(difference) ?? 0) + 1);
  }
  return seen;
}

const explain = (frames, ours, theirs) =>
  JSON.stringify({ frames, ours: outcome(ours), theirs: outcome(theirs) }, undefined, 1);

const outcome = ({ packets, error }) => ({ packets, error: error?.message });

/** That something is an error counts, not what is said about it. */
const isSame = (ours, theirs) =>
  Boolean(ours.error) === Boolean(theirs.error) && isDeepStrictEqual(ours.packets, theirs.packets);

/** Frames of a packet, most of them changed, and sometimes too few or too many attachments. */
function brokenFrames(random) {
  const binaries = random.list(2, () => Uint8Array.from(random.bytes(3)));
  if (random.oneIn(3)) return [randomFrame(random), ...binaries];
  const [text, ...attachments] = new official.Encoder().encode(randomPacket(random));
  const frames = [mutate(random, text), ...attachments];
  return random.oneIn(3) ? [...frames, ...binaries] : frames;
}

function decodeAll(decoder, frames) {
  const packets = [];
  const keep = (packet) => packets.push({ ...packet });
  decoder.on("decoded", keep);
  try {
    for (const frame of frames) decoder.add(frame);
    return { packets, error: undefined };
  } catch (error) {
    return { packets, error };
  } finally {
    decoder.off("decoded", keep);
  }
}

function assertSameFrames([text, ...attachments], [officialText, ...officialAttachments]) {
  assert.equal(text, officialText);
  assert.equal(attachments.length, officialAttachments.length);
  attachments.forEach((data, index) => assert.equal(data, officialAttachments[index]));
}

/** A packet that the official encoder accepts. */
export function randomPacket(random) {
  const type = random.pick([0, 1, 2, 2, 2, 2, 3, 3, 4]);
  const packet = { type, nsp: random.pick(["/", "/", "/admin", "/a/b-c_1", "/é?x=1"]) };
  if (type === PacketType.CONNECT && random.oneIn(2)) packet.data = randomObject(random, 2);
  if (type === PacketType.CONNECT_ERROR) packet.data = randomObject(random, 2);
  if (type === PacketType.EVENT) packet.data = [randomName(random), ...randomArguments(random)];
  if (type === PacketType.ACK) packet.data = randomArguments(random);
  const hasId = type === PacketType.ACK || (type === PacketType.EVENT && random.oneIn(2));
  if (hasId) packet.id = random.pick([0, 1, 9, 10, 4_294_967_296, 9_007_199_254_740_991]);
  return packet;
}

function randomName(random) {
  if (random.oneIn(10)) return random.below(100);
  const names = ["message", "", "__proto__", "toString", "error", "é", random.text()];
  return random.pick(names);
}

/** At most ten attachments: more are refused by the official decoder. */
function randomArguments(random) {
  const budget = { binaries: 10 };
  return random.list(4, () => randomValue(random, 3, budget));
}

function randomObject(random, depth, budget = { binaries: 0 }) {
  const entries = random.list(4, () => [randomKey(random), randomValue(random, depth - 1, budget)]);
  return Object.fromEntries(entries);
}

/** Beside binary the official encoder takes a key `__proto__` for the prototype: a listed difference. */
const randomKey = (random) => {
  const key = random.pick(["a", "b", "7", "", "toString", "length", random.text()]);
  return key === "__proto__" ? "a" : key;
};

function randomValue(random, depth, budget) {
  if (depth > 0 && random.oneIn(2)) return randomNested(random, depth, budget);
  return randomLeaf(random, budget);
}

function randomLeaf(random, budget) {
  if (budget.binaries === 0 || !random.oneIn(4)) return random.pick(leaves)(random);
  budget.binaries -= 1;
  return randomBinary(random);
}

const leaves = [
  (random) => random.text(),
  (random) => random.below(1_000) - 500,
  (random) => random.next() * 10 ** (random.below(600) - 300),
  () => 2 ** 53 + 2,
  () => -0,
  () => NaN,
  () => null,
  () => undefined,
  () => true,
  (random) => new Date(random.below(2 ** 31)),
  () => new Map([[1, 2]]),
  () => () => {},
  () => ({ _placeholder: false, num: 0 }),
];

function randomNested(random, depth, budget) {
  const inner = () => randomValue(random, depth - 1, budget);
  return random.pick([
    () => random.list(4, inner),
    () => randomObject(random, depth, budget),
    () => {
      const json = random.pick([() => random.list(4, inner), () => randomLeaf(random, budget)])();
      // What has a toJSON of its own is one of the listed differences.
      return { hidden: 1, toJSON: () => (json instanceof Date ? json.getTime() : json) };
    },
  ])();
}
