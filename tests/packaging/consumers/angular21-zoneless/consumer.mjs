import { checkAngular } from "../../support/angular.mjs";
import * as coreInSharedWorker from "../../support/coreInSharedWorker.mjs";
import * as coreInWorker from "../../support/coreInWorker.mjs";

const serve = "ng serve --host 127.0.0.1 --port {port}";
const files = "dist/browser";
/** Its development server is asked for the workers by `angular21-zone`, which is not part of npm test. */
export const withWorker = {
  query: { worker: "" },
  init: coreInWorker.init,
  async check(visit) {
    await coreInWorker.check(visit);
    await checkAngular(visit);
  },
};
/** As with a worker of its own; the second tab has gone when the first is asked what Angular checks. */
export const withSharedWorker = {
  query: { worker: "shared" },
  init: coreInSharedWorker.init,
  async check(visit) {
    await coreInSharedWorker.check(visit);
    await checkAngular(visit);
  },
};

export const quick = true;
export const tools = ["@angular/core", "@angular/build", "typescript"];
export const modes = {
  development: { serve, check: checkAngular },
  production: { build: "node prerender.mjs", files, check: checkAngular },
  "core in a worker": { files, ...withWorker },
  "core in a shared worker": { files, ...withSharedWorker },
};
