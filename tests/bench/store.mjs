/**
 * The outbox in the browser's database, in Chromium, side by side with the same records written and read
 * by hand: enqueuing, starting again with what a page before has left, and sending it.
 *
 * Disks and machines are noisy: read the ratio of the medians.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { Server } from "socket.io";
import { createServerHelper, memoryStore } from "sockeye-client/server";
import { chromiumArguments, chromiumPath } from "../../tools/chromium.mjs";
import { listen } from "../browser/support/listen.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const output = path.join(here, "../../target/bench");
const count = 10_000;
/** How many are sent: each waits for two transactions and for the server. */
const sent = 1_000;
const rounds = 3;

const script = await bundle();
const { server, url, stop } = await listen(answer);
const io = startServer(server);
// Incognito pages, which are what browsers of tests usually have, keep their databases in memory.
const profile = mkdtempSync(path.join(tmpdir(), "sockeye-bench-"));
process.on("exit", () => rmSync(profile, { recursive: true, force: true }));
const options = { executablePath: chromiumPath(), args: chromiumArguments };
const browser = await chromium.launchPersistentContext(profile, options);
try {
  const figures = { called: [], stored: [], restored: [], drained: [], written: [], read: [] };
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`store, round ${round + 1} of ${rounds} ...\n`);
    for (const [name, figure] of Object.entries(await measure(`round${round}`))) {
      figures[name].push(figure);
    }
  }
  report(figures);
} finally {
  await browser.close();
  await stop();
  await io.close(); // would wait for pages that connect again
  rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

async function measure(name) {
  const scope = { url, name, count };
  const written = await inPage("writeBare", scope);
  const read = await inPage("readBare", scope);
  const { called, stored } = await inPage("enqueue", scope);
  const restored = await inPage("restore", scope);
  const few = { url, name: `${name} to send`, count: sent };
  await inPage("enqueue", few);
  const drained = await inPage("drain", few);
  return { called, stored, restored, drained, written, read };
}

/** In a page of its own, as after a reload. */
async function inPage(measurement, scope) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.goto(url);
  await page.waitForFunction(() => "bench" in globalThis);
  const figure = await page.evaluate(
    ([call, o]) => globalThis.bench[call](o),
    [measurement, scope],
  );
  await page.close();
  return figure;
}

async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [path.join(here, "storePage.js")],
    bundle: true,
    format: "esm",
    target: "es2022",
    write: false,
    logLevel: "warning",
  });
  return outputFiles[0].text;
}

function answer({ url: path }, response) {
  const isScript = path === "/page.js";
  response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
  response.end(
    isScript
      ? script
      : '<link rel="icon" href="data:," /><script type="module" src="/page.js"></script>',
  );
}

function startServer(server) {
  const io = new Server(server);
  const helper = createServerHelper({ store: memoryStore() }).attach(io);
  io.on("connection", (socket) => helper.handle(socket, "save", async () => "saved"));
  return io;
}

function report(figures) {
  const rows = {
    "enqueue, strict": { ours: figures.stored, reference: figures.written },
    "start with them stored": { ours: figures.restored, reference: figures.read },
  };
  console.log(`${count} actions, in Chromium; median of ${rounds} (lowest to highest), in ms:\n`);
  const cells = ({ ours, reference }) => ({
    Sockeye: describe(ours),
    "IndexedDB by hand": describe(reference),
    ratio: (median(ours) / median(reference)).toFixed(2),
  });
  console.table(Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, cells(row)])));
  const perSecond = (figure, of) => Math.round((of * 1_000) / median(figure));
  console.log(
    `${perSecond(figures.stored, count)} enqueued per second; the calls took ${describe(figures.called)} ms.`,
  );
  console.log(
    `${perSecond(figures.drained, sent)} sent, answered and removed per second: ${describe(figures.drained)} ms.`,
  );
  mkdirSync(output, { recursive: true });
  writeFileSync(path.join(output, "store.json"), JSON.stringify(figures, null, 2));
}

function median(figures) {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)];
}

function describe(figures) {
  const [low, middle, high] = [Math.min(...figures), median(figures), Math.max(...figures)];
  return `${middle.toFixed(0)} (${low.toFixed(0)} to ${high.toFixed(0)})`;
}
