/** The core as a chunk of its own, fetched when it is first needed. */
import type * as coreModule from "./core.js";
import { importAgain } from "./importAgain.js";
import type { CreateCore } from "./port.js";

/** Fetches the core and makes one. */
export const loadCore: CreateCore = async (options, events) => {
  const { createCore, services } = await import("./core.js").catch(importAgain<typeof coreModule>);
  return { core: await createCore(options, events), services };
};
