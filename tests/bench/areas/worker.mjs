/** The area about the core in a worker: how busy the main thread is, and what the way there and back takes. */
import { bundle, goto, measureIn, newPage } from "../support/browser.mjs";
import { busyPart } from "../support/busy.mjs";
import { startServer } from "../server/socketIo.mjs";
import { quantile } from "../support/statistics.mjs";

const clients = ["worker", "page", "reference"];
const listeners = ["shared", ...clients];
const places = { shared: "in a shared worker", worker: "in a worker", page: "in the page" };
const ways = { plain: "a plain listener", conflated: "conflated per frame" };
const lengths = {
  full: { rounds: 5, seconds: 2, requests: 300, events: 1_000 },
  quick: { rounds: 1, seconds: 0.1, requests: 5, events: 5 },
};

export const worker = {
  title: "The core in a worker: quotes that nothing is shown of",
  notes: [
    "How much of the time the page's main thread is busy; socket.io-client conflates by a Map and a frame, as its",
    "users write it. Round trips and events one after the other, with nothing else to do; an event's time has in it that of",
    "another client of the page, of socket.io-client, which has the server send it.",
  ],
  columns: { reference: "socket.io-client" },
  async measure({ browser, quick }) {
    const server = await startServer(await bundle("worker.js"), await bundle("socketWorker.js"));
    const length = lengths[quick ? "quick" : "full"];
    try {
      const rows = [];
      for (const perSecond of [1_000, 10_000]) {
        for (const way of Object.keys(ways)) {
          const figures = await inTurn(clients, length.rounds, (name) =>
            busyPart(browser, server.url, length.seconds, name, "listen", way, perSecond),
          );
          rows.push(...toBusyRows(perSecond, way, figures));
        }
      }
      const trips = await inTurn(clients, length.rounds, (name) =>
        timesOf(browser, server.url, name, "roundTrips", length.requests),
      );
      const events = await inTurn(listeners, length.rounds, (name) =>
        timesOf(browser, server.url, name, "events", length.events),
      );
      return [...rows, toTripRow(trips), ...toEventRows(events)];
    } finally {
      await server.stop();
    }
  },
};

/** Each client in each round, in another order each time. */
async function inTurn(names, rounds, measure) {
  const figures = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      figures[name].push(await measure(name));
    }
  }
  return figures;
}

async function timesOf(browser, url, name, what, count) {
  const page = await newPage(browser);
  await goto(page, url);
  const times = await measureIn(page, name, what, count);
  await page.context().close();
  return times;
}

const quantilesOf = (rounds, at) => rounds.map((times) => quantile(times, at));

const toPercent = (parts) => parts.map((part) => 100 * part);

const toBusyRows = (perSecond, way, { reference, ...ours }) =>
  Object.entries(ours).map(([name, parts]) => ({
    case: `${perSecond.toLocaleString("en")} events/s, ${ways[way]}, ${places[name]}`,
    unit: "%",
    ours: toPercent(parts),
    reference: toPercent(reference),
    ...(name === "worker" && way === "conflated" && { goal: { ratio: 10 } }),
  }));

/** What the worker adds to the page's own. */
function toTripRow({ worker, page }) {
  const [inWorker, inPage] = [quantilesOf(worker, 0.5), quantilesOf(page, 0.5)];
  return {
    case: "a worker's part of a round trip, p50",
    unit: "ms",
    ours: inWorker.map((time, round) => time - inPage[round]),
    goal: { most: 1 },
  };
}

/** How much later an event comes than with socket.io-client is what counts. */
const toEventRows = ({ reference, ...ours }) =>
  Object.entries(ours).flatMap(([name, rounds]) =>
    [0.5, 0.99].map((at) => ({
      case: `an event until its listener, p${at * 100}, ${places[name]}`,
      unit: "ms",
      ours: quantilesOf(rounds, at),
      reference: quantilesOf(reference, at),
      ...(at === 0.5 && { goal: { later: 1 } }),
    })),
  );
