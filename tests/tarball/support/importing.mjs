/**
 * A program that imports or requires a package in plain Node and prints as JSON what that touched:
 * `node importing.mjs <import | require> <specifier> <peers...>`.
 */
import { createRequire } from "node:module";

const [kind, specifier, ...peers] = process.argv.slice(2);
for (const peer of peers) await import(peer);

/** Of pages, and of everywhere: an import has no business with them. */
const forbidden = {
  values: [
    "window",
    "document",
    "location",
    "localStorage",
    "sessionStorage",
    "indexedDB",
    "caches",
  ],
  functions: [
    ...["WebSocket", "XMLHttpRequest", "EventSource", "Worker", "SharedWorker", "MessageChannel"],
    ...["BroadcastChannel", "addEventListener", "fetch", "queueMicrotask", "requestAnimationFrame"],
    ...["setTimeout", "setInterval", "setImmediate"],
  ],
};

const touched = [];
const trap = (name, property) =>
  Object.defineProperty(globalThis, name, { configurable: true, ...property });

for (const name of forbidden.values) {
  trap(name, { get: () => void touched.push(name) });
}
for (const name of forbidden.functions) {
  const original = globalThis[name]; // Node itself sets timers while it loads modules
  const isOurs = () => /sockeye-client\/dist/.test(new Error().stack);
  const called = function (...args) {
    if (isOurs()) touched.push(name);
    return original?.apply(this, args);
  };
  trap(name, { value: called, writable: true });
}
for (const name of ["compile", "instantiate", "Module", "Instance"]) {
  WebAssembly[name] = () => touched.push(`WebAssembly.${name}`);
}
process.on("newListener", (event) => touched.push(`process.on ${String(event)}`));

const before = new Set(Reflect.ownKeys(globalThis));
const loaded =
  kind === "import" ? await import(specifier) : createRequire(import.meta.url)(specifier);
const defined = Reflect.ownKeys(globalThis).filter((key) => !before.has(key));
process.stdout.write(
  JSON.stringify({ touched, defined: defined.map(String), names: Object.keys(loaded) }),
);
