import { checkAngular } from "../../support/angular.mjs";

export const tools = ["@angular/core", "@angular/build", "typescript", "zone.js"];
export const sources = "angular21-zoneless";
export const modes = {
  development: { serve: "ng serve --host 127.0.0.1 --port {port}", check: checkAngular },
  production: { build: "node prerender.mjs", files: "dist/browser", check: checkAngular },
};
