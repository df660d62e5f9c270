/** The files that hold all that the shell does not but the wasm. */
import type * as coreModule from "../core.js";
import type * as facadeModule from "../facade.js";
import { importAgain } from "../importAgain.js";

/** What a client needs to begin. */
export type Modules = [
  facade: Pick<typeof facadeModule, "makeClient">,
  core: { createCore: facadeModule.MakeCore },
];

/** Fetches them beside each other, for who has the wasm. */
export async function fetchModulesFor(
  wasm: Promise<{ read: coreModule.ReadWasm }>,
): Promise<Modules> {
  const [facade, { createCore }, { read }] = await Promise.all([
    import("../facade.js").catch(importAgain<typeof facadeModule>),
    import("../core.js").catch(importAgain<typeof coreModule>),
    wasm,
  ]);
  return [facade, { createCore: (...given) => createCore(...given, read) }];
}
