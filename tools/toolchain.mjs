/**
 * The Rust tool chain: one for native code, wasm32 and lints alike.
 *
 * The first of these that can compile for wasm32 is taken: the `rustc` on the PATH (rustup's, on
 * most machines), then the one of the Debian packages that set-up installs where rustup cannot
 * reach its servers.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { cargoTarget } from "./lib/paths.mjs";
import { builtPrograms, firstExisting, onPath } from "./lib/programs.mjs";
import { Failure } from "./lib/report.mjs";
import { ask, run } from "./lib/run.mjs";

export const wasmTarget = "wasm32-unknown-unknown";

/** Where a tool chain keeps what it needs to compile for wasm32. */
export const wasmLibraries = (sysroot) => path.join(sysroot, "lib/rustlib", wasmTarget, "lib");

/** Debian's compiler; set-up builds its library for wasm32, and marks it with the version. */
export const debian = { rustc: "/usr/bin/rustc", sysroot: "/usr" };
export const versionMark = "built-by";

/** A distribution's linkers, newest first; rustup's `rust-lld` needs no looking for. */
const linkers = ["wasm-ld", "wasm-ld-22", "wasm-ld-21", "wasm-ld-20", "wasm-ld-19"];

let chosen;

/** Returns the environment in which to run cargo, wasm-bindgen and wasm-pack. */
export function cargoEnvironment() {
  const toolchain = findToolchain();
  if (!toolchain) throw new Failure(`no Rust here can compile for ${wasmTarget}`, "npm run setup");
  return environmentOf(toolchain);
}

/** Runs cargo; options as for `run`. */
export const cargo = (args, { env, ...options } = {}) =>
  run("cargo", args, { ...options, env: { ...cargoEnvironment(), ...env } });

/** Returns the tool chain that can compile for wasm32, or undefined if there is none yet. */
export function findToolchain() {
  chosen ??= [onPath("rustc"), debian.rustc].map(inspect).find(canCompileWasm);
  return chosen;
}

/** Returns the tool chain that has the sources of its standard library, to build that for what is small. */
export const findToolchainWithSources = () =>
  [onPath("rustc"), debian.rustc].map(inspect).find(hasSources);

const hasSources = (toolchain) =>
  Boolean(toolchain) &&
  existsSync(path.join(toolchain.sysroot, "lib/rustlib/src/rust/library/Cargo.lock"));

/** Returns the environment that makes cargo, and all it calls, come from one directory. */
export function environmentOf({ rustc, sysroot }) {
  const bin = path.dirname(rustc);
  const search = [builtPrograms, bin, process.env.PATH, cargoHomeBin()];
  const linker = wasmLinker(sysroot);
  return {
    ...process.env,
    PATH: search.join(path.delimiter),
    CARGO_TARGET_DIR: cargoTarget,
    RUSTC: rustc,
    RUSTDOC: path.join(bin, "rustdoc"),
    ...(linker && { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: linker }),
  };
}

/** Cargo looks for its subcommands here *first* if the PATH does not name it: so it is named last. */
const cargoHomeBin = () =>
  path.join(process.env.CARGO_HOME ?? path.join(homedir(), ".cargo"), "bin");

function inspect(rustc) {
  if (!rustc || !existsSync(rustc)) return undefined;
  const sysroot = ask(rustc, ["--print", "sysroot"]);
  return sysroot && { rustc, sysroot };
}

function canCompileWasm(toolchain) {
  return Boolean(toolchain) && existsSync(wasmLibraries(toolchain.sysroot)) && isCurrent(toolchain);
}

/** The compiler refuses libraries that another version of it has built. */
function isCurrent({ rustc, sysroot }) {
  const mark = path.join(wasmLibraries(sysroot), versionMark);
  return !existsSync(mark) || readFileSync(mark, "utf8") === versionOf(rustc);
}

export const versionOf = (rustc) => ask(rustc, ["--version"]);

function wasmLinker(sysroot) {
  if (process.env.CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER || hasRustLld(sysroot))
    return undefined;
  return firstExisting(linkers.map(onPath));
}

function hasRustLld(sysroot) {
  const rustlib = path.join(sysroot, "lib/rustlib");
  return readdirSync(rustlib).some((host) => existsSync(path.join(rustlib, host, "bin/rust-lld")));
}
