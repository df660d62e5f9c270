/**
 * Everything from a fresh clone to the demo: `npm start [-- <arguments of the mock server>]`.
 *
 * Imports nothing that set-up has to install first.
 */
import { createServer } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { cargoTarget, inRoot, npmBin } from "./lib/paths.mjs";
import { Failure, announce, bold, main } from "./lib/report.mjs";
import { run, runNode, start, stopAll } from "./lib/run.mjs";
import { cargo } from "./toolchain.mjs";

const host = "127.0.0.1";
const patienceMs = 5_000;

let server;

main(async (args) => {
  process.on("SIGINT", stop).on("SIGTERM", stop);
  await refuseTakenPort(portOf(args));
  await makeEverything();
  return serve(args);
});

/** The mock server reads its arguments itself; only the port is of interest here. */
function portOf(args) {
  const { port } = parseArgs({ args, strict: false, options: { port: { type: "string" } } }).values;
  return Number(port ?? 4000);
}

/** Asked before all the work, rather than told by the server after it. */
function refuseTakenPort(port) {
  const taken = new Failure(
    `port ${port} is taken by another program`,
    `stop that program, or npm start -- --port ${port + 1}`,
  );
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", ({ code }) => (code === "EADDRINUSE" ? reject(taken) : resolve()));
    probe.listen({ port, host }, () => probe.close(resolve));
  });
}

async function makeEverything() {
  await runNode("tools/setup.mjs", ["--for", "start"]);
  await runNode("tools/build.mjs");
  announce("Building the demo", "some seconds");
  await run(npmBin("vite"), ["build", "--logLevel", "warn"], { cwd: inRoot("www") });
  announce("Compiling the mock server", "one to three minutes the first time");
  await cargo(["build", "--package", "sockeye-mock"]);
}

/** Runs the server until it ends; resolves with its exit code. */
function serve(args) {
  const program = path.join(cargoTarget, "debug/sockeye-mock");
  server = start(program, ["--www", inRoot("www/dist"), ...args]);
  createInterface({ input: server.stdout }).on("line", tellWhereToLook);
  return new Promise((resolve) => {
    server.once("close", (code) => resolve(code ?? 1));
  });
}

function tellWhereToLook(line) {
  const url = /^listening on (\S+)/.exec(line)?.[1].replace(host, "localhost");
  console.log(url ? `\n${bold(`Sockeye demo: ${url}`)}   (Ctrl-C stops it)\n` : line);
}

/** Being stopped is how this ends well; a server that does not listen is ended all the same. */
function stop() {
  if (!server) process.exit(0);
  server.once("close", () => process.exit(0));
  setTimeout(() => stopAll("SIGKILL"), patienceMs).unref();
}
