/** Installs consumers outside of the repository, so that nothing is found in its `node_modules`. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Failure } from "../../../tools/lib/report.mjs";
import { run } from "../../../tools/lib/run.mjs";

/** What a consumer's `package.json` names as `file:sockeye-client.tgz`. */
const tarballName = "sockeye-client.tgz";
const installLimitSeconds = 300;
/** npm waits for minutes where there is no network, unless told otherwise. */
const retries = [
  "--fetch-retry-mintimeout=1000",
  "--fetch-retry-maxtimeout=5000",
  "--fetch-timeout=30000",
];
const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
const installFlags = [...quiet, ...retries, "--prefer-offline", "--no-package-lock"];

/** A folder for the consumers; one that is not kept goes with `remove`, or with this process. */
export function makeWorkshop(kept) {
  const directory = kept ?? mkdtempSync(path.join(tmpdir(), "sockeye-packaging-"));
  mkdirSync(directory, { recursive: true });
  const remove = () => {
    process.off("exit", remove);
    if (!kept) rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  process.on("exit", remove);
  return { directory, remove, isKept: kept !== undefined };
}

/** Copies the packed package, so that all consumers get the same one, also if it is built again meanwhile. */
export function take(tarball, workshop) {
  cpSync(tarball, path.join(workshop.directory, tarballName));
}

/** Copies a consumer, installs what it wants and the package; resolves with where that is. */
export async function install({ name, folders }, workshop) {
  const directory = path.join(workshop.directory, name);
  const before = readIfThere(path.join(directory, "installed.json"));
  clear(directory);
  for (const folder of folders) cpSync(folder, directory, { recursive: true });
  cpSync(path.join(workshop.directory, tarballName), path.join(directory, tarballName));
  const manifest = readFileSync(path.join(directory, "package.json"), "utf8");
  const isInstalled = before === manifest;
  if (!isInstalled) rmSync(path.join(directory, "node_modules"), { recursive: true, force: true });
  await npmInstall(directory, isInstalled ? ["--no-save", `./${tarballName}`] : []);
  writeFileSync(path.join(directory, "installed.json"), manifest);
  return directory;
}

/** Removes the consumer again unless it is kept: some weigh hundreds of megabytes. */
export function uninstall({ name }, workshop) {
  if (workshop.isKept) return;
  const directory = path.join(workshop.directory, name);
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Takes away what was copied and built before, but not what was installed. */
function clear(directory) {
  mkdirSync(directory, { recursive: true });
  for (const entry of readdirSync(directory)) {
    if (entry !== "node_modules") rmSync(path.join(directory, entry), { recursive: true });
  }
}

const readIfThere = (file) => (existsSync(file) ? readFileSync(file, "utf8") : undefined);

async function npmInstall(directory, packages) {
  const args = ["install", ...installFlags, ...packages];
  try {
    const options = { cwd: directory, env: consumerEnvironment(), capture: true };
    await run("npm", args, { ...options, limitSeconds: installLimitSeconds });
  } catch (failure) {
    const remedy = "npm needs its registry, or what it has in its cache from the last time";
    throw Object.assign(new Failure(failure.message, remedy), { output: failure.output });
  }
}

/** What `npm run` tells its programs about this repository is none of the consumers' business. */
const ofThisRepository =
  /^npm_(package|lifecycle)_|^npm_config_local_prefix$|^NODE_(PATH|OPTIONS)$/;

export function consumerEnvironment(additional = {}) {
  const own = Object.entries(process.env).filter(([name]) => !ofThisRepository.test(name));
  const tools = { NO_COLOR: "1", NEXT_TELEMETRY_DISABLED: "1", NG_CLI_ANALYTICS: "false" };
  return { ...Object.fromEntries(own), ...tools, ...additional };
}
