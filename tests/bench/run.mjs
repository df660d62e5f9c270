/**
 * `npm run bench`: Sockeye and socket.io-client side by side, in Chromium, in one run.
 *
 * Machines are noisy: read the ratio of the medians and their spread, not the microseconds.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { chromiumArguments, chromiumPath } from "../../tools/chromium.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const output = path.join(here, "../../target/bench");

const rounds = 5;
const warmups = 2;
/**
 * What a frame holds decides how much of the time is `JSON.parse`, which both pay. `once` is with
 * de-duplication by the events' ids: the option `dedup` against a bounded `Set` in a listener.
 */
const cases = [
  { name: "137 B", frame: { bytes: 137, content: "text" }, events: 50_000 },
  { name: "1.1 kB", frame: { bytes: 1_100, content: "text" }, events: 40_000 },
  { name: "20 kB", frame: { bytes: 20_000, content: "text" }, events: 20_000 },
  { name: "1.1 kB of objects", frame: { bytes: 1_100, content: "objects" }, events: 10_000 },
  { name: "20 kB of objects", frame: { bytes: 20_000, content: "objects" }, events: 2_000 },
  { name: "137 B, once", frame: { bytes: 137, content: "text" }, events: 50_000, once: true },
  { name: "1.1 kB, once", frame: { bytes: 1_100, content: "text" }, events: 40_000, once: true },
];

const browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumArguments });
try {
  const page = await openPage(browser);
  const rows = [];
  for (const { name, ...workload } of cases) {
    process.stderr.write(`receive ${name} ...\n`);
    const figures = await page.evaluate((o) => globalThis.bench.measureReceive(o), {
      ...workload,
      rounds,
      warmups,
    });
    rows.push({ name, ...figures });
  }
  report(rows);
} finally {
  await browser.close();
}

async function openPage(browser) {
  const script = await build({
    entryPoints: [path.join(here, "page.js")],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
    logLevel: "warning",
  });
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.route("http://bench.test/**", (route) =>
    route.request().url().endsWith(".js")
      ? route.fulfill({ contentType: "text/javascript", body: script.outputFiles[0].text })
      : route.fulfill({
          contentType: "text/html",
          body: '<script type="module" src="/page.js"></script>',
        }),
  );
  await page.goto("http://bench.test/");
  await page.waitForFunction(() => "bench" in globalThis);
  return page;
}

function report(rows) {
  console.log("Time per received event with one listener, real MessageEvent objects; once: with");
  console.log(
    "de-duplication by id, by the option `dedup` and by a hand-written Set of 4,096 ids;",
  );
  console.log(`median of ${rounds} (lowest to highest), in µs:\n`);
  console.table(Object.fromEntries(rows.map((row) => [row.name, toCells(row)])));
  mkdirSync(output, { recursive: true });
  writeFileSync(path.join(output, "receive.json"), JSON.stringify(rows.map(toResult), null, 2));
}

function toCells({ floor, ours, reference }) {
  return {
    "JSON.parse alone": describe(floor),
    Sockeye: describe(ours),
    "socket.io-client": describe(reference),
    "times as fast": (median(reference) / median(ours)).toFixed(2),
  };
}

function toResult({ name, ours, reference }) {
  const [a, b] = [median(ours), median(reference)];
  return {
    case: `receive ${name}`,
    unit: "µs",
    ours: round(a),
    reference: round(b),
    ratio: round(b / a),
    spread: round(Math.max(spread(ours), spread(reference))),
  };
}

function median(figures) {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)];
}

/** The range of the figures as a part of their median. */
function spread(figures) {
  return (Math.max(...figures) - Math.min(...figures)) / median(figures);
}

function round(number) {
  return Math.round(number * 1_000) / 1_000;
}

function describe(figures) {
  const [low, middle, high] = [Math.min(...figures), median(figures), Math.max(...figures)];
  return `${middle.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}
