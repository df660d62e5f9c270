#!/usr/bin/env node
/** Runs the program of this platform, which is in a package of its own, as if it had been called itself. */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { thisPlatform } from "./platforms.mjs";

const program = findProgram();
if (program) run(program);

function findProgram() {
  const platform = thisPlatform();
  if (!platform) {
    return fail(`there is no package for ${process.platform} ${process.arch}`, [
      "cargo install sockeye-mock",
    ]);
  }
  try {
    return createRequire(import.meta.url).resolve(`${platform.name}/${platform.program}`);
  } catch {
    return fail(`the package ${platform.name}, which has the program, is not installed`, [
      "npm install again, without --omit=optional, and without a node_modules and a lock file of another platform",
      "or cargo install sockeye-mock",
    ]);
  }
}

/** Passes on signals and the exit code. Windows tells the program itself that Ctrl-C was pressed. */
function run(file) {
  const child = spawn(file, process.argv.slice(2), { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => process.platform === "win32" || child.kill(signal));
  }
  child.once("error", ({ message }) =>
    fail(`${file} cannot be started: ${message}`, ["cargo install sockeye-mock"]),
  );
  child.once("exit", (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}

function fail(cause, remedies) {
  console.error([`sockeye-mock: ${cause}`, ...remedies.map(cureLine)].join("\n"));
  process.exitCode = 1;
}

function cureLine(remedy) {
  return `  to mend it: ${remedy}`;
}
