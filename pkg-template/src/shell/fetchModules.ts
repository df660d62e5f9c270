/** The files that hold all that the shell does not, and the wasm in one more. */
import { importAgain } from "../importAgain.js";
import type { ClientOptions } from "../options.js";
import type * as payload from "../payload.js";
import { fetchModulesFor, type Modules } from "./fetchModulesFor.js";

/** Fetches them beside each other. */
export const fetchModules = (options: Pick<ClientOptions, "worker">): Promise<Modules> =>
  fetchModulesFor(options, () => import("../payload.js").catch(importAgain<typeof payload>));
