/**
 * What the package was tried with: `npm run support` writes the tables of `docs/support.md` from what the tests
 * have recorded. `-- --check` says whether they name just what there is to try.
 *
 * A row whose test was not run in this clone stays as it is, with its date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { format, resolveConfig } from "prettier";
import { inRoot } from "./lib/paths.mjs";
import { Failure, main } from "./lib/report.mjs";
import { readTable, replaceTable } from "./support/markdown.mjs";
import { readTables } from "./support/tables.mjs";

const file = inRoot("docs/support.md");

main(async (args) => {
  const { values } = parseArgs({ args, options: { check: { type: "boolean", default: false } } });
  const before = readFileSync(file, "utf8");
  const tables = await readTables();
  if (!values.check) {
    const after = tables.reduce(updated, before);
    writeFileSync(file, await format(after, { ...(await resolveConfig(file)), filepath: file }));
  }
  const problems = tables.flatMap((table) => problemsOf(table, readFileSync(file, "utf8")));
  if (problems.length === 0) return;
  throw new Failure(["docs/support.md:", ...problems].join("\n  "), remedy);
});

const remedy = "npm run test:packaging -- --all (or a name), and then: npm run support";

/** Returns the document with the rows of what was tried in this clone, and with the others as they are. */
function updated(document, { title, header, subjects }) {
  const before = readTable(document, title);
  const rowsOf = ({ name, newRows }) => newRows() ?? before.filter(isOf(name));
  return replaceTable(document, title, header, subjects.flatMap(rowsOf));
}

/** What a table does not say, or says of what is not there any more. */
function problemsOf({ title, subjects }, document) {
  const rows = readTable(document, title);
  const isKnown = (row) => subjects.some(({ name }) => isOf(name)(row));
  const unknown = rows.filter((row) => !isKnown(row)).map(([name]) => `there is no ${name}`);
  const missing = subjects.flatMap(({ name, facts }) => {
    const cells = rows.filter(isOf(name)).flat();
    if (cells.length === 0) return [`${name} is not in “${title}”`];
    const told = cells.flatMap((cell) => [cell, ...cell.split(", ")]);
    return facts.filter((fact) => !told.includes(fact)).map((fact) => `${name}: no “${fact}”`);
  });
  return [...unknown, ...missing];
}

/** The first cell of a row is its subject's name, or a link with that text. */
const isOf =
  (name) =>
  ([first]) =>
    first === name || first.startsWith(`[${name}](`);
