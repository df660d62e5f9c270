/**
 * The packed package in applications as people build them: `npm run test:packaging [-- --all | <name> ...]`.
 *
 * Without names the quick consumers run. `--keep <folder>` keeps what was installed and built, and
 * installs only what has changed when it is run again.
 */
import path from "node:path";
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { inRoot } from "../../tools/lib/paths.mjs";
import { record } from "../../tools/lib/records.mjs";
import { Failure, announce, dim, main, printTable, red, since } from "../../tools/lib/report.mjs";
import { readConsumers } from "./support/consumers.mjs";
import { makeWorkshop, take } from "./support/install.mjs";
import { needTarball, newBrowser, runConsumer } from "./support/runConsumer.mjs";

/** What those without names may take: a machine that does something else besides takes longer, which proves nothing. */
const quickSeconds = 480;

const resultsFile = inRoot("target/packaging/results.json");

main(async (args) => {
  const start = performance.now();
  const { consumers, keep, isQuick } = await parse(args);
  announce(`Packaging: ${consumers.map(({ name }) => name).join(", ")}`, "installs from npm");
  const tarball = await needTarball();
  const workshop = makeWorkshop(keep);
  take(tarball, workshop);
  const browser = await newBrowser();
  const results = [];
  try {
    for (const [index, consumer] of consumers.entries()) {
      announce(`${index + 1}/${consumers.length} ${consumer.name}`);
      const found = await runConsumer(consumer, { workshop, browser, told: tell });
      note(consumer, found);
      results.push(...found);
    }
    record("engines", "Chromium", { passed: true, version: browser.version() });
  } finally {
    await browser.close();
    workshop.remove();
  }
  const code = report(results, start);
  if (isQuick) compareWithBound((performance.now() - start) / 1_000);
  return code;
});

function compareWithBound(seconds) {
  const is = seconds <= quickSeconds ? dim("within") : red("over");
  console.log(
    `${is} the ${quickSeconds} s that the quick ones may take together: ${Math.round(seconds)} s`,
  );
}

async function parse(args) {
  const options = { all: { type: "boolean", default: false }, keep: { type: "string" } };
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const all = await readConsumers();
  const unknown = positionals.filter((name) => all.every((consumer) => consumer.name !== name));
  if (unknown.length > 0) {
    const names = all.map(({ name }) => name).join(" ");
    throw new Failure(`no such consumer: ${unknown.join(" ")}`, `one of: ${names}`);
  }
  const isChosen = ({ name, quick }) =>
    positionals.length > 0 ? positionals.includes(name) : values.all || quick;
  const isQuick = positionals.length === 0 && !values.all;
  return {
    consumers: all.filter(isChosen),
    keep: values.keep && path.resolve(values.keep),
    isQuick,
  };
}

/** For `npm run support`. */
function note({ name }, results) {
  const shipped = results.map((result) => [result.mode, result.shipped]);
  record("applications", name, {
    passed: results.every((result) => result.passed),
    tools: results.at(-1).tools,
    shipped: Object.fromEntries(shipped),
  });
}

function tell({ mode, passed, seconds, problem, output, remedy }) {
  console.log(`  ${passed ? "ok    " : red("FAILED")} ${mode} ${dim(`${seconds} s`)}`);
  if (passed) return;
  console.log(problem);
  if (output) console.log(dim(output.slice(-4_000)));
  if (remedy) console.log(`  to mend it: ${remedy}`);
}

function report(results, start) {
  mkdirSync(path.dirname(resultsFile), { recursive: true });
  const short = (key, value) => (key === "output" ? undefined : value);
  writeFileSync(resultsFile, `${JSON.stringify(results, short, 2)}\n`);
  console.log();
  const header = ["consumer", "mode", "with", "initial", "gzip", "lazy", "gzip", "s", ""];
  printTable(header, results.map(row), [3, 4, 5, 6, 7]);
  const passed = results.filter((result) => result.passed).length;
  console.log(`${passed} passed, ${results.length - passed} failed, in ${since(start)}`);
  return passed === results.length ? 0 : 1;
}

function row({ consumer, mode, tools, shipped, seconds, passed }) {
  const versions = Object.entries(tools).map((pair) => pair.join(" "));
  const sizes = ["initial", "lazy"].flatMap((when) =>
    shipped ? [shipped[when].raw, shipped[when].gzip] : ["", ""],
  );
  return [consumer, mode, versions.join(", "), ...sizes, seconds, passed ? "" : red("FAILED")];
}
