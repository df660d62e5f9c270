export { modes, tools } from "../vite8-workers/consumer.mjs";

export const sources = "vite8-workers";
