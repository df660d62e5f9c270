/** The files that hold all that the shell does not. */
import type * as coreModule from "../core.js";
import type * as facadeModule from "../facade.js";
import { importAgain } from "../importAgain.js";

/** What is fetched, beside each other. */
export type Modules = [
  facade: Pick<typeof facadeModule, "makeClient">,
  core: Pick<typeof coreModule, "createCore">,
];

export const fetchModules = (): Promise<Modules> =>
  Promise.all([
    import("../facade.js").catch(importAgain<typeof facadeModule>),
    import("../core.js").catch(importAgain<typeof coreModule>),
  ]);
