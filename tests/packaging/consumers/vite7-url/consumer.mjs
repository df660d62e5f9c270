import { modes as newer } from "../vite8-url/consumer.mjs";

const { development, production } = newer;

export const sources = "vite8-url";
export const tools = ["vite"];
export const modes = { development, production };
