import { checkBurst } from "../../support/burst.mjs";
import { checkRendered } from "../../support/rendered.mjs";

async function check(visit) {
  await checkRendered(visit);
  await checkBurst(visit);
}

export const tools = ["next", "react"];
export const modes = {
  development: { serve: "next dev --hostname 127.0.0.1 --port {port}", check },
  production: {
    build: "next build",
    serve: "next start --hostname 127.0.0.1 --port {port}",
    check,
  },
};
