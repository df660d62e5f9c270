/**
 * The JavaScript of the package: one file for each entry, one for the core with the wasm, and what
 * they share.
 *
 * The core is a file of its own with a fixed name, imported when the client first connects; the
 * bundlers of applications make a lazy chunk of it.
 */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { inRoot } from "../lib/paths.mjs";
import { Failure } from "../lib/report.mjs";
import { wasmDirectory } from "./wasm.mjs";
import { buildName, releaseName } from "./wasmFile.mjs";

const sources = inRoot("pkg-template/src");
/** What is imported when it is first needed. */
const lazy = ["core", "facade", "inWorker", "payload"].map((name) => path.join(sources, name));
/** What bundlers leave out where nobody uses it: in a file with others they would keep those for it. */
const apart = [...lazy, path.join(sources, "streams")];

/**
 * Bundles the entries (names of sources without ending) and the core into `outdir`; `plugins` come before
 * those that every bundle has.
 */
export async function bundle(entries, outdir, plugins = []) {
  try {
    await build(optionsFor(entries, outdir, plugins));
  } catch {
    throw new Failure("the package cannot be bundled: esbuild says above what is wrong");
  }
  for (const file of readdirSync(outdir)) dropBareImports(path.join(outdir, file));
}

/**
 * Nothing of the package does anything when it is imported, but esbuild has each entry import all files that
 * something in it could need. Pages would load them, and bundlers make chunks of the entry's own for them.
 */
function dropBareImports(file) {
  const code = readFileSync(file, "utf8");
  writeFileSync(file, code.replaceAll(/^import "\.\/shared-[^"]+";\n/gm, ""));
}

const optionsFor = (entries, outdir, plugins) => ({
  entryPoints: [...entries.map((entry) => path.join(sources, entry)), ...apart],
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
  mangleProps: new RegExp(`^(${namesOfTheShell.join("|")})$`),
  plugins: [...plugins, wasmWhereItWasBuilt, filesOfTheirOwn, copiesAtOnce, databaseLibraryInside],
});

/**
 * What the shell of a client and the facade call each other by. No bundler could shorten these: it does not
 * know that nobody else does. Each has to be a name that no module exports, and nothing from outside has.
 */
export const namesOfTheShell = [
  ...["calls", "connectUnlessTold", "facade", "failures", "fetchModules", "guard", "isAwaited"],
  ...["connecting", "isOver", "isWanted", "late", "launch", "make", "modules", "namespaces"],
  ...["real", "sends", "there", "thrown", "underWay"],
];

const wasmWhereItWasBuilt = {
  name: "wasm-where-it-was-built",
  setup({ onResolve, onLoad }) {
    // Each has its own: a chunk that it shares would be larger than it is.
    onResolve({ filter: /^\.\.?\/wasm\/build\.js$/ }, ({ importer }) => ({
      ...{ path: "build", namespace: "wasm", suffix: `?${path.basename(importer)}` },
    }));
    onLoad({ filter: /^build$/, namespace: "wasm" }, () => ({
      contents: `export const build = "${buildName()}"; export const release = "${releaseName()}";`,
    }));
    onResolve({ filter: /^\.\/wasm\// }, (imported) => ({
      path: path.join(wasmDirectory, imported.path.slice("./wasm/".length)),
    }));
    onLoad({ filter: /\/glue\.js$/ }, async ({ path: glue }) => ({
      contents: `${importText}\n${toFactory(await readFile(glue, "utf8"))}`,
    }));
  },
};

/**
 * wasm-bindgen's glue is one instance of the module for each page. As a function it is a new one with
 * each call, so that one in which something failed can be given up. `guard` puts itself around the
 * exports of the instance; its timers are set by what it is given.
 */
function toFactory(glue) {
  const imports = [];
  const body = changes.reduce(
    (source, [pattern, replacement]) => {
      if (!pattern.test(source))
        throw new Failure(`wasm-bindgen's glue has no ${pattern} any more`);
      return source.replaceAll(new RegExp(pattern, "gm"), replacement);
    },
    glue.replaceAll(/^import .*$/gm, (line) => (imports.push(line), "")),
  );
  const parameters = "guard, { setTimeout, clearTimeout }";
  return `${imports.join("\n")}\nexport function makeGlue(${parameters}) {\n${body}}\n`;
}

const changes = [
  [/^export class /m, "class "],
  [/^ {4}wasm = instance\.exports;$/m, "    wasm = guard(instance.exports);"],
  // Nobody calls it, and inside of a function nothing leaves it out.
  [/^function initSync\(module\) \{\n[^]*?^\}$/m, ""],
  [
    /^export \{ initSync, __wbg_init as default \};$/m,
    "return { initialize: __wbg_init, Client, Engine, Decoder };",
  ],
];

/** The glue makes a `TextDecoder` when it is loaded; jsdom has none. */
const importText = `import { TextDecoder, TextEncoder } from ${JSON.stringify(path.join(sources, "text"))};`;

/**
 * Otherwise the lazy ones would be torn in two, because one entry imports them lazily and one does not; and
 * what the others share with the facade would be loaded with the entry.
 */
const filesOfTheirOwn = {
  name: "files-of-their-own",
  setup({ onResolve }) {
    onResolve(
      { filter: /\/(core|facade|inWorker|payload|streams)\.[jt]s$/ },
      ({ path: imported, resolveDir }) => {
        const file = path.join(resolveDir, imported).replace(/\.[jt]s$/, "");
        return apart.includes(file)
          ? { path: `./${path.basename(file)}.js`, external: true }
          : undefined;
      },
    );
  },
};

/**
 * Small files that what is loaded at once has once more, for itself: bundlers would make chunks of what it shares
 * with the facade, whose names and exports are larger than they are.
 */
const copiesAtOnce = {
  name: "copies-at-once",
  setup({ onResolve }) {
    const filter =
      /\/(binary|deferred|outboxBounds|page|randomId|show|symbolObservable|toValue)\.js$/;
    const places = [path.join(sources, "shell/"), path.join(sources, "validate.ts")];
    onResolve({ filter }, ({ path: imported, importer, resolveDir }) =>
      places.some((place) => importer.startsWith(place))
        ? { path: path.join(resolveDir, imported).replace(/js$/, "ts"), suffix: "?atOnce" }
        : undefined,
    );
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
