import * as coreInSharedWorker from "../../support/coreInSharedWorker.mjs";
import * as coreInWorker from "../../support/coreInWorker.mjs";

const serve = "vite --host 127.0.0.1 --port {port} --strictPort";
const build = ["tsc --noEmit", "vite build"];
const files = "dist";
const policy =
  "default-src 'none'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src {server} {socket}";
const headers = { "content-security-policy": policy };
const shared = { query: { worker: "shared" }, ...coreInSharedWorker };

export const quick = true;
export const tools = ["vite"];
export const modes = {
  development: { serve, ...coreInWorker },
  "development, shared": { serve, ...shared },
  production: { build, files, ...coreInWorker },
  "production, shared": { files, ...shared },
  "with a policy": { files, headers, ...coreInWorker },
  "with a policy, shared": { files, headers, ...shared },
};
