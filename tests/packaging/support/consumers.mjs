/** What there is in `consumers/`: each folder is an application, its `consumer.mjs` says how it is run. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { lockedVersion } from "../../../tools/lib/cargoLock.mjs";
import { Failure } from "../../../tools/lib/report.mjs";

const folder = fileURLToPath(new URL("../consumers/", import.meta.url));

/** Returns all consumers by name. */
export async function readConsumers() {
  const names = readdirSync(folder).sort();
  return Promise.all(names.map(readConsumer));
}

async function readConsumer(name) {
  const directory = path.join(folder, name);
  const {
    quick = false,
    sources,
    tools,
    modes,
  } = await import(pathToFileURL(path.join(directory, "consumer.mjs")).href);
  const { dependencies, devDependencies } = readManifest(directory);
  const pinned = { ...dependencies, ...devDependencies };
  needExact(name, pinned);
  const folders = [sources && path.join(folder, sources), directory].filter(Boolean);
  return { name, folders, quick, tools, modes, pinned };
}

export const readManifest = (directory) =>
  JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8"));

/** The versions that were tested are told to users, so a range is none. */
function needExact(name, dependencies) {
  for (const [dependency, version] of Object.entries(dependencies)) {
    if (/^(\d+\.\d+\.\d+(-[\w.]+)?|file:.+|npm:.+@\d+\.\d+\.\d+)$/.test(version)) continue;
    throw new Failure(`${name} wants ${dependency} ${version}`, "pin an exact version");
  }
}

/** Returns the installed versions of these packages; `node` is the machine's unless it is one of them. */
export function installedVersions(directory, packages) {
  const crates = path.join(directory, "Cargo.lock");
  const version = (name) => {
    const installed = path.join(directory, "node_modules", name);
    if (existsSync(installed)) return readManifest(installed).version;
    if (existsSync(crates)) return lockedVersion(name, crates);
    return name === "node" ? process.versions.node : "?";
  };
  return Object.fromEntries(packages.map((name) => [name, version(name)]));
}
