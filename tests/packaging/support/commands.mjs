/** Runs a consumer's commands: builds, programs, servers. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { exitOnSignals } from "../../browser/support/signals.mjs";
import { waitFor } from "../../browser/support/wait.mjs";
import { root } from "../../../tools/lib/paths.mjs";
import { run } from "../../../tools/lib/run.mjs";
import { consumerEnvironment } from "./install.mjs";

const startLimitMs = 120_000;

/** Runs one command or several, one after the other; `values` replace `{server}` and the like, `{root}` is this repository. */
export async function runCommands(commands, directory, values = {}, limitSeconds = 240) {
  for (const line of [commands].flat()) {
    const { program, args, env } = parse(line, directory, values);
    await run(program, args, { cwd: directory, env, capture: true, limitSeconds });
  }
}

/** Starts a server on a free port; resolves with its address when it answers, and with how to stop it. */
export async function startServer(line, directory, values = {}) {
  const port = await freePort();
  const { program, args, env } = parse(line, directory, { ...values, port });
  const child = spawn(program, args, {
    cwd: directory,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const printed = [];
  child.stdout.on("data", (chunk) => printed.push(chunk));
  child.stderr.on("data", (chunk) => printed.push(chunk));
  const stop = stopper(child);
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitFor(`\`${line}\` to answer`, () => answers(url, child), startLimitMs);
  } catch (failure) {
    await stop();
    throw Object.assign(failure, { output: Buffer.concat(printed).toString() });
  }
  return { url, stop, served: new Map(), isForeign: true };
}

/** The first word is a program of the consumer's, or `node`, which may be the consumer's as well. */
function parse(line, directory, values) {
  const fill = (word) =>
    word.replaceAll(/\{(\w+)\}/g, (_, name) => String({ root, ...values }[name]));
  const [name, ...args] = line.split(" ").map(fill);
  const programs = path.join(directory, "node_modules/.bin");
  const own = path.join(programs, name);
  const program = name === "node" && !existsSync(own) ? process.execPath : own;
  const env = consumerEnvironment({
    ...{ PATH: `${programs}${path.delimiter}${process.env.PATH}` },
    ...(values.server && { SERVER: values.server }),
  });
  return { program, args, env };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function answers(url, child) {
  if (child.pid === undefined) throw new Error("the program cannot be started");
  if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
  return fetch(url, { signal: AbortSignal.timeout(30_000) }).then(
    ({ status }) => status < 500,
    () => false,
  );
}

/** It leads a process group, so that what it started ends with it, also when this process ends. */
function stopper(child) {
  const ended = once(child, "close").catch(() => {});
  const kill = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended already.
    }
  };
  const ignoreSignals = exitOnSignals();
  process.on("exit", kill);
  return async () => {
    kill();
    await ended;
    ignoreSignals();
    process.off("exit", kill);
  };
}
