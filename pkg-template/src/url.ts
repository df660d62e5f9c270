/**
 * The entry whose wasm is a file of its own, where the application has put it.
 *
 * @module sockeye-client/url
 */
import type { Address } from "./address.js";
import type { Client } from "./client.js";
import type { DefaultEvents } from "./events.js";
import type { ClientOptions } from "./options.js";
import { ClientShell } from "./shell/client.js";
import { fetchModulesFor } from "./shell/fetchModulesFor.js";
import { atOnce } from "./shell/launch.js";
import { checkWasm, readWasm } from "./wasmFile.js";
import type { WasmSource } from "./wasmSource.js";

export * from "./public.js";
export type { Wasm, WasmSource } from "./wasmSource.js";

/** The options of {@link createClient}, with where the `.wasm` file is. */
export interface UrlClientOptions extends ClientOptions {
  /**
   * The file `sockeye-client/sockeye.wasm`: its address, a `Response`, bytes, a `WebAssembly.Module`, a promise of
   * one, or a function that gives one. What is given to one client serves all others.
   */
  wasm: WasmSource;
}

/**
 * Makes a client of the Socket.IO server at `url`, like `createClient` of the default entry. The `.wasm` file is
 * fetched and compiled beside the scripts when the client first connects or sends.
 *
 * A file that cannot be had is told as `load_failed`, whose message says what came in its place, and is asked
 * for again by itself.
 *
 * @throws {SockeyeError} `invalid_url`, or `invalid_option` without `wasm`, at once.
 * @example
 * import wasm from "sockeye-client/sockeye.wasm?url"; // Vite
 *
 * const client = createClient("https://api.example.com/jobs", { wasm });
 */
export function createClient<
  ListenEvents extends object = DefaultEvents,
  EmitEvents extends object = ListenEvents,
>(url: Address, options: UrlClientOptions): Client<ListenEvents, EmitEvents> {
  const { wasm, ...others } = { ...options }; // there may be none where nobody checks types
  checkWasm(wasm);
  const fetchModules = (_: ClientOptions, loading: AbortSignal) => {
    const ended = new AbortController();
    const end = () => ended.abort();
    // The worker has its own.
    let begun = others.worker ? undefined : readWasm(wasm, ended.signal);
    begun?.catch(() => {}); // the core tells it
    loading.addEventListener("abort", end);
    const read = (signal: AbortSignal) => {
      if (!begun) return readWasm(wasm, signal);
      const module = begun;
      begun = undefined;
      signal.addEventListener("abort", end);
      return module;
    };
    return fetchModulesFor(others, () => Promise.resolve({ read }));
  };
  const client = new ClientShell(url, others, { run: atOnce, fetchModules });
  return client as unknown as Client<ListenEvents, EmitEvents>;
}
