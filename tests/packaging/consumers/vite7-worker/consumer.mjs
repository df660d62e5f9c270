import { modes as newer } from "../vite8-worker/consumer.mjs";

const { development, production } = newer;

export const sources = "vite8-worker";
export const tools = ["vite"];
export const modes = { development, production };
