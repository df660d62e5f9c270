/** The wasm half of the package: crate → wasm-bindgen → wasm-opt → a JS module that holds it. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { constants, deflateSync } from "node:zlib";
import { lockedVersion } from "../lib/cargoLock.mjs";
import { cargoTarget, inRoot, npmBin, root } from "../lib/paths.mjs";
import { dim, Failure, announce } from "../lib/report.mjs";
import { ask, run } from "../lib/run.mjs";
import {
  cargo,
  cargoEnvironment,
  environmentOf,
  findToolchainWithSources,
  wasmTarget,
} from "../toolchain.mjs";

/** Not `target/wasm`, which is cargo's for this profile. Here are `glue.js`, `payload.js`, `sockeye.wasm` and the snippets that the glue imports. */
export const wasmDirectory = inRoot("target/web");
export const wasmFile = path.join(wasmDirectory, "sockeye.wasm");

const compiled = path.join(cargoTarget, wasmTarget, "wasm/sockeye.wasm");
const bound = path.join(wasmDirectory, "glue_bg.wasm");
const stamp = path.join(wasmDirectory, "inputs.sha256");

/** Named one by one: `--all-features` would emit what browsers refuse. */
const features = [
  "bulk-memory",
  "bulk-memory-opt",
  "reference-types",
  "mutable-globals",
  "sign-ext",
  "nontrapping-float-to-int",
  "multivalue",
].map((feature) => `--enable-${feature}`);

/**
 * Builds what `wasmDirectory` holds; what is after the compiler is done only if its output changed.
 *
 * @param {"small" | "plain"} [std] The standard library: built for size, which is what is published, or as it
 *   comes with Rust. By default the first if the sources are here, and it can be built.
 */
export async function buildWasm(std) {
  announce("Compiling the crate for wasm32", "about a minute the first time");
  await compile(std);
  const inputs = hashOf(compiled, import.meta.filename);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === inputs) return;
  rmSync(wasmDirectory, { recursive: true, force: true });
  mkdirSync(wasmDirectory, { recursive: true });
  await bind();
  await optimise();
  refuseForeignImports();
  writePayload();
  writeFileSync(stamp, inputs);
}

async function compile(std) {
  const toolchain = std === "plain" ? undefined : findToolchainWithSources();
  if (std === "small" && !toolchain) {
    throw new Failure("the sources of Rust's standard library are missing", sourcesRemedy);
  }
  if (!toolchain) return compilePlain();
  try {
    await compileSmall(toolchain);
  } catch (failure) {
    if (std === "small") throw failure;
    console.log(
      dim("The standard library cannot be built for size; with the one that comes with Rust:"),
    );
    await compilePlain();
  }
}

const sourcesRemedy = "rustup component add rust-src, or on Debian: apt-get install rust-web-src";

const build = ["build", "--package", "sockeye", "--profile", "wasm", "--target", wasmTarget];

const compilePlain = () => cargo(build, { env: withFlags([]) });

/** Nobody can read them in the wasm: panics print nothing there. */
const withoutTexts = ["-Zfmt-debug=none", "-Zlocation-detail=none"];

/** A thirtieth less. It takes switches of the compiler that are not stable. */
async function compileSmall(toolchain) {
  const library = ["-Z", "build-std=std,panic_abort", "-Z", "build-std-features=optimize_for_size"];
  const flags = ["-Zunstable-options", "-Cpanic=immediate-abort", ...withoutTexts];
  const env = { ...environmentOf(toolchain), ...withFlags(flags), RUSTC_BOOTSTRAP: "1" };
  await run("cargo", [...build, ...library], { env });
}

/** What panics say names no folder of the machine that built it, so that all machines build the same. */
function withFlags(others) {
  const cargoHome = process.env.CARGO_HOME ?? path.join(homedir(), ".cargo");
  const names = { [path.join(cargoHome, "registry/src")]: "crates", [root]: "sockeye" };
  const flags = Object.entries(names).map(
    ([folder, name]) => `--remap-path-prefix=${folder}=${name}`,
  );
  return { CARGO_ENCODED_RUSTFLAGS: [...flags, ...others].join("\x1f") };
}

const hashOf = (...files) =>
  files.reduce((hash, file) => hash.update(readFileSync(file)), createHash("sha256")).digest("hex");

const withoutNames = ["--remove-name-section", "--remove-producers-section"];

async function bind(directory = wasmDirectory, options = withoutNames) {
  const env = cargoEnvironment();
  const version = ask("wasm-bindgen", ["--version"], { env })?.split(" ")[1];
  const wanted = lockedVersion("wasm-bindgen");
  if (version !== wanted) {
    throw new Failure(`wasm-bindgen is ${version ?? "missing"}, not ${wanted}`, "npm run setup");
  }
  const output = ["--out-dir", directory, "--out-name", "glue"];
  const target = ["--target", "web", "--omit-default-module-path"];
  await run("wasm-bindgen", [...target, ...options, ...output, compiled], { env });
}

/** Binds once more what was compiled last, and leaves the functions their names; returns the file. */
export async function bindWithNames(directory) {
  if (!existsSync(compiled)) throw new Failure("there is no wasm yet", "npm run build");
  await bind(directory, []);
  return path.join(directory, "glue_bg.wasm");
}

/** More of it leaves fewer bytes, but such that compress worse: a thirtieth more of them reach the page. */
async function optimise() {
  announce("Optimising the wasm", "some seconds");
  const strip = ["--strip-debug", "--strip-producers", "--strip-target-features"];
  await run(npmBin("wasm-opt"), ["-O1", ...features, ...strip, bound, "--output", wasmFile]);
}

/** Imports of "env" are symbols that the linker did not find: no browser can provide them. */
function refuseForeignImports() {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(wasmFile)));
  const foreign = imports.filter((one) => one.module === "env").map((one) => one.name);
  if (foreign.length === 0) return;
  throw new Failure(
    `the wasm imports from "env": ${foreign.join(", ")}`,
    "find the dependency that declares it: cargo tree --target wasm32-unknown-unknown",
  );
}

/** Deflated, then base64: smaller than the wasm itself, and no bundler can damage it. */
function writePayload() {
  const wasm = readFileSync(wasmFile);
  const data = deflateSync(wasm, { level: constants.Z_BEST_COMPRESSION }).toString("base64");
  const source = `export const size = ${wasm.length};\nexport const data = "${data}";\n`;
  writeFileSync(path.join(wasmDirectory, "payload.js"), source);
}
