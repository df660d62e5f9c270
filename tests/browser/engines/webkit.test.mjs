/** The package in WebKitGTK. */
import { checkEngine } from "./support/checkEngine.mjs";
import { missingWebKit, startWebKit } from "./support/webKit.mjs";

checkEngine({ name: "WebKitGTK", start: startWebKit, missing: missingWebKit() });
