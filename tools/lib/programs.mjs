/** Finding programs: on the PATH, at known places, among those that set-up has built. */
import { existsSync } from "node:fs";
import path from "node:path";
import { inRoot } from "./paths.mjs";

/** The programs that set-up has built for this clone: links into the user's cache. */
export const builtPrograms = inRoot("target/tools");

/** Returns where a program is, or undefined; the ones built by set-up come first. */
export function onPath(name) {
  const directories = [builtPrograms, ...(process.env.PATH ?? "").split(path.delimiter)];
  return firstExisting(directories.map((directory) => path.join(directory, name)));
}

/** Returns the first of these paths at which there is something. */
export const firstExisting = (paths) => paths.find((one) => one && existsSync(one));
