import * as coreInWorker from "../../support/coreInWorker.mjs";

const serve = "vite --host 127.0.0.1 --port {port} --strictPort";
const policy =
  "default-src 'none'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src {server} {socket}";

export const quick = true;
export const tools = ["vite"];
export const modes = {
  development: { serve, ...coreInWorker },
  production: { build: ["tsc --noEmit", "vite build"], files: "dist", ...coreInWorker },
  "with a policy": {
    files: "dist",
    headers: { "content-security-policy": policy },
    ...coreInWorker,
  },
};
