import { checkBurst, init } from "../../support/burst.mjs";
import { checkFastRefresh } from "../../support/fastRefresh.mjs";
import { checkWasmUnavailable } from "../../support/wasmUnavailable.mjs";

export const development = {
  serve: "vite --host 127.0.0.1 --port {port} --strictPort",
  init,
  async check(visit) {
    await checkBurst(visit);
    await checkFastRefresh(visit);
  },
};
export const production = {
  build: ["tsc --noEmit", "vite build"],
  files: "dist",
  init,
  check: checkBurst,
};

/** They open what `production` has built. */
const policies = {
  "with a policy": {
    files: "dist",
    headers: { "content-security-policy": "script-src 'self' 'wasm-unsafe-eval'" },
  },
  "with a policy for connections": {
    files: "dist",
    headers: {
      "content-security-policy":
        "default-src 'none'; img-src data:; style-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src {server} {socket}",
    },
  },
  "with a policy that forbids WebAssembly": {
    files: "dist",
    headers: { "content-security-policy": "script-src 'self'" },
    checkOnly: checkWasmUnavailable,
  },
  "without WebAssembly": {
    files: "dist",
    init: () => delete globalThis.WebAssembly,
    checkOnly: checkWasmUnavailable,
  },
};

export const quick = true;
export const tools = ["vite", "react"];
export const modes = { development, production, ...policies };
