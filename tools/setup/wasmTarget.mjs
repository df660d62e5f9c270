/**
 * Makes a Rust tool chain compile for wasm32, and have the sources of its standard library: by rustup, or, where
 * rustup cannot reach its servers, by Debian's packages and a standard library built from their sources.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { cacheDirectory } from "../lib/paths.mjs";
import { onPath } from "../lib/programs.mjs";
import { Failure, announce } from "../lib/report.mjs";
import { run } from "../lib/run.mjs";
import {
  debian,
  environmentOf,
  findToolchain,
  findToolchainWithSources,
  versionMark,
  versionOf,
  wasmLibraries,
  wasmTarget,
} from "../toolchain.mjs";
import { canInstallDebianPackages, installDebianPackages } from "./debian.mjs";

const debianPackages = [
  "rustc-web",
  "cargo-web",
  "rust-web-src",
  "rust-web-clippy",
  "rustfmt-web",
  "lld-22",
];
const failureMark = path.join(cacheDirectory, "rustup-cannot-add");
const day = 24 * 60 * 60 * 1000;

/** Tries rustup first; its failure is remembered for a day where there is another way. */
export async function installWasmTarget() {
  const hasOtherWay = canInstallDebianPackages();
  if (onPath("rustup") && !(hasOtherWay && failedLately())) await addTarget(hasOtherWay);
  if (!findToolchain() && hasOtherWay) await installDebianToolchain();
  if (!findToolchain()) throw new Failure(`Rust cannot compile for ${wasmTarget}`, remedy());
}

/** The sources are for the build that is published; without them it takes the library that comes with Rust. */
export async function installSources() {
  const hasOtherWay = canInstallDebianPackages();
  if (onPath("rustup") && !(hasOtherWay && failedLately())) {
    announce("Adding the sources of Rust's standard library with rustup", "some seconds");
    await addByRustup(["component", "add", "rust-src"], hasOtherWay);
  }
  if (!findToolchainWithSources() && hasOtherWay) await installDebianPackages(debianPackages);
}

const remedy = () =>
  onPath("rustup")
    ? `rustup target add ${wasmTarget} (it needs to reach static.rust-lang.org)`
    : "install Rust with rustup, see https://rustup.rs, then npm run setup";

async function addTarget(hasOtherWay) {
  announce(`Adding ${wasmTarget} with rustup`, "some seconds");
  await addByRustup(["target", "add", wasmTarget], hasOtherWay);
}

async function addByRustup(args, hasOtherWay) {
  try {
    await run("rustup", args, { limitSeconds: hasOtherWay ? 60 : 600 });
  } catch (failure) {
    announce(failure.message);
    rememberFailure();
  }
}

function rememberFailure() {
  mkdirSync(cacheDirectory, { recursive: true });
  writeFileSync(failureMark, "");
}

const failedLately = () =>
  existsSync(failureMark) && Date.now() - statSync(failureMark).mtimeMs < day;

async function installDebianToolchain() {
  await installDebianPackages(debianPackages);
  const directory = mkdtempSync(path.join(tmpdir(), "sockeye-std-"));
  try {
    await buildStandardLibrary(directory);
    installLibraries(path.join(directory, "target", wasmTarget, "release/deps"));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** An empty crate is enough to have cargo build the library it stands on. */
async function buildStandardLibrary(directory) {
  announce("Building Rust's standard library for wasm32", "about a minute, once on this machine");
  mkdirSync(path.join(directory, "src"));
  writeFileSync(path.join(directory, "src/lib.rs"), "");
  writeFileSync(
    path.join(directory, "Cargo.toml"),
    '[package]\nname = "empty"\nedition = "2021"\n',
  );
  const crates = "build-std=std,panic_abort,test";
  await run("cargo", ["build", "--quiet", "--release", "--target", wasmTarget, "-Z", crates], {
    cwd: directory,
    env: { ...environmentOf(debian), RUSTC_BOOTSTRAP: "1", CARGO_TARGET_DIR: "target" },
    limitSeconds: 900,
  });
}

/** The directory appears in one step, so that an interruption leaves no half of a library. */
function installLibraries(built) {
  const destination = wasmLibraries(debian.sysroot);
  const fresh = `${destination}.new`;
  const isLibrary = (name) => name.endsWith(".rlib") && !name.startsWith("libempty-");
  for (const name of readdirSync(built).filter(isLibrary)) {
    cpSync(path.join(built, name), path.join(fresh, name));
  }
  writeFileSync(path.join(fresh, versionMark), versionOf(debian.rustc));
  rmSync(destination, { recursive: true, force: true });
  renameSync(fresh, destination);
}
