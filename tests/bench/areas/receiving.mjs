/** The areas about received events: with de-duplication, without, and those that nobody listens to. */
import { bundle, measureIn, openPage } from "../support/browser.mjs";

const sizes = [
  { name: "137 B", bytes: 137 },
  { name: "1.1 kB", bytes: 1_100 },
  { name: "20 kB", bytes: 20_000 },
];
const objects = [
  { name: "1.1 kB of objects", bytes: 1_100, content: "objects" },
  { name: "20 kB of objects", bytes: 20_000, content: "objects" },
];

/** Measures each case in one page; `toRows` makes rows of the figures. */
const measureCases = (cases, toRows) =>
  async function measure({ browser, timing }) {
    const page = await openPage(browser, await bundle("receive.js"));
    const rows = [];
    for (const { name, ...workload } of cases) {
      rows.push(...toRows(name, await measureIn(page, workload, timing)));
    }
    await page.context().close();
    return rows;
  };

/** How much more than parsing it costs to receive an event, round by round. */
const above = ({ floor }, figures) => figures.map((figure, at) => figure - floor[at]);

const againstFloor = (goals, most) => (name, figures) => {
  const row = { case: name, unit: "µs", ...figures };
  const parts = {
    ours: above(figures, figures.ours),
    reference: above(figures, figures.reference),
  };
  const rest = { case: `${name}, above JSON.parse`, unit: "µs", ...parts };
  return [
    goals[name] ? { ...row, goal: { ratio: goals[name] } } : row,
    { ...rest, goal: { most } },
  ];
};

export const dedup = {
  title: "Received events of which each is delivered only the first time",
  notes: [
    "The option `dedup` with the events' ids; a hand-written Set of 4,096 ids in a listener.",
  ],
  columns: { reference: "socket.io-client + Set", floor: "JSON.parse alone" },
  measure: measureCases(
    sizes.map((size) => ({ ...size, once: true })),
    againstFloor({ "137 B": 2, "1.1 kB": 2, "20 kB": 1.1 }, 0.3),
  ),
};

export const receive = {
  title: "Received events with one listener",
  columns: { reference: "socket.io-client", floor: "JSON.parse alone" },
  measure: measureCases([...sizes, ...objects], againstFloor({ "137 B": 1.5 }, 0.2)),
};

export const unheard = {
  title: "Received events that nobody listens to",
  columns: { reference: "socket.io-client" },
  measure: measureCases(
    sizes.map((size) => ({ ...size, unheard: true })),
    (name, { ours, reference }) => [
      { case: name, unit: "µs", ours, reference, goal: { ratio: 8 } },
    ],
  ),
};

const fanned = [
  ...[1, 10, 100].map((listeners) => ({ name: `listeners: ${listeners}`, listeners })),
  ...[1, 10, 100].map((namespaces) => ({ name: `namespaces: ${namespaces}`, namespaces })),
  ...[1, 100, 10_000].map((names) => ({ name: `event names: ${names}`, names })),
].map((workload) => ({ bytes: 160, ...workload }));

export const fanout = {
  title: "Received events of 160 B among many listeners, namespaces and names",
  notes: ["The events come in all namespaces, and with all names, in turn."],
  columns: { reference: "socket.io-client", floor: "JSON.parse alone" },
  async measure(context) {
    const toRow = (name, figures) => [{ case: name, unit: "µs", ...figures }];
    const rows = await measureCases(fanned, toRow)(context);
    return [...rows, growth(rows, "namespaces", 100), growth(rows, "event names", 10_000)];
  },
};

/** How many times as much an event costs with many as with one. */
function growth(rows, kind, many) {
  const figures = (count) => rows.find((row) => row.case === `${kind}: ${count}`);
  const [one, all] = [figures(1), figures(many)];
  const grown = (who) => all[who].map((figure, at) => figure / one[who][at]);
  const ratio = { unit: "×", ours: grown("ours"), reference: grown("reference") };
  return { case: `${kind}: ${many} against 1`, ...ratio };
}
