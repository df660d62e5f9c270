/** The wasm as a file of its own in the package, which says of which build it is. */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { lockedVersion } from "../lib/cargoLock.mjs";
import { inRoot } from "../lib/paths.mjs";
import { wasmFile } from "./wasm.mjs";

const sources = inRoot("pkg-template/src");
/** The section that has it; `src/wasmFile.ts` of the package looks for it. */
const sectionName = "sockeye";

/** Names the wasm of this build: what goes with its scripts has the same name. */
export const buildName = () =>
  createHash("sha256").update(readFileSync(wasmFile)).digest("hex").slice(0, 16);

/** Names the wasm and the scripts of this build: a page and a worker with the same name understand each other. */
export function releaseName() {
  const hash = createHash("sha256").update(buildName());
  const files = readdirSync(sources, { recursive: true, withFileTypes: true });
  const names = files
    .filter((file) => file.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name));
  for (const name of names.sort()) hash.update(readFileSync(name));
  return `${lockedVersion("sockeye")}-${hash.digest("hex").slice(0, 12)}`;
}

/** Writes `sockeye.wasm` into `directory`. */
export function writeWasmFile(directory) {
  const named = Buffer.concat([readFileSync(wasmFile), customSection(sectionName, buildName())]);
  writeFileSync(path.join(directory, "sockeye.wasm"), named);
}

/** A custom section is number 0; lengths below 128 are one byte. */
function customSection(name, text) {
  const content = Buffer.from([name.length, ...Buffer.from(name + text)]);
  return Buffer.from([0, content.length, ...content]);
}
