import { development, production } from "../vite8-react19/consumer.mjs";

export const sources = "vite8-react19";
export const tools = ["vite", "react"];
export const modes = { development, production };
