/** What the runners of the browser's tests share: what has to be there, and node's test runner. */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { inRoot, installedPackage, npmBin } from "../../../tools/lib/paths.mjs";
import { announce } from "../../../tools/lib/report.mjs";
import { run, runNode } from "../../../tools/lib/run.mjs";
import { cargo } from "../../../tools/toolchain.mjs";

/** Builds the package if there is none. */
export async function needPackage() {
  if (!existsSync(installedPackage)) await runNode("tools/build.mjs");
}

/** Builds the demo with the package that is installed. */
export async function needDemo() {
  announce("Building the demo", "some seconds");
  await run(npmBin("vite"), ["build", "--logLevel", "warn"], { cwd: inRoot("www") });
}

/** Builds the mock server; that takes no time if it is up to date. */
export async function needMock() {
  announce("Compiling the mock server", "one to three minutes the first time");
  await cargo(["build", "--quiet", "--package", "sockeye-mock"]);
}

/** Runs the test files in these folders of `tests/`, or only those that are named, with these variables besides. */
export async function runTestFiles(folders, names = [], env = {}) {
  const files = folders.flatMap(testFiles);
  const chosen = files.filter(
    (file) =>
      names.length === 0 || names.some((name) => path.relative(inRoot(), file).includes(name)),
  );
  // The time limit is that of a file, too.
  const limits = ["--test-timeout=180000", "--test-concurrency=2"];
  await run(process.execPath, ["--test", "--test-reporter=spec", ...limits, ...chosen], {
    limitSeconds: 600,
    env: { ...process.env, ...env },
  });
}

function testFiles(folder) {
  const directory = inRoot("tests", folder);
  const isTest = (name) => name.endsWith(".test.mjs");
  return readdirSync(directory)
    .filter(isTest)
    .map((name) => path.join(directory, name));
}
