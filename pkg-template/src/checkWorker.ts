/** What a client with a worker can have of the options. */
import { fail } from "./errors.js";
import type { ClientOptions } from "./options.js";

/** Throws `invalid_option` for what the core would call in the worker. */
export function checkWorker({ worker, tabs, webSocket, fetch, dedup }: ClientOptions): void {
  checkTabs(worker, tabs);
  if (!worker) return;
  if (typeof worker !== "function") {
    const hint = "give a function that makes the worker: docs/worker.md has it for each bundler";
    throw fail("invalid_option", "worker is no function", hint);
  }
  const { id, stream, order } = dedup === false ? {} : { ...dedup };
  const functions = {
    webSocket,
    fetch,
    "dedup.id": id,
    "dedup.stream": stream,
    "dedup.order": order,
  };
  for (const [name, value] of Object.entries(functions)) {
    if (typeof value !== "function") continue;
    const hint = name.startsWith("dedup")
      ? 'give the path of a field, like "meta.id", or do without the option `worker`'
      : "do without one of the two options";
    throw fail("invalid_option", `${name} is a function, which a worker cannot be given`, hint);
  }
}

function checkTabs(worker: unknown, tabs: unknown): void {
  if (tabs === undefined || tabs === "own") return;
  if (tabs !== "leader")
    throw fail("invalid_option", 'tabs is neither "leader" nor "own"', 'give "leader" or "own"');
  if (worker) return;
  const hint = "give the option `worker`, too: it makes the worker of the tab that leads";
  throw fail("invalid_option", "tabs is given without worker", hint);
}
