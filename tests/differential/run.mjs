/**
 * The formats of the built package against the official parsers, with random packets:
 * `npm run test:differential [-- --seed <n>] [--count <n>]`.
 *
 * The same seed makes the same packets. Differences that are not listed in `differences.mjs` fail.
 */
import { parseArgs } from "node:util";
import { Failure, main, printTable } from "../../tools/lib/report.mjs";
import { needPackage } from "../browser/support/runner.mjs";
import { exchangeOverWebSocket, receiveOverPolling, sendOverPolling } from "./engineio.mjs";
import { loadCore, loadParser } from "./package.mjs";
import { receiveBrokenPayloads } from "./payloads.mjs";
import { Random } from "./random.mjs";
import { decodeMutated, encodeAndDecode } from "./socketio.mjs";

main(async (args) => {
  const { seed, count } = parse(args);
  await needPackage();
  const [core, parser] = [await loadCore(), await loadParser()];
  console.log(`seed ${seed}, ${count} packets each`);
  const next = () => new Random(seed);
  encodeAndDecode(parser, next(), count);
  console.log("Socket.IO: the same frames, the same packets");
  print("Socket.IO", decodeMutated(parser, next(), count), count);
  exchangeOverWebSocket(core, next(), count, false);
  exchangeOverWebSocket(core, next(), count, true);
  await receiveOverPolling(core, next(), count);
  await sendOverPolling(core, next(), count);
  console.log("Engine.IO: the same frames and payloads, the same messages");
  // Each of them has a session of its own.
  const payloads = Math.ceil(count / 10);
  print("Engine.IO", await receiveBrokenPayloads(core, next(), payloads), payloads);
});

function parse(args) {
  const options = {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "100000" },
  };
  const { values } = parseArgs({ args, options });
  const [seed, count] = [Number(values.seed), Number(values.count)];
  if (Number.isInteger(seed) && Number.isInteger(count) && count > 0) return { seed, count };
  throw new Failure("seed and count are whole numbers", "for example: --seed 7 --count 1000");
}

function print(protocol, differences, count) {
  console.log(`${protocol}: of ${count} that may break the rules, these differ as is documented:`);
  const rows = [...differences].toSorted(([, a], [, b]) => b - a);
  printTable(
    ["times", "difference"],
    rows.map(([name, times]) => [times, name]),
    [0],
  );
}
