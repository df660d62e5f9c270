import { modes as turbopack } from "../next16-turbopack/consumer.mjs";

const inDevelopment = (mode) => ({ ...mode, serve: `${mode.serve} --webpack` });

export const sources = "next16-turbopack";
export const tools = ["next", "react"];
export const modes = {
  ...turbopack,
  development: inDevelopment(turbopack.development),
  production: { ...turbopack.production, build: "next build --webpack" },
  "development, core in a worker": inDevelopment(turbopack["development, core in a worker"]),
  "development, core in a shared worker": inDevelopment(
    turbopack["development, core in a shared worker"],
  ),
};
