/** What the scripts print: progress, results, failures. Colour only on a terminal. */
import { styleText } from "node:util";

const coloured = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
const paint = (style, text) => (coloured ? styleText(style, text) : text);

export const green = (text) => paint("green", text);
export const red = (text) => paint("red", text);
export const dim = (text) => paint("dim", text);
export const bold = (text) => paint("bold", text);

/** A failure that the reader can mend: what went wrong, and the command that mends it. */
export class Failure extends Error {
  constructor(cause, remedy) {
    super(cause);
    this.name = "Failure";
    this.remedy = remedy;
  }
}

/** Announces a step that takes long enough to make one wonder. */
export function announce(what, duration) {
  console.log(`${bold(what)}${duration ? dim(` (${duration})`) : ""}`);
}

/** Returns the time since `start` (of `performance.now()`) in words. */
export function since(start) {
  const seconds = (performance.now() - start) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Runs a script's body once the whole script is evaluated; what it returns is the exit code. */
export const main = (body) => {
  queueMicrotask(() => void execute(body));
};

/** A failure is told in words and ends the process with 1. */
async function execute(body) {
  try {
    process.exitCode = (await body(process.argv.slice(2))) ?? 0;
  } catch (error) {
    console.error(red(`error: ${error instanceof Failure ? error.message : error.stack}`));
    if (error.remedy) console.error(`  to mend it: ${error.remedy}`);
    process.exitCode = 1;
  }
}

/** Prints rows as a table; columns named in `right` are aligned to the right. */
export function printTable(header, rows, right = []) {
  const all = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const pad = (cell, column) =>
    right.includes(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]);
  all.forEach((row, index) => {
    const line = row.map(pad).join("  ").trimEnd();
    console.log(index === 0 ? bold(line) : line);
  });
}
