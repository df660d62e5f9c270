import { checkTwoTabs } from "../../support/twoTabs.mjs";

export const tools = ["webpack"];
export const modes = {
  production: { build: "webpack", files: "dist" },
  worker: { files: "dist", query: { place: "worker" }, noListeners: true },
  "shared worker": {
    files: "dist",
    query: { place: "shared worker" },
    noListeners: true,
    check: checkTwoTabs,
  },
};
