import { checkBurst, init } from "../../support/burst.mjs";
import * as coreInSharedWorker from "../../support/coreInSharedWorker.mjs";
import * as coreInWorker from "../../support/coreInWorker.mjs";
import { checkRendered } from "../../support/rendered.mjs";

async function check(visit) {
  await checkRendered(visit);
  await checkBurst(visit);
}

const withWorker = {
  query: { worker: "" },
  init: [coreInWorker.init, init],
  async check(visit) {
    await coreInWorker.check(visit);
    await check(visit);
  },
};

const withSharedWorker = {
  query: { worker: "shared" },
  init: [coreInSharedWorker.init, init],
  async check(visit) {
    await coreInSharedWorker.check(visit);
    await check(visit);
  },
};

const develop = "next dev --hostname 127.0.0.1 --port {port}";
const serve = "next start --hostname 127.0.0.1 --port {port}";

export const tools = ["next", "react"];
export const modes = {
  development: { serve: develop, init, check },
  production: { build: "next build", serve, init, check },
  "core in a worker": { serve, ...withWorker },
  "core in a shared worker": { serve, ...withSharedWorker },
  "development, core in a worker": { serve: develop, ...withWorker },
  "development, core in a shared worker": { serve: develop, ...withSharedWorker },
};
