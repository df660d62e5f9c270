/**
 * The JavaScript of the package: one file for each entry, one for the core with the wasm, and what
 * they share.
 *
 * The core is a file of its own with a fixed name, imported when the client first connects; the
 * bundlers of applications make a lazy chunk of it.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { inRoot } from "../lib/paths.mjs";
import { Failure } from "../lib/report.mjs";
import { wasmDirectory } from "./wasm.mjs";

const sources = inRoot("pkg-template/src");
const core = path.join(sources, "core");

/** Bundles the entries (names of sources without ending) and the core into `outdir`. */
export async function bundle(entries, outdir) {
  try {
    await build(optionsFor(entries, outdir));
  } catch {
    throw new Failure("the package cannot be bundled: esbuild says above what is wrong");
  }
}

const optionsFor = (entries, outdir) => ({
  entryPoints: [...entries.map((entry) => path.join(sources, entry)), core],
  outdir,
  bundle: true,
  splitting: true,
  chunkNames: "shared-[hash]",
  format: "esm",
  target: "es2022",
  platform: "neutral",
  packages: "external",
  minifySyntax: true,
  legalComments: "none",
  logLevel: "warning",
  logOverride: { "duplicate-object-key": "silent" }, // the glue names a snippet once for each block
  plugins: [wasmWhereItWasBuilt, coreAsFileOfItsOwn, databaseLibraryInside],
});

const wasmWhereItWasBuilt = {
  name: "wasm-where-it-was-built",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/wasm\// }, (imported) => ({
      path: path.join(wasmDirectory, imported.path.slice("./wasm/".length)),
    }));
    onLoad({ filter: /\/glue\.js$/ }, async ({ path: glue }) => ({
      contents: `${importText}\n${await readFile(glue, "utf8")}`,
    }));
  },
};

/** The glue makes a `TextDecoder` when it is loaded; jsdom has none. */
const importText = `import { TextDecoder, TextEncoder } from ${JSON.stringify(path.join(sources, "text"))};`;

/** Otherwise it would be torn in two, because one entry imports it lazily and one does not. */
const coreAsFileOfItsOwn = {
  name: "core-as-file-of-its-own",
  setup({ onResolve }) {
    onResolve({ filter: /\/core\.[jt]s$/ }, ({ path: imported, resolveDir }) => {
      const isCore = path.join(resolveDir, imported).replace(/\.[jt]s$/, "") === core;
      return isCore ? { path: "./core.js", external: true } : undefined;
    });
  },
};

/** Pages without a bundler find no packages. It is small, and its licence stands beside the code. */
const databaseLibraryInside = {
  name: "database-library-inside",
  setup({ onResolve }) {
    onResolve({ filter: /^idb$/ }, () => ({
      path: fileURLToPath(import.meta.resolve("idb")),
    }));
  },
};
