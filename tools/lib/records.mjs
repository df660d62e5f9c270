/** What tests leave for `npm run support`: one file for each thing that was tried, with what came of it last. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { inRoot } from "./paths.mjs";

const folder = inRoot("target/support");
const fileOf = (kind, name) => path.join(folder, kind, `${name}.json`);

/**
 * Notes that something of this kind was tried today.
 *
 * @param {"applications" | "engines" | "compilers"} kind
 * @param {string} name
 * @param {{passed: boolean}} facts whether it passed, and what else is to be told of it
 */
export function record(kind, name, facts) {
  const file = fileOf(kind, name);
  mkdirSync(path.dirname(file), { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(file, `${JSON.stringify({ date, ...facts }, null, 2)}\n`);
}

/** Returns what was noted last, or undefined. */
export function recorded(kind, name) {
  const file = fileOf(kind, name);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}
