/** Servers that are programs of their own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { inRoot } from "../../tools/lib/paths.mjs";
import { onPath } from "../../tools/lib/programs.mjs";
import { pythonProgram } from "../../tools/setup/python.mjs";
import { mockProgram } from "../browser/support/mock.mjs";
import { exitOnSignals } from "../browser/support/signals.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Starts the python-socketio server; resolves with its address. */
export const startPython = async (t) =>
  (await startProgram(t, pythonProgram, [here("python/server.py")], /^listening on (\S+)/))
    .found[1];

/** Starts one of the servers of the cluster; resolves with its port. */
export const startWorker = async (t) => {
  const worker = here("cluster-worker.mjs");
  const { found } = await startProgram(t, process.execPath, [worker], /^listening on (\d+)/);
  return Number(found[1]);
};

/** Starts a server with the helper; resolves with its process and its address. */
export const startHelperWorker = async (t, settings) => {
  const worker = [here("server-helper-worker.mjs"), JSON.stringify(settings)];
  const ready = /^listening on (\d+)/;
  const { child, found } = await startProgram(t, process.execPath, worker, ready);
  return { child, url: `http://127.0.0.1:${found[1]}` };
};

/** Starts a server from its text, which says that it is listening and where; resolves with its address. */
export async function startText(t, text) {
  const evaluate = ["--input-type=module", "--eval", text];
  const options = { cwd: inRoot(), env: { ...process.env, PORT: "0" } };
  const ready = /listening.* port: (\d+)/;
  const { found } = await startProgram(t, process.execPath, evaluate, ready, options);
  return `http://127.0.0.1:${found[1]}`;
}

/** Starts a Redis that keeps nothing; resolves with the socket that it listens to. */
export const startRedis = async (t) => (await startRedisIn(t, ["--appendonly", "no"])).socket;

/** Starts a Redis that keeps all; `restart` kills it and starts it again. */
export const startLastingRedis = (t) =>
  startRedisIn(t, ["--appendonly", "yes", "--appendfsync", "always"]);

async function startRedisIn(t, keeping) {
  const directory = mkdtempSync(path.join(tmpdir(), "sockeye-redis-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const socket = path.join(directory, "redis.sock");
  const where = ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", directory];
  const start = () =>
    startProgram(t, onPath("redis-server"), [...where, ...keeping], /[Rr]eady to accept/);
  let { child } = await start();
  const restart = async () => {
    const ended = once(child, "close");
    child.kill("SIGKILL");
    await ended;
    ({ child } = await start());
  };
  return { socket, restart };
}

/** Starts a proxy in front of a port; resolves with the URLs of its own port and of its control API. */
export async function startFaultProxy(t, port) {
  const args = ["proxy", "--upstream", `127.0.0.1:${port}`];
  const ready = /^listening on (\S+), control on (\S+)/;
  const { found } = await startProgram(t, mockProgram, args, ready);
  return { url: found[1], control: found[2] };
}

/** Something like a test, of which what was started last is ended first. */
export function endInReverse(t) {
  const ends = [];
  t.after(async () => {
    for (const end of ends.reverse()) await end();
  });
  return { after: (end) => ends.push(end) };
}

/** Resolves when the program prints a line like `ready`; it ends with the test. */
export async function startProgram(t, program, args, ready, options = {}) {
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  const kill = () => child.kill("SIGKILL");
  const ignoreSignals = exitOnSignals();
  process.on("exit", kill);
  t.after(async () => {
    kill();
    await ended;
    ignoreSignals();
    process.off("exit", kill);
  });
  const found = await matchingLine(child, ready);
  return { child, found };
}

function matchingLine(child, pattern) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`the server ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const found = pattern.exec(line);
      if (found) resolve(found);
    });
  });
}
