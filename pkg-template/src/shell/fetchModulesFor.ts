/** The files that hold all that the shell does not but the wasm. */
import type * as coreModule from "../core.js";
import type * as facadeModule from "../facade.js";
import { importAgain } from "../importAgain.js";
import type * as inWorkerModule from "../inWorker.js";
import type { ClientOptions } from "../options.js";

/** What a client needs to begin. */
export type Modules = [facade: typeof facadeModule, core: { createCore: facadeModule.MakeCore }];

/** Gives what reads the wasm. */
type FetchWasm = () => Promise<{ read: coreModule.ReadWasm }>;

/** Fetches them beside each other, for who has the wasm. With a worker the core is only fetched if that cannot be had. */
export async function fetchModulesFor(
  { worker, tabs }: Pick<ClientOptions, "worker" | "tabs">,
  fetchWasm: FetchWasm,
): Promise<Modules> {
  const [facade, createCore] = await Promise.all([
    import("../facade.js").catch(importAgain<typeof facadeModule>),
    worker
      ? import("../inWorker.js")
          .catch(importAgain<typeof inWorkerModule>)
          .then(({ inWorker }) =>
            inWorker({ worker, tabs }, async (...given) => (await fetchCore(fetchWasm))(...given)),
          )
      : fetchCore(fetchWasm),
  ]);
  return [facade, { createCore }];
}

async function fetchCore(fetchWasm: FetchWasm): Promise<facadeModule.MakeCore> {
  const [{ createCore }, { read }] = await Promise.all([
    import("../core.js").catch(importAgain<typeof coreModule>),
    fetchWasm(),
  ]);
  return (...given) => createCore(...given, read);
}
