/** The area about sent events and requests. */
import { bundle, measureIn, openPage } from "../support/browser.mjs";

const cases = [
  { case: "emit", workload: {}, goal: { ratio: 1.4 } },
  { case: "request, one at a time", workload: { inFlight: 1 }, goal: { ratio: 1.3 } },
  { case: "request, 1,000 at a time", workload: { inFlight: 1_000 }, goal: { ratio: 1.3 } },
  {
    case: "request with a time limit, one at a time",
    workload: { inFlight: 1, timeout: true },
    goal: { ratio: 2.5 },
  },
  {
    case: "request with a time limit, 1,000 at a time",
    workload: { inFlight: 1_000, timeout: true },
    goal: { ratio: 2.5 },
  },
];

export const emit = {
  title: "Sent events of 200 B, and requests until their answers",
  notes: [
    "Ours always have a time limit of 10 s; those of socket.io-client have none, or one of 5 s.",
  ],
  columns: { reference: "socket.io-client" },
  async measure({ browser, timing }) {
    const page = await openPage(browser, await bundle("emit.js"));
    const rows = [];
    for (const { workload, ...row } of cases) {
      rows.push({ ...row, unit: "µs", ...(await measureIn(page, workload, timing)) });
    }
    await page.context().close();
    return rows;
  },
};
