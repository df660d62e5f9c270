/**
 * Long runs in real Chromium with a real server: `npm run soak -- <programme> [--count <n>] [--seed <n>]
 * [--minutes <n>]`. Without a programme it says which there are.
 */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { Failure, announce, main, printTable, since } from "../../tools/lib/report.mjs";
import { needPackage } from "../browser/support/runner.mjs";
import { Random } from "../differential/random.mjs";
import { Tally } from "./support/tally.mjs";
import { programmes } from "./programmes/index.mjs";

main(async (args) => {
  const { names, values } = parse(args);
  if (names.length === 0) return help();
  await needPackage();
  let failed = 0;
  for (const name of names) failed += (await passes(name, values)) ? 0 : 1;
  return failed === 0 ? 0 : 1;
});

function parse(args) {
  const options = {
    count: { type: "string" },
    seed: { type: "string" },
    minutes: { type: "string" },
    store: { type: "string" },
    quick: { type: "boolean", default: false },
  };
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const unknown = positionals.filter((name) => !(name in programmes));
  if (unknown.length > 0) {
    throw new Failure(`no such programme: ${unknown}`, `one of: ${Object.keys(programmes)}`);
  }
  const isAll = values.quick && positionals.length === 0;
  return { names: isAll ? quickOnes() : positionals, values };
}

const quickOnes = () =>
  Object.keys(programmes).filter((name) => programmes[name].counts.quick !== undefined);

function help() {
  const row = ([name, { summary, counts, unit }]) => [name, `${counts.full} ${unit}`, summary];
  printTable(["programme", "length", "what happens"], Object.entries(programmes).map(row));
  console.log(`
--count n    so many instead
--minutes n  for programmes that are measured in minutes
--seed n     the choices that are made at random; what happens between them is not repeated exactly
--quick      as short as in npm test: these programmes, or all that are part of it
--store s    memory: what is enqueued is lost with its page, so that kills and crashes have to fail`);
  return 0;
}

async function passes(name, { count, minutes, seed = randomInt(2 ** 31), store, quick }) {
  const { run, counts, unit, summary } = programmes[name];
  const length = Number(count ?? minutes ?? (quick ? (counts.quick ?? 1) : counts.full));
  announce(`${name}: ${summary}`, `${length} ${unit}, seed ${seed}`);
  const start = performance.now();
  const tally = new Tally(name, length, unit);
  const given = { count: length, random: new Random(Number(seed)), store, quick };
  const { done, figures } = await tally.guard(() => run({ ...given, ...tally.callbacks }));
  console.log(`${name} took ${since(start)}`);
  return tally.finish({ done, figures, seed: Number(seed) });
}
