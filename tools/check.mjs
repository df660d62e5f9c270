/**
 * Formatting, lints, documentation, types: `npm run check [-- --fix] [-- <gate> ...]`.
 *
 * Every gate runs even if one before it fails; only failing ones show what their program printed.
 * `--fix` first lets the formatters and eslint mend what they can.
 */
import { parseArgs } from "node:util";
import { npmBin } from "./lib/paths.mjs";
import { Failure, announce, dim, green, main, red, since } from "./lib/report.mjs";
import { run, runNode } from "./lib/run.mjs";
import { cargo, wasmTarget } from "./toolchain.mjs";

const quiet = { capture: true };
const onWasm = ["--package", "sockeye", "--target", wasmTarget];
const everywhere = ["--workspace"];
/** The API for front ends in Rust, which nothing else turns on. */
const rustApi = [...onWasm, "--features", "rust-api"];

const npmProgram = (name, ...args) => run(npmBin(name), args, quiet);
const clippy = (where) =>
  cargo(["clippy", "--quiet", "--keep-going", ...where, "--", "-D", "warnings"], quiet);
const rustdoc = (where) =>
  cargo(["doc", "--quiet", ...where, "--no-deps"], {
    ...quiet,
    env: { RUSTDOCFLAGS: "-D warnings" },
  });

/** Compiles those of the Rust API and its guide for the browser; what runs them does nothing. */
function compileExamples() {
  const runner = `CARGO_TARGET_${wasmTarget.toUpperCase().replaceAll("-", "_")}_RUNNER`;
  const examples = ["test", "--quiet", "--doc", ...rustApi, "--", "rust_api"];
  return cargo(examples, { ...quiet, env: { [runner]: "true" } });
}

/** Refuses what only the Rust API needs among what the npm package is compiled from. */
async function keepRustApiApart() {
  const tree = ["tree", ...onWasm, "--edges", "normal", "--prefix", "none"];
  const [all, own] = await Promise.all(
    [[], ["--depth", "1"]].map((depth) => cargo([...tree, ...depth], quiet)),
  );
  // js-sys has futures of its own.
  const isForeign = (pattern) => (crate) => pattern.test(crate);
  const foreign = [
    ...all.split("\n").filter(isForeign(/^serde/)),
    ...own.split("\n").filter(isForeign(/^futures/)),
  ];
  if (foreign.length > 0) throw new Failure(`the npm package depends on ${foreign.join(", ")}`);
}

/** The package comes first: the demo and the tests are type-checked against it. */
const gates = {
  package: { check: () => runNode("tools/build.mjs", [], quiet) },
  rustfmt: {
    check: () => cargo(["fmt", "--all", "--check", "--", "--color", "never"], quiet),
    fix: () => cargo(["fmt", "--all"]),
  },
  prettier: {
    check: () => npmProgram("prettier", "--check", "--log-level", "warn", "."),
    fix: () => npmProgram("prettier", "--write", "--log-level", "warn", "."),
  },
  "clippy-native": { check: () => clippy([...everywhere, "--all-targets"]) },
  "clippy-wasm32": { check: () => clippy([...onWasm, "--all-targets"]) },
  "clippy-rust-api": { check: () => clippy([...rustApi, "--lib", "--test", "rust_api"]) },
  "rust-api-apart": { check: keepRustApiApart },
  "rustdoc-native": { check: () => rustdoc(everywhere) },
  "rustdoc-wasm32": { check: () => rustdoc(rustApi) },
  support: { check: () => runNode("tools/support.mjs", ["--check"], quiet) },
  "examples-rust-api": { check: compileExamples },
  tsc: { check: () => npmProgram("tsc", "--noEmit") },
  docs: { check: () => runNode("tools/docs.mjs", [], quiet) },
  types: { check: () => runNode("tests/types/run.mjs", [], quiet) },
  eslint: {
    check: () => npmProgram("eslint", "--max-warnings", "0", "."),
    fix: () => npmProgram("eslint", "--fix", ".").catch(() => undefined), // the gate will tell
  },
};

main(async (args) => {
  const { fix, chosen } = parse(args);
  announce(`Checking ${chosen.length} gates`, "some minutes the first time, then two minutes");
  if (fix) for (const name of chosen) await gates[name].fix?.();
  let failed = 0;
  for (const name of chosen) failed += (await passes(name)) ? 0 : 1;
  return failed === 0 ? 0 : 1;
});

function parse(args) {
  const options = { fix: { type: "boolean", default: false } };
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const unknown = positionals.filter((name) => !(name in gates));
  if (unknown.length > 0) {
    throw new Failure(`no such gate: ${unknown}`, `one of: ${Object.keys(gates).join(" ")}`);
  }
  return { fix: values.fix, chosen: positionals.length > 0 ? positionals : Object.keys(gates) };
}

async function passes(name) {
  const start = performance.now();
  try {
    await gates[name].check();
    console.log(`${green("ok    ")} ${name} ${dim(since(start))}`);
    return true;
  } catch (failure) {
    console.log(`${red("FAILED")} ${name} ${dim(since(start))}\n${failure.output ?? ""}`);
    console.log(failure.message);
    const remedy = failure.remedy ?? (gates[name].fix && "npm run check -- --fix");
    if (remedy) console.log(`  to mend it: ${remedy}`);
    return false;
  }
}
