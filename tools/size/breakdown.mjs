/**
 * What the bytes are spent on: `npm run size -- --breakdown`.
 *
 * Of the wasm, the functions by the module of the crate that they come from, before they are compressed; of the
 * JavaScript, the source files, minified.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { bindWithNames } from "../build/wasm.mjs";
import { inRoot } from "../lib/paths.mjs";
import { printTable } from "../lib/report.mjs";
import { readModule } from "./wasmNames.mjs";

const sources = inRoot("pkg-template/src");
const shown = 30;

/** Prints two tables. */
export async function printBreakdown() {
  print("functions of the wasm from", await wasmParts());
  for (const entry of ["index", "facade", "core"]) print(`${entry}.js, from`, await scripts(entry));
}

function print(title, parts) {
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const rows = parts
    .slice(0, shown)
    .map(({ name, bytes, count }) => [name, count ?? "", bytes, share(bytes, total)]);
  console.log();
  printTable([title, "count", "bytes", "share"], [...rows, ["all", "", total, ""]], [1, 2, 3]);
}

const share = (bytes, total) => `${((100 * bytes) / total).toFixed(1)} %`;

async function wasmParts() {
  const directory = mkdtempSync(path.join(tmpdir(), "sockeye-size-"));
  try {
    const file = await bindWithNames(directory);
    return sum(readModule(readFileSync(file)).functions.map(toPart));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Names are paths, with generic arguments, and what tells apart two crates of a name. */
function toPart({ name, size }) {
  const plain = name.replaceAll(/\[[0-9a-f]+\]/g, "");
  const [, crate, modules] =
    /\b(sockeye|alloc|core|std|wasm_bindgen|js_sys|dlmalloc)((?:::[a-z_]+)*)/.exec(plain) ?? [];
  if (!crate) return { name: "what JavaScript calls, and the compiler's own", bytes: size };
  const depth = crate === "sockeye" ? 2 : 1;
  return { name: [crate, ...modules.split("::").slice(1, 1 + depth)].join("::"), bytes: size };
}

/** Adds up what has one name; the largest comes first. */
function sum(parts) {
  const sums = new Map();
  for (const { name, bytes } of parts) {
    const known = sums.get(name) ?? { name, bytes: 0, count: 0 };
    sums.set(name, { name, bytes: known.bytes + bytes, count: known.count + 1 });
  }
  return [...sums.values()].sort((one, other) => other.bytes - one.bytes);
}

async function scripts(entry) {
  const { metafile } = await build({
    entryPoints: [path.join(sources, `${entry}.ts`)],
    ...{ bundle: true, minify: true, metafile: true, write: false, format: "esm" },
    ...{ target: "es2022", absWorkingDir: sources, outdir: inRoot("target/size") },
    plugins: [apart],
  });
  const [{ inputs }] = Object.values(metafile.outputs);
  const parts = Object.entries(inputs).map(([name, { bytesInOutput }]) => ({
    name,
    bytes: bytesInOutput,
  }));
  return parts.filter(({ bytes }) => bytes > 0).sort((one, other) => other.bytes - one.bytes);
}

/** What is loaded lazily, and the wasm, are not part of what they are loaded by. */
const apart = {
  name: "apart",
  setup({ onResolve }) {
    const lazy = /\/(core|facade|payload|streams|wasm\/.*)\.js$/;
    onResolve({ filter: lazy }, ({ path: imported }) => ({ path: imported, external: true }));
    onResolve({ filter: /^idb$/ }, ({ path: imported }) => ({ path: imported, external: true }));
  },
};
