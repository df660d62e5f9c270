/**
 * What comes of an area: a table for people, and `target/bench/<area>.json` for the charts and whoever
 * compares runs.
 *
 * A row has a `case`, a `unit`, `ours` and mostly `reference`: the figures of all rounds. Less is better,
 * unless `more` says that more is. `ratio` above 1 always means that ours is better; it is the median of
 * the ratios of each round, in which both ran one after the other. A `goal` is `{ ratio }`, at least;
 * `{ most }` or `{ least }`, for our own figure; or `{ later }`, how much more ours may be than the
 * reference.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { dim, green, printTable, red } from "../../../tools/lib/report.mjs";
import { median, quartiles, round, spread } from "./statistics.mjs";

/** Returns what is said of a row: the form that all results have, the goal and the raw figures. */
export function toResult(row) {
  const { unit, ours, reference, floor, goal } = row;
  const ratios = reference && ratiosOf(row);
  return {
    case: row.case,
    unit,
    ours: round(median(ours)),
    reference: reference ? round(median(reference)) : null,
    ratio: ratios ? round(median(ratios)) : null,
    spread: round(spread(ratios ?? ours)),
    ...(floor && { floor: round(median(floor)) }),
    ...(goal && { goal, reached: isReached(row) }),
    samples: { ours, ...(reference && { reference }), ...(floor && { floor }) },
  };
}

/** Each of our figures against the one of the same round. */
function ratiosOf({ ours, reference, more = false }) {
  return ours.map((figure, at) => (more ? figure / reference[at] : reference[at] / figure));
}

function isReached(row) {
  const { ours, reference, goal } = row;
  if (goal.later !== undefined) {
    return median(ours.map((figure, at) => figure - reference[at])) <= goal.later;
  }
  if (goal.most !== undefined) return median(ours) <= goal.most;
  if (goal.least !== undefined) return median(ours) >= goal.least;
  return median(ratiosOf(row)) >= goal.ratio;
}

/** Prints the table of an area. */
export function print({ title, notes = [], columns }, rows) {
  const has = (field) => rows.some((row) => row[field] !== undefined);
  const cells = [
    ["", (row) => row.case],
    ["unit", (row) => row.unit],
    ["Sockeye", (row) => describe(row.ours)],
    ...(has("reference") ? [[columns.reference, (row) => describe(row.reference)]] : []),
    ...(has("floor") ? [[columns.floor, (row) => describe(row.floor)]] : []),
    ...(has("reference") ? [["times as good", ratioCell]] : []),
    ...(has("goal") ? [["goal", goalCell]] : []),
  ];
  console.log(`\n${title}`);
  for (const note of notes) console.log(dim(note));
  const header = cells.map(([name]) => name);
  const lines = rows.map((row) => cells.map(([, cell]) => cell(row)));
  printTable(header, lines, [2, 3, 4, 5].slice(0, cells.length - 2));
}

function ratioCell(row) {
  if (!row.reference) return "";
  const ratios = ratiosOf(row);
  const [low, high] = quartiles(ratios).map((ratio) => ratio.toFixed(2));
  return `${median(ratios).toFixed(2)} (${low}–${high})`;
}

function goalCell(row) {
  if (!row.goal) return "";
  const { ratio, most, least = ratio, later } = row.goal;
  const upper = later === undefined ? most : `${later} more`;
  const goal = upper === undefined ? `≥ ${least}` : `≤ ${upper}`;
  return isReached(row) ? green(`${goal} reached`) : red(`${goal} not reached`);
}

/** The median and the middle half. */
function describe(figures) {
  if (!figures) return "";
  const [low, high] = quartiles(figures).map(show);
  return `${show(median(figures))} (${low}–${high})`;
}

function show(number) {
  if (number === 0) return "0";
  const size = Math.abs(number);
  return number.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** Keeps the results of an area. */
export function save(directory, area, rows) {
  mkdirSync(directory, { recursive: true });
  const results = rows.map(toResult);
  writeFileSync(path.join(directory, `${area}.json`), `${JSON.stringify(results, null, 2)}\n`);
  return results;
}
