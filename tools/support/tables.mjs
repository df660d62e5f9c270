/** The tables of `docs/support.md`: what there is to try, and what the tests have recorded of it. */
import { readFileSync } from "node:fs";
import { readConsumers } from "../../tests/packaging/support/consumers.mjs";
import { inRoot } from "../lib/paths.mjs";
import { recorded } from "../lib/records.mjs";
import { Failure } from "../lib/report.mjs";

const consumers = "tests/packaging/consumers";

/** What the engines are tried by. Their order is that of the table. */
const engines = {
  Chromium: "everything: the tests in browsers, and all applications",
  Firefox: "loading, connections, the store, tabs",
  WebKitGTK: "loading, connections, the store, tabs",
};

/**
 * Returns the tables. A subject has its `name`, the `facts` that its rows must tell, and `newRows()` if it was
 * tried in this clone.
 */
export async function readTables() {
  const applications = await readConsumers();
  return [
    {
      title: "Applications",
      header: ["application", "with", "how", "tried"],
      subjects: applications.map(application),
    },
    {
      title: "What they ship",
      header: ["application", "build", "#at once", "#gzip", "#later", "#gzip", "tried"],
      subjects: applications.filter(isMeasured).map(shipping),
    },
    {
      title: "Browsers",
      header: ["engine", "version", "what runs in it", "tried"],
      subjects: Object.keys(engines).map(engine),
    },
    {
      title: "TypeScript",
      header: ["TypeScript", "tried"],
      subjects: compilers().map(compiler),
    },
  ];
}

function application({ name, tools, modes, pinned }) {
  const facts = tools.filter((tool) => pinned[tool]).map((tool) => `${tool} ${pinned[tool]}`);
  return subject("applications", name, [...facts, Object.keys(modes).join("; ")], (record) => {
    const versions = Object.entries(record.tools).map((pair) => pair.join(" "));
    return [[versions.join(", ") || "a browser", Object.keys(modes).join("; ")]];
  });
}

function shipping({ name, modes }) {
  const measured = Object.keys(modes).filter((mode) => isCounted(modes[mode]));
  return subject("applications", name, measured, ({ shipped }) =>
    measured.map((mode) => {
      const { initial, lazy } = shipped[mode];
      return [mode, ...[initial.raw, initial.gzip, lazy.raw, lazy.gzip].map(inWords)];
    }),
  );
}

const isCounted = ({ build, countsBytes, run, checkOnly }) =>
  !run && !checkOnly && Boolean(build ?? countsBytes);
const isMeasured = ({ modes }) => Object.values(modes).some(isCounted);

const engine = (name) =>
  subject("engines", name, [engines[name]], ({ version }) => [[version, engines[name]]]);

const compiler = (version) => subject("compilers", version, [version], () => [[]]);

function compilers() {
  const manifest = JSON.parse(readFileSync(inRoot("tests/types/package.json"), "utf8"));
  return Object.values(manifest.devDependencies).map((wanted) => wanted.split("@").at(-1));
}

/** Each row begins with the name and ends with the day. */
function subject(kind, name, facts, cellsOf) {
  const first = kind === "applications" ? `[${name}](../${consumers}/${name})` : name;
  const newRows = () => {
    const record = recorded(kind, name);
    if (record && !record.passed) throw new Failure(`${name} failed when it was tried last`);
    return record && cellsOf(record).map((cells) => [first, ...cells, record.date]);
  };
  return { name, facts, newRows };
}

const inWords = (bytes) => bytes.toLocaleString("en");
