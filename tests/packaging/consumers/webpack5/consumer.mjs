import { checkTwoTabs } from "../../support/twoTabs.mjs";

export const tools = ["webpack"];
export const modes = {
  production: { build: "webpack", files: "dist" },
  worker: { files: "dist", query: { place: "worker" }, inWorker: true },
  "shared worker": {
    files: "dist",
    query: { place: "shared worker" },
    inWorker: true,
    check: checkTwoTabs,
  },
};
