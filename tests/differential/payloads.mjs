/** Engine.IO payloads that break the rules: the core's engine, and what the official client does. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { decodePayload } from "engine.io-parser";
import { payloadDifferenceIn } from "./differences.mjs";
import * as engineio from "./engineio.mjs";
import { mutate } from "./frames.mjs";

/** Payloads that may break the rules mean the same, or differ in a way that is listed. */
export async function receiveBrokenPayloads(core, random, count) {
  const seen = new Map();
  for (let done = 0; done < count; done += 1) {
    const payload = brokenPayload(random);
    const [ours, theirs] = [await outcomeOf(core, payload), officialOutcome(payload)];
    if (isDeepStrictEqual(ours, theirs)) continue;
    const difference = payloadDifferenceIn(payload.split(engineio.SEPARATOR), ours, theirs);
    assert.ok(difference, `not listed: ${JSON.stringify({ payload, ours, theirs })}`);
    seen.set(difference, (seen.get(difference) ?? 0) + 1);
  }
  return seen;
}

function brokenPayload(random) {
  const messages = [
    engineio.randomData(random),
    ...random.list(2, () => engineio.randomData(random)),
  ];
  const packets = engineio.officialPayload(messages).split(engineio.SEPARATOR);
  const more = random.list(2, () => random.pick(packetsOfOtherTypes));
  const mutated = [...packets, ...more].map((packet) =>
    random.oneIn(3) ? mutate(random, packet) : packet,
  );
  return mutated.join(engineio.SEPARATOR);
}

const packetsOfOtherTypes = [
  ...[
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "9",
    "",
    "b",
    "b=",
    "bAA",
    "bA-_A",
    "2probe",
    "3probe",
  ],
  ...["6x", "1x", engineio.openPacket],
];

async function outcomeOf(core, payload) {
  const server = new engineio.PollingServer();
  const transports = { transports: ["polling"], fetch: server.fetch };
  const { seen, close } = engineio.open(core, transports);
  await server.send(engineio.openPacket);
  await server.sendLast(payload);
  await setImmediate(); // by then all promises have been kept
  close();
  return { messages: seen.messages.map(engineio.toComparable), end: seen.closed };
}

/** What the official client makes of a payload: it passes over types that mean nothing to it. */
function officialOutcome(payload) {
  const messages = [];
  for (const { type, data = "" } of decodePayload(payload, "arraybuffer")) {
    if (type === "error") return { messages, end: "parse_error" };
    if (type === "close") return { messages, end: "server_close" };
    if (type === "message") messages.push(engineio.toComparable(data));
  }
  return { messages, end: undefined };
}
