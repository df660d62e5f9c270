/** What the tests of the back ends share: their servers as programs, and a page with the package. */
import { once } from "node:events";
import path from "node:path";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { pythonProgram } from "../../tools/setup/python.mjs";
import { useBrowser } from "../browser/support/browser.mjs";
import { startSite } from "../browser/support/site.mjs";
import { startProgram } from "../interop/processes.mjs";

const servers = fileURLToPath(new URL("servers/", import.meta.url));
const compiled = fileURLToPath(new URL("dist/", import.meta.url));
const ready = /^(?:listening on (?<address>\S+)|ready)/;
export const host = "127.0.0.1";

/** Starts a program of Node; resolves with what it says about its address, and what kills it. */
export const startNode = (t, name, ...args) =>
  start(t, process.execPath, [path.join(servers, `${name}.mjs`), ...args]);

/** Starts an application of NestJS; resolves with its URL. */
export async function startNest(t, name, ...args) {
  const tsconfigRaw = { compilerOptions: { experimentalDecorators: true } };
  const entryPoints = [path.join(servers, `${name}.ts`)];
  const outExtension = { ".js": ".mjs" };
  await build({ entryPoints, outdir: compiled, outExtension, format: "esm", tsconfigRaw });
  const { address } = await start(t, process.execPath, [
    path.join(compiled, `${name}.mjs`),
    ...args,
  ]);
  return address;
}

/** Starts a program of Python; resolves with its URL. */
export async function startPython(t, name, ...args) {
  const program = path.join(servers, `${name}.py`);
  const { address } = await start(t, pythonProgram, [program, ...args]);
  return address;
}

async function start(t, program, args) {
  const { child, found } = await startProgram(t, program, args, ready);
  const kill = async () => {
    const ended = once(child, "close");
    child.kill("SIGKILL");
    await ended;
  };
  return { address: found.groups.address, kill };
}

/** Returns what opens a page with `window.kit`. */
export function usePage() {
  const browser = useBrowser();
  let site;
  before(async () => (site = await startSite()));
  after(() => site.stop());
  return (t) => browser.open(t, site.url);
}

/** Asks a back end over HTTP. */
export async function ask(method, url, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  const text = await response.text();
  return text === "" ? undefined : JSON.parse(text);
}

/** Resolves when the history of a job says that it is over. */
export async function untilOver(url) {
  for (;;) {
    const { updates } = await ask("GET", `${url}/history?limit=1`);
    if (updates.some(({ event }) => event === "job:completed")) return;
  }
}

/** Follows a job of `window.client`; notes its states in `window.states`, and how it ends in `window.ended`. */
export const follow = (page, jobId, dialect, ...args) =>
  page.evaluate(
    async ([jobId, dialect, args]) => {
      const sockeye = await import("/sockeye/index.js");
      const { promise, resolve } = Promise.withResolvers();
      window.states = [];
      window.ended = promise;
      const named = sockeye[dialect];
      const spoken = typeof named === "function" ? named(...args) : named;
      sockeye.job(window.client, jobId, spoken).subscribe({
        next: (state) => window.states.push(state),
        complete: () => resolve(window.states.at(-1)),
      });
    },
    [jobId, dialect, args],
  );

/** Resolves when the state of the job that is followed has this. */
export const untilState = (page, field, value) =>
  page.waitForFunction(([field, value]) => window.states.at(-1)?.[field] === value, [field, value]);
