/** The area about the start: from the import to the connection and the first event, and what it blocks. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { Server } from "socket.io";
import { installedPackage } from "../../../tools/lib/paths.mjs";
import { listen } from "../../browser/support/listen.mjs";
import { bundleInChunks, goto, measureIn, newPage } from "../support/browser.mjs";

const entries = ["startLazy", "startUrl", "startReference"];
const names = { startLazy: "default entry", startUrl: "entry /url" };
const rounds = { full: 9, quick: 1 };
/** The browser keeps what it has compiled of a script when the script has come a few times. */
const WARMING = 3;
/** By how many milliseconds ours may be later; how long its longest task may be. */
const LATER = 10;
const LONGEST = 15;

export const start = {
  title: "Start on this machine: from the import to the connection and to the first event",
  notes: [
    "Cold: nothing in the browser's caches; warm: the scripts, and what was compiled of them. The goal is to be",
    `at most ${LATER} ms later.`,
  ],
  columns: { reference: "socket.io-client" },
  async measure({ browser, quick }) {
    const { url, stop } = await startServer();
    try {
      const figures = Object.fromEntries(entries.map((entry) => [entry, []]));
      for (let round = 0; round < rounds[quick ? "quick" : "full"]; round++) {
        for (const entry of round % 2 === 0 ? entries : entries.toReversed()) {
          figures[entry].push(await visit(browser, url, entry));
        }
      }
      return Object.keys(names).flatMap((entry) =>
        toRows(names[entry], figures[entry], figures.startReference),
      );
    } finally {
      await stop();
    }
  },
};

/** What a page finds on its first visit, and on a later one; each is timed and traced in a context of its own. */
async function visit(browser, url, entry) {
  const cold = {
    ...(await timed(browser, url, entry)),
    longest: await longest(browser, url, entry),
  };
  const warm = {
    ...(await timed(browser, url, entry, WARMING)),
    longest: await longest(browser, url, entry, WARMING),
  };
  return { cold, warm };
}

const timed = (browser, url, entry, visits) =>
  inContext(browser, url, entry, visits, async (page) => {
    await goto(page, url);
    return measureIn(page, entry);
  });

const longest = (browser, url, entry, visits) =>
  inContext(browser, url, entry, visits, (page) => traced(browser, page, url, entry));

async function inContext(browser, url, entry, visits = 0, use) {
  const page = await newPage(browser);
  for (let time = 0; time < visits; time++) {
    await goto(page, url);
    await measureIn(page, entry);
  }
  const found = await use(page);
  await page.context().close();
  return found;
}

/**
 * The milliseconds of the longest task of the page's main thread while it starts.
 *
 * Tracing takes time itself, so the visit that is traced is none of those that are timed.
 */
async function traced(browser, page, url, entry) {
  const categories = ["toplevel", "blink.user_timing", "disabled-by-default-devtools.timeline"];
  await goto(page, url);
  await browser.startTracing(page, { categories });
  await measureIn(page, entry);
  const { traceEvents } = JSON.parse(String(await browser.stopTracing()));
  const mark = (name) => traceEvents.find((event) => event.name === name);
  const [from, to] = [mark("bench:start"), mark("bench:end")];
  const tasks = traceEvents.filter(
    ({ name, pid, tid, ts, dur }) =>
      name.endsWith("RunTask") &&
      pid === from.pid &&
      tid === from.tid &&
      ts + dur > from.ts &&
      ts < to.ts,
  );
  if (tasks.length === 0) throw new Error("the trace has no tasks");
  return Math.max(...tasks.map(({ dur }) => dur)) / 1_000;
}

function toRows(name, ours, reference) {
  const rows = [];
  for (const state of ["cold", "warm"]) {
    const of = (figure) => ({
      ours: ours.map((visit) => visit[state][figure]),
      reference: reference.map((visit) => visit[state][figure]),
    });
    const row = (what, figure, goal) => ({
      ...{ case: `${name}, ${state}: ${what}`, unit: "ms", ...of(figure), goal },
    });
    rows.push(
      row("connected", "connected", { later: LATER }),
      row("first event", "first", { later: LATER }),
      row("longest task", "longest", { most: LONGEST }),
    );
  }
  return rows;
}

async function startServer() {
  const files = await scripts();
  const { server, url, stop } = await listen((request, response) => {
    const name = path.basename(request.url) || "index.html";
    const file = files.get(name);
    if (!file) return void response.writeHead(404).end();
    const isPage = name === "index.html";
    response.writeHead(200, {
      "content-type": types[path.extname(name)],
      "cache-control": isPage ? "no-store" : "public, max-age=31536000, immutable",
    });
    response.end(file);
  });
  const io = new Server(server, { serveClient: false });
  io.on("connection", (socket) => socket.emit("welcome", { at: "once" }));
  const stopAll = async () => {
    await io.close();
    await stop();
  };
  return { url, stop: stopAll };
}

const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** Bundled as applications bundle them, in chunks. */
async function scripts() {
  const chunks = await bundleInChunks(...["start", ...entries].map((name) => `${name}.js`));
  const files = new Map(Object.entries(chunks));
  files.set("sockeye.wasm", readFileSync(path.join(installedPackage, "dist/sockeye.wasm")));
  const icon = '<link rel="icon" href="data:," />';
  files.set("index.html", `${icon}<script type="module" src="/start.js"></script>`);
  return files;
}
