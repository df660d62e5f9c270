import { modes as turbopack } from "../next16-turbopack/consumer.mjs";

const { development, production } = turbopack;

export const sources = "next16-turbopack";
export const tools = ["next", "react"];
export const modes = {
  development: { ...development, serve: `${development.serve} --webpack` },
  production: { ...production, build: "next build --webpack" },
};
