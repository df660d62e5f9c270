/**
 * What an application ships: `npm run size`; with `-- --breakdown` what that is spent on.
 *
 * Bundles tiny applications as their bundler would, compresses as their server would, and compares
 * with the budget of size-budget.json, in gzip or brotli; socket.io-client is there to compare with.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { wasmDirectory } from "./build/wasm.mjs";
import { inRoot, installedPackage, packageName } from "./lib/paths.mjs";
import { Failure, green, main, printTable, red } from "./lib/report.mjs";
import { printBreakdown } from "./size/breakdown.mjs";

const resultFile = inRoot("target/size.json");
const budgetFile = inRoot("tools/size-budget.json");

const useClient = (from) =>
  `import { createClient } from "${from}"; globalThis.use = createClient;`;
const useIo = (from) => `import { io } from "${from}"; globalThis.use = io;`;

main(async (args) => {
  const options = { breakdown: { type: "boolean", default: false } };
  if (parseArgs({ args, options }).values.breakdown) return printBreakdown();
  if (!existsSync(installedPackage)) throw new Failure("there is no package yet", "npm run build");
  const sizes = (await subjects()).map(withBudget);
  mkdirSync(path.dirname(resultFile), { recursive: true });
  writeFileSync(resultFile, `${JSON.stringify(sizes, null, 2)}\n`);
  print(sizes);
  const tooBig = sizes.filter(isOverBudget).map(({ file }) => file);
  if (tooBig.length === 0) return 0;
  throw new Failure(
    `over budget: ${tooBig.join("; ")}`,
    "make it smaller, or raise it in tools/size-budget.json",
  );
});

/** Returns what is measured: its name and its bytes. */
async function subjects() {
  const lazy = await application(useClient(packageName));
  const reference = await application(useIo("socket.io-client"));
  return [
    measure(`${packageName}, initial`, lazy.initial),
    measure(`${packageName}, lazy core`, lazy.later),
    measure(`${packageName}, beside it with a worker`, lazy.forWorker),
    ...(await inlineApplication()),
    ...(await urlApplication()),
    ...(await compatApplication()),
    measure(`${packageName}/react, beside the client`, await adapter("react.js", ["react"])),
    measure(`${packageName}/angular, beside the client`, await adapter("angular.mjs", angular)),
    measure("sockeye.wasm", readFileSync(path.join(installedPackage, "dist/sockeye.wasm"))),
    measure("glue", await minifiedGlue()),
    measure("socket.io-client (to compare)", reference.initial),
  ];
}

async function inlineApplication() {
  if (!existsSync(path.join(installedPackage, "dist/inline.js"))) return [];
  const { initial, later } = await application(useClient(`${packageName}/inline`));
  return [measure(`${packageName}/inline`, Buffer.concat([initial, later]))];
}

/** Beside these there is the `.wasm` file. */
async function urlApplication() {
  const { initial, later } = await application(useClient(`${packageName}/url`));
  const name = `${packageName}/url`;
  return [measure(`${name}, initial`, initial), measure(`${name}, lazy scripts`, later)];
}

/** The lazy core is the same. */
async function compatApplication() {
  if (!existsSync(path.join(installedPackage, "dist/compat.js"))) return [];
  const { initial } = await application(useIo(`${packageName}/compat`));
  return [measure(`${packageName}/compat, initial`, initial)];
}

const angular = ["@angular/*", "rxjs"];

/** What the functions for a framework add: without it, and without what they share with the other entries. */
async function adapter(file, framework) {
  const entryPoints = [path.join(installedPackage, "dist", file)];
  const { outputFiles } = await bundle({
    entryPoints,
    external: [...framework, "./shared-*", "./streams.js"],
  });
  return outputFiles[0].contents;
}

/** Bundles a program; returns the bytes that its page loads at once, and those that it loads later. */
async function application(contents) {
  const { outputFiles, metafile } = await bundle({
    stdin: { contents, resolveDir: inRoot(), sourcefile: "application.js" },
    splitting: true,
    metafile: true,
  });
  const atOnce = filesLoadedAtOnce(metafile.outputs);
  const bytes = (isWanted) =>
    Buffer.concat(outputFiles.filter(isWanted).map((file) => file.contents));
  const nameOf = (file) => path.relative(inRoot(), file.path);
  const isAtOnce = (file) => atOnce.has(nameOf(file));
  const isForWorker = (file) => metafile.outputs[nameOf(file)].entryPoint?.endsWith("/inWorker.js");
  return {
    initial: bytes(isAtOnce),
    later: bytes((file) => !isAtOnce(file) && !isForWorker(file)),
    forWorker: bytes(isForWorker),
  };
}

/** Follows the static imports from the entry. */
function filesLoadedAtOnce(outputs) {
  const files = new Set(
    Object.keys(outputs).filter((file) => outputs[file].entryPoint?.endsWith("application.js")),
  );
  for (const file of files) {
    const statically = outputs[file].imports.filter(({ kind }) => kind === "import-statement");
    statically.forEach((imported) => files.add(imported.path));
  }
  return files;
}

async function minifiedGlue() {
  const { outputFiles } = await bundle({ entryPoints: [path.join(wasmDirectory, "glue.js")] });
  return outputFiles[0].contents;
}

const bundle = (options) =>
  build({
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    platform: "browser",
    legalComments: "none",
    logLevel: "error",
    absWorkingDir: inRoot(),
    outdir: inRoot("target/size"),
    ...options,
  });

const measure = (file, bytes) => ({
  file,
  raw: bytes.length,
  gzip: gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }).length,
  brotli: brotliCompressSync(bytes).length, // its best quality, 11, is the default
});

function withBudget(size) {
  const budgets = JSON.parse(readFileSync(budgetFile, "utf8"));
  const [[encoding, budget] = []] = Object.entries(budgets[size.file] ?? {});
  return { ...size, encoding: encoding ?? null, budget: budget ?? null };
}

const isOverBudget = (size) => size.budget !== null && size[size.encoding] > size.budget;

function print(sizes) {
  const rows = sizes.map((size) => [
    ...[size.file, size.raw, size.gzip, size.brotli],
    size.budget === null ? "-" : `${size.budget} ${size.encoding}`,
    size.budget === null ? "" : isOverBudget(size) ? red("over") : green("ok"),
  ]);
  printTable(["bytes", "raw", "gzip -9", "brotli 11", "budget", ""], rows, [1, 2, 3, 4]);
}
