import { checkBurst } from "../../support/burst.mjs";

export const quick = true;
export const tools = ["vite", "react"];
export const modes = {
  development: { serve: "vite --host 127.0.0.1 --port {port} --strictPort", check: checkBurst },
  production: { build: ["tsc --noEmit", "vite build"], files: "dist", check: checkBurst },
};
