/** Programs that end with the tests, together with all that they started. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { exitOnSignals } from "../../support/signals.mjs";

/** Starts a program in a process group of its own; `kill` ends the group. */
export function startProgram(command, args, { env = {}, stdio = "ignore" } = {}) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio, detached: true });
  const ended = once(child, "close");
  ended.catch(() => {}); // that it did not start is told by `lineOf` and `kill`
  const signal = () => signalGroup(child);
  const ignoreSignals = exitOnSignals();
  process.on("exit", signal);
  const kill = async () => {
    signal();
    await ended;
    ignoreSignals();
    process.off("exit", signal);
  };
  return { child, kill };
}

/** Resolves with what `pattern` finds in a line that the program prints on `stream`. */
export function lineOf(child, stream, pattern) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`${child.spawnfile} ended with ${code}`)));
    createInterface({ input: stream }).on("line", (line) => {
      const found = pattern.exec(line);
      if (found) resolve(found);
    });
  });
}

function signalGroup(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended already, or never started.
  }
}
