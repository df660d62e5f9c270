/** The wasm module as a file of its own, from wherever the application says. */
import { fail, isSockeyeError, type SockeyeError } from "./errors.js";
import { build } from "./wasm/build.js";
import { UnderWay } from "./underWay.js";
import type { Wasm, WasmSource } from "./wasmSource.js";

/** It is the same module whatever a client was given, so all have it when one has. */
let compiled: WebAssembly.Module | undefined;
const underWay = new UnderWay<WasmSource, WebAssembly.Module>();
let isWarned = false;

/** Stands for what has no address. */
const given = "what `wasm` gave";

/** Throws `invalid_option` for what leads to no module. */
export function checkWasm(source: WasmSource | undefined): void {
  if (source) return;
  const hint =
    'give the address of "sockeye-client/sockeye.wasm", or import "sockeye-client", which needs none';
  throw fail("invalid_option", "`wasm` is missing", hint);
}

/** Rejects with `load_failed`, or with why WebAssembly does not run here. `signal` says that it took too long. */
export function readWasm(source: WasmSource, signal: AbortSignal): Promise<WebAssembly.Module> {
  if (compiled) return Promise.resolve(compiled);
  const key = source instanceof URL ? source.href : source;
  return underWay.join(key, signal, (ended) => read(source, ended));
}

async function read(source: WasmSource, signal: AbortSignal): Promise<WebAssembly.Module> {
  const wasm = await attempt(
    typeof source === "function" ? (source as () => PromiseLike<Wasm>) : () => source,
    "the option `wasm` failed",
    "the `cause` is what it failed with",
  );
  const module = await compile(isAddress(wasm) ? await request(wasm, signal) : wasm);
  assertSameBuild(module);
  return (compiled = module);
}

async function request(address: string | URL, signal: AbortSignal): Promise<Response> {
  return attempt(
    () => fetch(address, { signal }),
    `nothing could be fetched from ${String(address)}`,
    "check the network, that `connect-src` of the page's policy has the address, and CORS; in Node give the bytes of the file",
  );
}

async function compile(wasm: Wasm): Promise<WebAssembly.Module> {
  if (isAnswer(wasm)) return compileAnswer(wasm);
  if (isBytes(wasm)) return compileBytes(wasm, given);
  if (isModule(wasm)) return wasm;
  const hint =
    "`wasm` is an address, a Response, bytes, a WebAssembly.Module, or a function that gives one of them";
  throw fail("load_failed", "the option `wasm` gave none of what it can be", hint);
}

/** It is compiled while it comes, if the server says what it is. */
async function compileAnswer(answer: Response): Promise<WebAssembly.Module> {
  const name = answer.url || given;
  const type = answer.headers.get("content-type")?.toLowerCase() ?? "";
  if (!answer.ok) throw notTheFile(`${name} has the status ${answer.status}`);
  if (type.startsWith("text/html")) throw notTheFile(`${name} is an HTML page`);
  if (answer.bodyUsed) {
    const hint = "give a function that gets another one each time";
    throw fail("load_failed", "the Response given as `wasm` has been read before", hint);
  }
  if (type === "application/wasm" && "compileStreaming" in WebAssembly) {
    return WebAssembly.compileStreaming(answer).catch((cause: unknown) => explain(cause, name));
  }
  warn(name, type);
  const bytes = await answer
    .arrayBuffer()
    .catch((cause: unknown) => Promise.reject(brokeOff(name, cause)));
  return compileBytes(bytes, name);
}

const compileBytes = (bytes: ArrayBuffer | ArrayBufferView, name: string) =>
  WebAssembly.compile(bytes as BufferSource).catch((cause: unknown) => explain(cause, name));

/** Is it that WebAssembly does not run here, or that this was not the module? The smallest module tells. */
async function explain(cause: unknown, name: string): Promise<never> {
  await WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  const isOther = (cause as Error).name === "CompileError";
  throw isOther ? notTheFile(`${name} is something else`, cause) : brokeOff(name, cause);
}

const brokeOff = (name: string, cause: unknown) =>
  fail("load_failed", `${name} broke off`, "check the network", cause);

/** Files of other versions may look alike and go wrong later. */
function assertSameBuild(module: WebAssembly.Module): void {
  const [section = new ArrayBuffer()] = WebAssembly.Module.customSections(module, "sockeye");
  if (String.fromCharCode(...new Uint8Array(section)) === build) return;
  throw fail(
    "load_failed",
    "the .wasm file is not that of this version of the package",
    "publish the file and the scripts of one version together, and have addresses or caches change with it",
  );
}

function notTheFile(what: string, cause?: unknown): SockeyeError {
  const hint =
    'have the server answer with the file "sockeye-client/sockeye.wasm", not with a page, at the address that `wasm` gives';
  return fail("load_failed", `the .wasm file could not be loaded: ${what}`, hint, cause);
}

/** What works all the same, but not as well. */
function warn(name: string, type: string): void {
  if (isWarned) return;
  isWarned = true;
  const came = type ? `came as ${type}` : "came without a content-type";
  console.warn(
    `sockeye-client: ${name} ${came}; as application/wasm it would be compiled while it comes`,
  );
}

async function attempt<Value>(
  run: () => Value | PromiseLike<Value>,
  message: string,
  hint: string,
): Promise<Value> {
  try {
    return await run();
  } catch (cause) {
    throw isSockeyeError(cause) ? cause : fail("load_failed", message, hint, cause);
  }
}

// They may be of another realm, and anything else where nobody checks types.

const isAddress = (wasm: Wasm): wasm is string | URL =>
  typeof wasm === "string" || has(wasm, "href");

const isAnswer = (wasm: Wasm): wasm is Response => has(wasm, "headers") && has(wasm, "arrayBuffer");

const isBytes = (wasm: Wasm): wasm is ArrayBuffer | ArrayBufferView => has(wasm, "byteLength");

const isModule = (wasm: Wasm) =>
  Object.prototype.toString.call(wasm) === "[object WebAssembly.Module]";

const has = (value: unknown, name: string) => name in Object(value);
