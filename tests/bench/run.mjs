/**
 * `npm run bench [-- <area> ...] [--quick] [--chart]`: Sockeye and socket.io-client side by side, in Chromium,
 * in one run. Results go to `target/bench/<area>.json`; `--chart` draws the charts of the docs of them,
 * and measures nothing.
 *
 * Machines are noisy: read the ratios and their spread, not the microseconds. Nothing is asserted about
 * times; an area that cannot be measured fails.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { inRoot } from "../../tools/lib/paths.mjs";
import { Failure, main } from "../../tools/lib/report.mjs";
import { needPackage } from "../browser/support/runner.mjs";
import { areas } from "./areas/index.mjs";
import { launch } from "./support/browser.mjs";
import { drawChart } from "./support/chart.mjs";
import { drawHerd } from "./support/herdChart.mjs";
import { print, save } from "./support/report.mjs";

/** How often and how long is measured; `--quick` only shows that everything works. */
const timings = {
  full: { rounds: 15, batchMs: 30, warmUpMs: 250, messages: 8_192 },
  quick: { rounds: 1, batchMs: 0.1, warmUpMs: 0, messages: 1_000 },
};

const charts = { "docs/performance.svg": drawChart, "docs/herd.svg": drawHerd };

main(async (args) => {
  const options = {
    quick: { type: "boolean", default: false },
    chart: { type: "boolean", default: false },
    output: { type: "string", default: inRoot("target/bench") },
  };
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const chosen = choose(positionals);
  if (values.chart) {
    for (const [file, draw] of Object.entries(charts)) {
      writeFileSync(inRoot(file), draw(values.output));
    }
    return;
  }
  await needPackage();
  const browser = await launch();
  try {
    const { quick } = values;
    const timing = timings[quick ? "quick" : "full"];
    const context = { browser, quick, timing, output: values.output };
    for (const name of chosen) {
      process.stderr.write(`measuring ${name} ...\n`);
      const rows = await areas[name].measure(context);
      print(areas[name], rows);
      save(values.output, name, rows);
    }
  } finally {
    await browser.close();
  }
});

function choose(names) {
  const unknown = names.filter((name) => !(name in areas));
  if (unknown.length === 0) return names.length > 0 ? names : Object.keys(areas);
  throw new Failure(`no such area: ${unknown}`, `one of: ${Object.keys(areas).join(" ")}`);
}
