/** Running other programs: with a time limit, stopped together with this script. */
import { spawn, spawnSync } from "node:child_process";
import { root, inRoot } from "./paths.mjs";
import { Failure } from "./report.mjs";

const minute = 60;
const running = new Set();

/**
 * Runs a program and resolves with what it printed (empty unless `capture`).
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, capture?: boolean, limitSeconds?: number,
 *   remedy?: string}} [options]
 * @returns {Promise<string>} standard output and standard error, in the order printed
 * @throws {ProgramFailure} when it fails, cannot be started or is not finished within the limit
 */
export async function run(command, args, options = {}) {
  const { cwd = root, env = process.env, capture = false, limitSeconds = 60 * minute } = options;
  const stdio = capture ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"];
  const child = spawn(command, args, { cwd, env, stdio, detached: true });
  running.add(child);
  const printed = collect(child);
  const cause = await outcome(child, limitSeconds);
  running.delete(child);
  const output = Buffer.concat(printed).toString();
  if (cause) throw new ProgramFailure([command, ...args], cause, output, options.remedy);
  return output;
}

/** A program that did not succeed; `output` is what it printed, if that was captured. */
export class ProgramFailure extends Failure {
  constructor(commandLine, cause, output, remedy) {
    super(`\`${commandLine.join(" ")}\` ${cause}`, remedy);
    this.output = output;
  }
}

/** Returns what a short program prints, or undefined if it is missing or fails. */
export function ask(command, args, { env = process.env, limitSeconds = 20 } = {}) {
  const options = { cwd: root, env, encoding: "utf8", timeout: limitSeconds * 1000 };
  const { status, stdout } = spawnSync(command, args, options);
  return status === 0 ? stdout.trim() : undefined;
}

/** Runs another script of this repository, by the same name as people run it. */
export const runNode = (script, args = [], options = {}) =>
  run(process.execPath, [inRoot(script), ...args], options);

/**
 * Starts a program that runs until it is stopped, at the latest with this script; its standard
 * output is left to the caller.
 */
export function start(command, args, { cwd = root, env = process.env } = {}) {
  const stdio = ["ignore", "pipe", "inherit"];
  const child = spawn(command, args, { cwd, env, stdio, detached: true });
  running.add(child);
  child.once("close", () => running.delete(child));
  return child;
}

/** Stops everything that this script started. */
export function stopAll(signal = "SIGTERM") {
  for (const child of running) stopGroup(child, signal);
}

function collect(child) {
  const chunks = [];
  child.stdout?.on("data", (chunk) => chunks.push(chunk));
  child.stderr?.on("data", (chunk) => chunks.push(chunk));
  return chunks;
}

/** Resolves with undefined when the program succeeds, otherwise with the reason in words. */
function outcome(child, limitSeconds) {
  return new Promise((resolve) => {
    const tooLate = setTimeout(() => {
      stopGroup(child, "SIGKILL");
      resolve(`was not finished after ${limitSeconds} s`);
    }, limitSeconds * 1000);
    const settle = (cause) => {
      clearTimeout(tooLate);
      resolve(cause);
    };
    child.once("error", (error) => settle(`could not be started: ${error.message}`));
    child.once("close", (code, signal) => settle(code === 0 ? undefined : ending(code, signal)));
  });
}

const ending = (code, signal) =>
  signal ? `was ended by ${signal}` : `failed with exit code ${code}`;

/** Each program leads its own process group, so that what it started ends with it. */
function stopGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended already, or never started.
  }
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
]) {
  process.on(signal, () => {
    stopAll();
    if (process.listenerCount(signal) === 1) process.exit(code);
  });
}
