/**
 * The kinds of tools that set-up knows.
 *
 * A tool has a `name`, `isReady()`, and `install()`, which throws with cause and remedy when it
 * cannot make the tool ready. Set-up asks `isReady()` each time, so it is quick and goes nowhere.
 * `whyLeftOut()` of an optional tool says what that means where it cannot be installed.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { cacheDirectory, inRoot } from "../lib/paths.mjs";
import { builtPrograms, onPath } from "../lib/programs.mjs";
import { Failure, announce } from "../lib/report.mjs";
import { ask, run } from "../lib/run.mjs";
import { cargo, findToolchain, findToolchainWithSources } from "../toolchain.mjs";
import { canInstallDebianPackages, installDebianPackages } from "./debian.mjs";
import { installSources, installWasmTarget } from "./wasmTarget.mjs";

/** The program that runs this; it cannot replace itself. */
export const node = ({ atLeast }) => ({
  name: `Node ${atLeast} or newer`,
  isReady: () => isAtLeast(process.versions.node, atLeast),
  install: () => {
    throw new Failure(`this is Node ${process.versions.node}`, "install a newer one: nodejs.org");
  },
});

/** What package-lock.json names, in node_modules; also that of a folder with dependencies of its own. */
export const npmDependencies = (folder = inRoot()) => ({
  name: "npm dependencies",
  isReady: () => dependenciesMatchLock(folder),
  install: () => {
    announce("Installing the npm dependencies", "about half a minute");
    return run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: folder,
      limitSeconds: 600,
      remedy: "npm ci (it needs to reach the npm registry)",
    });
  },
});

/** A Rust tool chain that compiles for wasm32. */
export const wasmTarget = () => ({
  name: "Rust for wasm32",
  isReady: () => Boolean(findToolchain()),
  install: installWasmTarget,
});

/** With them the package is as small as the published one. */
export const rustSources = () => ({
  name: "sources of Rust's standard library",
  isReady: () => Boolean(findToolchainWithSources()),
  install: installSources,
});

/** A program from crates.io in exactly one version; one on the PATH is used if it is that one. */
export const cargoTool = ({ crate, bin = crate, version, minutes = 3 }) => ({
  name: `${bin} ${version}`,
  isReady: () => hasVersion(bin, version),
  install: async () => {
    const home = path.join(cacheDirectory, "tools", `${crate}-${version}`);
    if (!existsSync(path.join(home, "bin", bin))) await build(crate, version, home, minutes);
    linkPrograms(path.join(home, "bin"));
  },
});

/** A program of a Debian package; elsewhere `otherwise` says how to install it. */
export const debianPackage = ({ name, bin = name, find = () => onPath(bin), otherwise }) => ({
  name,
  isReady: () => Boolean(find()),
  install: async () => {
    if (!canInstallDebianPackages()) throw new Failure(`${name} is missing`, otherwise);
    await installDebianPackages([name]);
  },
});

/** A program of a Debian package that some tests can do without; where it is missing they say that they are skipped. */
export const optionalDebianPackage = ({ without, ...tool }) => ({
  ...debianPackage(tool),
  whyLeftOut: () => (canInstallDebianPackages() ? undefined : without),
});

function isAtLeast(version, minimum) {
  const [major, minor] = version.split(".").map(Number);
  const [wantedMajor, wantedMinor] = minimum.split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** npm leaves a record of what it installed: each version of the lock has to be in there. */
function dependenciesMatchLock(folder) {
  const installed = path.join(folder, "node_modules/.package-lock.json");
  if (!existsSync(installed)) return false;
  const present = packagesOf(installed);
  return Object.entries(packagesOf(path.join(folder, "package-lock.json"))).every(
    ([place, { version, optional }]) =>
      place === "" || optional || present[place]?.version === version,
  );
}

const packagesOf = (lockFile) => JSON.parse(readFileSync(lockFile, "utf8")).packages;

function hasVersion(bin, version) {
  const program = onPath(bin);
  return Boolean(program) && ask(program, ["--version"])?.split(" ")[1] === version;
}

/** A registry that lacks a version which the crate's own lock names gets the next best one. */
async function build(crate, version, home, minutes) {
  announce(`Building ${crate} ${version}`, `about ${minutes} minutes, once on this machine`);
  const install = ["install", "--version", version, "--root", home, crate];
  const env = { CARGO_TARGET_DIR: undefined }; // cargo builds it aside and cleans up
  const remedy = "npm run setup (it needs to reach crates.io)";
  const options = { env, limitSeconds: 900, remedy };
  try {
    await cargo([...install, "--locked"], options);
  } catch (failure) {
    announce(`${failure.message}: trying again with newer dependencies`);
    await cargo(install, options);
  }
}

function linkPrograms(from) {
  mkdirSync(builtPrograms, { recursive: true });
  for (const program of readdirSync(from)) {
    const link = path.join(builtPrograms, program);
    rmSync(link, { force: true });
    symlinkSync(path.join(from, program), link);
  }
}
