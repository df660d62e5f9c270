/** The area about many tabs of one application: how many connections the server has, and what memory they take. */
import { setTimeout as pass } from "node:timers/promises";
import { bundle, bundleInChunks, goto, launch, measureIn } from "../support/browser.mjs";
import { startServer } from "../server/socketIo.mjs";
import { collectGarbage, rendererMemory } from "../support/renderers.mjs";

const places = { page: "in the page", worker: "in a worker each", shared: "in a shared worker" };
const ways = ["nothing", ...Object.keys(places), "reference"];
const lengths = {
  full: { rounds: 3, tabs: 10, seconds: 2 },
  quick: { rounds: 1, tabs: 2, seconds: 0.1 },
};

export const tabs = {
  title: "Many tabs of one application",
  notes: [
    "Memory of all processes that run pages and workers, beyond that of as many tabs without a client. Each way has a",
    "browser of its own.",
  ],
  columns: { reference: "socket.io-client" },
  async measure({ quick }) {
    const { "tabs.js": script, ...chunks } = await bundleInChunks("tabs.js");
    const server = await startServer(script, await bundle("socketWorker.js"), chunks);
    const length = lengths[quick ? "quick" : "full"];
    const figures = Object.fromEntries(ways.map((way) => [way, []]));
    try {
      for (let round = 0; round < length.rounds; round++) {
        for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
          figures[way].push(await openTabs(server.url, way, length));
        }
      }
    } finally {
      await server.stop();
    }
    return toRows(figures, length.tabs);
  },
};

/** In a browser of its own, so that no process has anything of the way before. */
async function openTabs(url, way, { tabs, seconds }) {
  const browser = await launch();
  try {
    const context = await browser.newContext();
    const pages = [];
    while (pages.length < tabs) {
      const page = await context.newPage();
      page.on("pageerror", (error) => console.error(error));
      await goto(page, url);
      await measureIn(page, "connect", way);
      pages.push(page);
    }
    const connections = way === "nothing" ? 0 : await measureIn(pages[0], "connections");
    return { connections, kB: await settledMemory(browser, pages, seconds) };
  } finally {
    await browser.close();
  }
}

/** What is left when what began with the connections has ended, and what collections let go of is given back. */
async function settledMemory(browser, pages, seconds) {
  let least = Infinity;
  for (;;) {
    await pass(seconds * 1_000);
    await collectGarbage(pages);
    const memory = await rendererMemory(browser);
    if (memory > 0.99 * least) return Math.min(memory, least);
    least = memory;
  }
}

function toRows({ nothing, reference, ...ours }, tabs) {
  const memory = (figures) => figures.map(({ kB }, round) => (kB - nothing[round].kB) / 1_000);
  const count = (figures) => figures.map(({ connections }) => connections);
  return Object.entries(places).flatMap(([way, place]) => [
    {
      ...{ case: `${tabs} tabs, the core ${place}: connections`, unit: "connections" },
      ...{ ours: count(ours[way]), reference: count(reference) },
      ...(way === "shared" && { goal: { most: 1 } }),
    },
    {
      ...{ case: `${tabs} tabs, the core ${place}: memory`, unit: "MB" },
      ...{ ours: memory(ours[way]), reference: memory(reference) },
    },
  ]);
}
