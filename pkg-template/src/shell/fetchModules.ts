/** The files that hold all that the shell does not, and the wasm in one more. */
import { importAgain } from "../importAgain.js";
import type * as payload from "../payload.js";
import { fetchModulesFor, type Modules } from "./fetchModulesFor.js";

/** Fetches them beside each other. */
export const fetchModules = (): Promise<Modules> =>
  fetchModulesFor(import("../payload.js").catch(importAgain<typeof payload>));
