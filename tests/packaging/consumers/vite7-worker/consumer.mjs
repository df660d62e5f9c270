import { modes as newer } from "../vite8-worker/consumer.mjs";

const {
  "with a policy": _dedicated,
  "with a policy, shared": _shared,
  ...developmentAndProduction
} = newer;

export const sources = "vite8-worker";
export const tools = ["vite"];
export const modes = developmentAndProduction;
