/** The core, loaded when the first engine is made. */
import type * as coreModule from "../core.js";
import { importAgain } from "../importAgain.js";
import type * as payloadModule from "../payload.js";
import type { Core } from "./enginePort.js";

let loaded: Core | undefined;

/** Loads the core; rejects if it cannot be fetched or run, and may be called again then. */
export async function load(): Promise<Core> {
  const [{ loadCore }, { read }] = await Promise.all([
    import("../core.js").catch(importAgain<typeof coreModule>),
    import("../payload.js").catch(importAgain<typeof payloadModule>),
  ]);
  const core: Core = await loadCore(read);
  loaded = core;
  return core;
}

/** Returns the core; throws unless it has been loaded, which it is when anything can be received. */
export function loadedCore(): Core {
  if (!loaded) throw new Error("the core is not loaded");
  return loaded;
}
