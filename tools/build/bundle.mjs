/**
 * The JavaScript of the package: one file for each entry, one for the core with the wasm.
 *
 * The core is a file of its own with a fixed name, imported when the client first connects; bundlers
 * of applications make a lazy chunk of it.
 */
import path from "node:path";
import { build } from "esbuild";
import { inRoot } from "../lib/paths.mjs";
import { wasmDirectory } from "./wasm.mjs";

const sources = inRoot("pkg-template/src");
const core = path.join(sources, "core.ts");

const shared = {
  bundle: true,
  format: "esm",
  target: "es2022",
  platform: "neutral",
  minifySyntax: true,
  legalComments: "none",
  logLevel: "warning",
};

/** Bundles the entries (names of sources without ending) and the core into `outdir`. */
export async function bundle(entries, outdir) {
  const external = ["react", "react/jsx-runtime", "@angular/core", "rxjs"];
  const entryPoints = entries.map((entry) => path.join(sources, entry));
  const chunkNames = "shared-[hash]";
  const facade = { splitting: true, chunkNames, external, plugins: [coreStaysOutside] };
  await build({ ...shared, ...facade, entryPoints, outdir });
  await build({ ...shared, ...coreOptions, entryPoints: [core], outdir });
}

/** The glue takes `TextDecoder` from text.ts, because jsdom has none. */
const coreOptions = {
  minifyWhitespace: true,
  inject: [path.join(sources, "text.ts")],
  plugins: [{ name: "wasm", setup: resolveWasm }],
};

/** `./wasm/glue.js` and `./wasm/payload.js` are where the wasm was built. */
function resolveWasm({ onResolve }) {
  onResolve({ filter: /^\.\/wasm\// }, (imported) => ({
    path: path.join(wasmDirectory, imported.path.slice("./wasm/".length)),
  }));
}

const coreStaysOutside = {
  name: "core-stays-outside",
  setup({ onResolve }) {
    onResolve({ filter: /\/core(\.[jt]s)?$/ }, ({ path: imported, resolveDir }) => {
      const isCore =
        path.join(resolveDir, imported).replace(/\.[jt]s$/, "") === withoutEnding(core);
      return isCore ? { path: "./core.js", external: true } : undefined;
    });
  },
};

const withoutEnding = (file) => file.replace(/\.[jt]s$/, "");
