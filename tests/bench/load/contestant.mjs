/** One server under load: it and the generator are programs of their own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import path from "node:path";
import { cargoTarget } from "../../../tools/lib/paths.mjs";
import { Failure } from "../../../tools/lib/report.mjs";
import { cargo } from "../../../tools/toolchain.mjs";
import { usageOf } from "./usage.mjs";

/** Built as they are released; for a quick run as everything else for tests. */
const profiles = { full: ["release", "--release"], quick: ["debug"] };

/** How often the memory is looked at while a command is at work. */
const lookMs = 100;
/** No command takes longer. */
const limitMs = 60_000;

/** Builds the mock server and the generator; returns what is to be run. */
export async function buildPrograms(quick) {
  const [folder, ...options] = profiles[quick ? "quick" : "full"];
  const packages = ["--package", "sockeye-mock", "--package", "sockeye-load"];
  await cargo(["build", "--quiet", ...options, ...packages]);
  const built = (name) => path.join(cargoTarget, folder, name);
  const mock = [built("sockeye-mock"), "--port", "0", "--contract", "craft", "--rate", "0"];
  const socketIo = [process.execPath, fileURLToPath(new URL("socketIo.mjs", import.meta.url))];
  return { servers: { ours: mock, reference: socketIo }, generator: built("sockeye-load") };
}

/** Calls `body` with a function that has a server loaded, and ends server and generator. */
export async function withServer(command, generator, body) {
  const programs = [];
  try {
    const server = startProgram(programs, command);
    const [, address] = /^listening on http:\/\/(\S+)/.exec(await server.line()) ?? [];
    const load = startProgram(programs, [generator, address]);
    const before = usageOf(server.child.pid);
    return { before, ...(await body((...words) => tell(load, server.child.pid, words))) };
  } finally {
    for (const program of programs) await end(program);
  }
}

/** Tells the generator what to do; resolves with what has come of it, and what the server has used meanwhile. */
async function tell(load, pid, words) {
  const before = usageOf(pid);
  let peakKb = before.residentKb;
  const look = () => (peakKb = Math.max(peakKb, usageOf(pid).residentKb));
  const looking = setInterval(look, lookMs);
  try {
    load.child.stdin.write(`${words.join(" ")}\n`);
    const told = JSON.parse(await load.line());
    look();
    return { ...told, peakKb, cpuSeconds: usageOf(pid).cpuSeconds - before.cpuSeconds };
  } finally {
    clearInterval(looking);
  }
}

function startProgram(programs, [command, ...args]) {
  const env = { ...process.env, RUST_LOG: "warn", NODE_ENV: "production" };
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const name = path.basename(command);
  const program = { child, line: () => nextLine(name, lines) };
  child.once("error", () => undefined); // then it says nothing, and `line` tells
  programs.push(program);
  return program;
}

async function nextLine(name, lines) {
  const tooLate = new Promise((resolve) => {
    setTimeout(resolve, limitMs, { done: true }).unref();
  });
  const { done, value } = await Promise.race([lines.next(), tooLate]);
  if (done) throw new Failure(`${name} has ended, or says nothing for ${limitMs / 1_000} s`);
  return value;
}

async function end({ child }) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "close");
  child.kill("SIGKILL");
  await ended;
}
