/**
 * The package for those who `require` it: the same files once more, as CommonJS.
 *
 * They share what the ES modules share, so that there is one core and one class for each error among
 * all that is required.
 */
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { transform } from "esbuild";
import { inRoot } from "../lib/paths.mjs";
import { Failure } from "../lib/report.mjs";

const modules = inRoot("target/commonjs");

/** Has `bundle` write the entries as ES modules somewhere, and puts them as `.cjs` into `outdir`. */
export async function writeCommonJs(bundle, entries, outdir) {
  rmSync(modules, { recursive: true, force: true });
  await bundle(entries, modules, [importsOnce]);
  for (const file of readdirSync(modules)) {
    const code = await toCommonJs(readFileSync(path.join(modules, file), "utf8"));
    writeFileSync(path.join(outdir, file.replace(/\.js$/, ".cjs")), code);
  }
}

/**
 * Only Firefox has to import anything again, and it has no `require`; bundlers would warn of an import
 * whose address is computed.
 */
const importsOnce = {
  name: "imports-once",
  setup({ onLoad }) {
    onLoad({ filter: /\/importAgain\.ts$/ }, () => ({
      contents: "export const importAgain = (failure) => { throw failure; };",
    }));
  },
};

/** What was imported lazily is required lazily: Jest has no `import()`. */
async function toCommonJs(module) {
  const { code } = await transform(module, {
    format: "cjs",
    platform: "node",
    target: "es2022",
    supported: { "dynamic-import": false },
  });
  const isForClients = /^["']use client["'];/.test(module);
  const renamed = code.replaceAll(/require\("(\.\/[^"]+)\.js"\)/g, 'require("$1.cjs")');
  if (/\bimport\(|import\.meta/.test(renamed)) {
    throw new Failure("the CommonJS files would have import() or import.meta");
  }
  return isForClients ? `"use client";\n${renamed.replace(/^"use client";$/m, "")}` : renamed;
}
