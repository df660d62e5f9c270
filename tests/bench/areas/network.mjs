/** The area about a real connection to the official server on this machine. */
import { bundle, goto, measureIn, newPage } from "../support/browser.mjs";
import { startServer } from "../server/socketIo.mjs";
import { quantile } from "../support/statistics.mjs";

const clients = ["ours", "reference"];
const lengths = {
  full: { rounds: 9, events: 20_000, requests: 300, perSecond: 2_000 },
  quick: { rounds: 1, events: 100, requests: 5, perSecond: 1_000 },
};

export const network = {
  title: "Over a real WebSocket, from the official server on this machine",
  notes: [
    "Events of about 120 B as fast as they come, and the renderer's processor time for them; requests, one",
    "after the other, while 2,000 events per second come.",
  ],
  columns: { reference: "socket.io-client" },
  async measure({ browser, quick }) {
    const server = await startServer(await bundle("network.js"));
    const pages = {};
    try {
      for (const name of clients) pages[name] = await open(browser, server.url, name);
      return toRows(await measureInTurn(pages, lengths[quick ? "quick" : "full"]));
    } finally {
      for (const { page } of Object.values(pages)) await page.context().close();
      await server.stop();
    }
  },
};

async function open(browser, url, name) {
  const page = await newPage(browser);
  await goto(page, url);
  await measureIn(page, "connect", name);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable");
  return { page, cdp };
}

async function measureInTurn(pages, { rounds, events, requests, perSecond }) {
  const of = () => ({ ours: [], reference: [] });
  const figures = { throughput: of(), processor: of(), half: of(), slowest: of() };
  for (const name of clients) await measureIn(pages[name].page, "burst", events);
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? clients : clients.toReversed()) {
      const { page, cdp } = pages[name];
      const before = await processorTime(cdp);
      const elapsed = await measureIn(page, "burst", events);
      const used = (await processorTime(cdp)) - before;
      figures.throughput[name].push(events / elapsed);
      figures.processor[name].push((used * 1e6) / events);
      const times = await measureIn(page, "roundTrips", requests, perSecond);
      figures.half[name].push(quantile(times, 0.5));
      figures.slowest[name].push(quantile(times, 0.99));
    }
  }
  return figures;
}

/** Seconds that all threads of the page's process have used. */
async function processorTime(cdp) {
  const { metrics } = await cdp.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "ProcessTime").value;
}

const toRows = ({ throughput, processor, half, slowest }) =>
  [
    { case: "events per millisecond", unit: "1/ms", ...throughput, more: true },
    { case: "processor time of the renderer per event", unit: "µs", ...processor },
    { case: "round trip, p50", unit: "ms", ...half },
    { case: "round trip, p99", unit: "ms", ...slowest },
  ].map((row) => ({ ...row, goal: { ratio: 1 } }));
