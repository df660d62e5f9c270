/** The area about a table of quotes: how busy the main thread is. */
import { bundle } from "../support/browser.mjs";
import { busyPart } from "../support/busy.mjs";
import { startServer } from "../server/socketIo.mjs";

const clients = ["ours", "reference"];
const lengths = { full: { rounds: 5, seconds: 2 }, quick: { rounds: 1, seconds: 0.1 } };

export const quotes = {
  title: "10,000 quotes per second in a table of 500 rows with React",
  notes: [
    "How much of the time the main thread is busy. Ours conflates or buffers per frame; socket.io-client",
    "calls setState for each event, which has one quote or ten.",
  ],
  columns: { reference: "socket.io-client" },
  async measure({ browser, quick }) {
    const server = await startServer(await bundle("quotes.js"));
    try {
      const rows = [];
      for (const perEvent of [1, 10]) {
        const figures = { ours: [], reference: [] };
        const { rounds, seconds } = lengths[quick ? "quick" : "full"];
        for (let round = 0; round < rounds; round++) {
          for (const name of round % 2 === 0 ? clients : clients.toReversed()) {
            const flow = { perSecond: 10_000, perEvent };
            const part = await busyPart(browser, server.url, seconds, name, flow);
            figures[name].push(100 * part);
          }
        }
        const name = `events with ${perEvent} quote${perEvent === 1 ? "" : "s"}`;
        rows.push({ case: name, unit: "%", ...figures, goal: { ratio: 4 } });
      }
      return rows;
    } finally {
      await server.stop();
    }
  },
};
