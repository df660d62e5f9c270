import * as coreInWorker from "../../support/coreInWorker.mjs";
import { checkTwoTabs } from "../../support/twoTabs.mjs";

const withWorker = { query: { place: "page, its core in a worker" }, ...coreInWorker };

export const tools = ["webpack"];
export const modes = {
  production: {
    build: ["webpack --mode development --output-path development", "webpack"],
    files: "dist",
  },
  "core in a worker": { files: "dist", ...withWorker },
  worker: { files: "dist", query: { place: "worker" }, noListeners: true },
  "shared worker": {
    files: "dist",
    query: { place: "shared worker" },
    noListeners: true,
    check: checkTwoTabs,
  },
  "development, core in a worker": {
    files: "development",
    ...withWorker,
  },
};
