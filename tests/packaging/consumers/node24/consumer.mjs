export { modes, tools } from "../node/consumer.mjs";

export const sources = "node";
