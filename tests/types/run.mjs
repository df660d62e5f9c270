/**
 * The types of the packed package under each TypeScript that it supports: `npm run test:types`.
 *
 * An application (`consumer/`), and the type tests of the sources, which are given the package instead.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { npmDependencies } from "../../tools/setup/kinds.mjs";
import { inRoot, installedPackage } from "../../tools/lib/paths.mjs";
import { record } from "../../tools/lib/records.mjs";
import { Failure, announce, dim, green, main, red, since } from "../../tools/lib/report.mjs";
import { run } from "../../tools/lib/run.mjs";

const here = inRoot("tests/types");
const copied = inRoot("target/types");
const wanted = readJson(path.join(here, "package.json")).devDependencies;
const compilers = Object.keys(wanted);
/** Types of other packages may need a newer TypeScript than ours do. */
const isOurs = (complaint) => !/^(\.\.\/)*node_modules\/(?!sockeye-client\/)/.test(complaint);

main(async () => {
  if (!existsSync(installedPackage)) throw new Failure("there is no package", "npm run build");
  announce(`Types under ${compilers.join(", ")}`, "about a minute");
  const dependencies = npmDependencies(here);
  if (!dependencies.isReady()) await dependencies.install();
  copyTypeTests();
  let failed = 0;
  for (const compiler of compilers) failed += (await passes(compiler)) ? 0 : 1;
  return failed === 0 ? 0 : 1;
});

/** The tests import the sources; a copy of each imports what users do. */
function copyTypeTests() {
  rmSync(copied, { recursive: true, force: true });
  mkdirSync(copied, { recursive: true });
  const tests = inRoot("pkg-template/test");
  const names = readdirSync(tests, { recursive: true }).filter((name) =>
    /\.test-d\.ts$/.test(name),
  );
  for (const name of names) {
    const text = readFileSync(path.join(tests, name), "utf8");
    writeFileSync(path.join(copied, name.replaceAll(/[\\/]/g, "-")), ofPackage(text));
  }
  const project = { extends: path.join(here, "consumer/tsconfig.json") };
  const include = [path.join(here, "consumer"), "."];
  writeFileSync(path.join(copied, "tsconfig.json"), JSON.stringify({ ...project, include }));
}

const ofPackage = (text) =>
  text.replaceAll(/"(?:\.\.\/)+src\/(\w+)(\/index)?\.js"/g, (_, entry) =>
    entry === "index" ? '"sockeye-client"' : `"sockeye-client/${entry}"`,
  );

async function passes(compiler) {
  const program = path.join(here, "node_modules", compiler, "bin/tsc");
  const start = performance.now();
  const complaints = await complaintsOf(program);
  const passed = complaints.length === 0;
  record("compilers", versionOf(compiler), { passed });
  console.log(`${passed ? green("ok    ") : red("FAILED")} ${compiler} ${dim(since(start))}`);
  if (!passed) console.log(complaints.join("\n"));
  return passed;
}

/** They are installed under names of their own, such as `npm:typescript@5.9.3`. */
const versionOf = (compiler) => wanted[compiler].split("@").at(-1);

/** What the compiler says, each with the lines that explain it. */
async function complaintsOf(program) {
  const args = [program, "--pretty", "false", "--project", copied];
  try {
    await run(process.execPath, args, { cwd: inRoot(), capture: true, limitSeconds: 240 });
    return [];
  } catch (failure) {
    const complaints = failure.output.split(/\n(?=\S)/).filter((text) => text.trim() !== "");
    if (!complaints.some((text) => /error TS\d+/.test(text))) throw failure;
    return complaints.filter(isOurs);
  }
}

function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}
