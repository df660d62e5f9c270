/**
 * Builds a page in Rust in the current folder, into `dist`: as people do with cargo and wasm-bindgen, but
 * with the crate of this repository in place of the published one.
 */
import { copyFileSync } from "node:fs";
import path from "node:path";
import { cargoTarget, root } from "../../../tools/lib/paths.mjs";
import { main } from "../../../tools/lib/report.mjs";
import { run } from "../../../tools/lib/run.mjs";
import { cargo, cargoEnvironment, wasmTarget } from "../../../tools/toolchain.mjs";

main(async () => {
  const here = { cwd: process.cwd() };
  const crate = `patch.crates-io.sockeye.path=${JSON.stringify(root)}`;
  await cargo(["build", "--release", "--locked", "--target", wasmTarget, "--config", crate], here);
  const wasm = path.join(cargoTarget, wasmTarget, "release/yew_consumer.wasm");
  const output = ["--target", "web", "--no-typescript", "--out-dir", "dist", "--out-name", "page"];
  await run("wasm-bindgen", [...output, wasm], { ...here, env: cargoEnvironment() });
  copyFileSync("index.html", "dist/index.html");
});
