/** The area about the core in a worker: how busy the main thread is, and what the way there and back takes. */
import { bundle, goto, measureIn, newPage } from "../support/browser.mjs";
import { busyPart } from "../support/busy.mjs";
import { startServer } from "../server/socketIo.mjs";
import { quantile } from "../support/statistics.mjs";

const clients = ["worker", "page", "reference"];
const places = { worker: "in a worker", page: "in the page" };
const ways = { plain: "a plain listener", conflated: "conflated per frame" };
const lengths = {
  full: { rounds: 5, seconds: 2, requests: 300 },
  quick: { rounds: 1, seconds: 0.1, requests: 5 },
};

export const worker = {
  title: "The core in a worker: quotes that nothing is shown of",
  notes: [
    "How much of the time the page's main thread is busy; socket.io-client conflates by a Map and a frame, as its",
    "users write it. Round trips one after the other, with nothing else to do.",
  ],
  columns: { reference: "socket.io-client" },
  async measure({ browser, quick }) {
    const server = await startServer(await bundle("worker.js"), await bundle("socketWorker.js"));
    const length = lengths[quick ? "quick" : "full"];
    try {
      const rows = [];
      for (const perSecond of [1_000, 10_000]) {
        for (const way of Object.keys(ways)) {
          const figures = await inTurn(length.rounds, (name) =>
            busyPart(browser, server.url, length.seconds, name, "listen", way, perSecond),
          );
          rows.push(...toBusyRows(perSecond, way, figures));
        }
      }
      const trips = await inTurn(length.rounds, (name) =>
        halfOfRoundTrips(browser, server.url, name, length.requests),
      );
      return [...rows, toTripRow(trips)];
    } finally {
      await server.stop();
    }
  },
};

/** Each client in each round, in another order each time. */
async function inTurn(rounds, measure) {
  const figures = Object.fromEntries(clients.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? clients : clients.toReversed()) {
      figures[name].push(await measure(name));
    }
  }
  return figures;
}

async function halfOfRoundTrips(browser, url, name, requests) {
  const page = await newPage(browser);
  await goto(page, url);
  const times = await measureIn(page, name, "roundTrips", requests);
  await page.context().close();
  return quantile(times, 0.5);
}

const toPercent = (parts) => parts.map((part) => 100 * part);

const toBusyRows = (perSecond, way, { reference, ...ours }) =>
  Object.entries(places).map(([name, place]) => ({
    case: `${perSecond.toLocaleString("en")} events/s, ${ways[way]}, ${place}`,
    unit: "%",
    ours: toPercent(ours[name]),
    reference: toPercent(reference),
    ...(name === "worker" && way === "conflated" && { goal: { ratio: 10 } }),
  }));

/** What the worker adds to the page's own. */
const toTripRow = ({ worker, page }) => ({
  case: "a worker's part of a round trip, p50",
  unit: "ms",
  ours: worker.map((time, round) => time - page[round]),
  goal: { most: 1 },
});
