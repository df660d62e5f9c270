import * as coreInSharedWorker from "../../support/coreInSharedWorker.mjs";
import * as coreInWorker from "../../support/coreInWorker.mjs";
import { checkTwoTabs } from "../../support/twoTabs.mjs";

const withWorker = { query: { place: "page, its core in a worker" }, ...coreInWorker };
const withSharedWorker = {
  query: { place: "page, its core in a shared worker" },
  ...coreInSharedWorker,
};
const files = "dist";

export const tools = ["webpack"];
export const modes = {
  production: {
    build: ["webpack --mode development --output-path development", "webpack"],
    files,
  },
  "core in a worker": { files, ...withWorker },
  "core in a shared worker": { files, ...withSharedWorker },
  worker: { files, query: { place: "worker" }, noListeners: true },
  "shared worker": {
    files,
    query: { place: "shared worker" },
    noListeners: true,
    check: checkTwoTabs,
  },
  "development, core in a worker": { files: "development", ...withWorker },
  "development, core in a shared worker": { files: "development", ...withSharedWorker },
};
