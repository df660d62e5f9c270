import { checkAngular } from "../../support/angular.mjs";
import { withSharedWorker, withWorker } from "../angular21-zoneless/consumer.mjs";

const serve = "ng serve --host 127.0.0.1 --port {port}";
const files = "dist/browser";

export const tools = ["@angular/core", "@angular/build", "typescript", "zone.js"];
export const sources = "angular21-zoneless";
export const modes = {
  development: { serve, check: checkAngular },
  production: { build: "node prerender.mjs", files, check: checkAngular },
  "core in a worker": { files, ...withWorker },
  "core in a shared worker": { files, ...withSharedWorker },
  "development, core in a worker": { serve, ...withWorker },
  "development, core in a shared worker": { serve, ...withSharedWorker },
};
