/** The wasm half of the package: crate → wasm-bindgen → wasm-opt → a JS module that holds it. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { constants, deflateSync } from "node:zlib";
import { lockedVersion } from "../lib/cargoLock.mjs";
import { cargoTarget, inRoot, npmBin, root } from "../lib/paths.mjs";
import { Failure, announce } from "../lib/report.mjs";
import { ask, run } from "../lib/run.mjs";
import { cargo, cargoEnvironment, wasmTarget } from "../toolchain.mjs";

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

/** Builds what `wasmDirectory` holds; what is after the compiler is done only if its output changed. */
export async function buildWasm() {
  announce("Compiling the crate for wasm32", "about a minute the first time");
  const build = ["build", "--package", "sockeye", "--profile", "wasm", "--target", wasmTarget];
  await cargo(build, { env: withoutPaths() });
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

/** What panics say names no folder of the machine that built it, so that all machines build the same. */
function withoutPaths() {
  const cargoHome = process.env.CARGO_HOME ?? path.join(homedir(), ".cargo");
  const names = { [path.join(cargoHome, "registry/src")]: "crates", [root]: "sockeye" };
  const flags = Object.entries(names).map(
    ([folder, name]) => `--remap-path-prefix=${folder}=${name}`,
  );
  return { CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f") };
}

const hashOf = (...files) =>
  files.reduce((hash, file) => hash.update(readFileSync(file)), createHash("sha256")).digest("hex");

async function bind() {
  const env = cargoEnvironment();
  const version = ask("wasm-bindgen", ["--version"], { env })?.split(" ")[1];
  const wanted = lockedVersion("wasm-bindgen");
  if (version !== wanted) {
    throw new Failure(`wasm-bindgen is ${version ?? "missing"}, not ${wanted}`, "npm run setup");
  }
  const output = ["--out-dir", wasmDirectory, "--out-name", "glue"];
  const names = ["--remove-name-section", "--remove-producers-section"];
  const target = ["--target", "web", "--omit-default-module-path"];
  await run("wasm-bindgen", [...target, ...names, ...output, compiled], { env });
}

/** For speed: on this code `-Oz` is not smaller by more than some bytes in ten thousand. */
async function optimise() {
  announce("Optimising the wasm", "some seconds");
  const strip = ["--strip-debug", "--strip-producers", "--strip-target-features"];
  await run(npmBin("wasm-opt"), ["-O3", ...features, ...strip, bound, "--output", wasmFile]);
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
