/** The mock server as a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { cargoTarget } from "../../../tools/lib/paths.mjs";
import { exitOnSignals } from "./signals.mjs";

export const mockProgram = path.join(cargoTarget, "debug/sockeye-mock");

/** Starts it on `port`, by default a free one, without traffic of its own unless `args` say so. */
export async function startMock({ port = 0, args = ["--rate", "0"] } = {}) {
  const stdio = ["ignore", "pipe", "ignore"];
  const child = spawn(mockProgram, ["--port", String(port), ...args], { stdio });
  const stopped = once(child, "close");
  const letGo = endWithThisProcess(child);
  const stop = async () => {
    child.kill("SIGKILL");
    await stopped;
    letGo();
  };
  const url = await readyLine(child);
  return { url, port: Number(new URL(url).port), stop, ...control(url) };
}

function endWithThisProcess(child) {
  const kill = () => child.kill("SIGKILL");
  const ignoreSignals = exitOnSignals();
  process.on("exit", kill);
  return () => {
    ignoreSignals();
    process.off("exit", kill);
  };
}

function readyLine(child) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`the mock server ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const url = /^listening on (\S+)/.exec(line)?.[1];
      if (url) resolve(url);
    });
  });
}

function control(url) {
  const post = async (path, body) => {
    const init = { method: "POST", headers: { "content-type": "application/json" } };
    const response = await fetch(url + path, { ...init, body: JSON.stringify(body ?? {}) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const connections = async () => (await fetch(`${url}/control/connections`)).json();
  return { post, connections, cut: (what) => post("/control/cut", what) };
}
