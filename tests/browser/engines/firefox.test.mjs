/** The package in Firefox. */
import { checkEngine } from "./support/checkEngine.mjs";
import { missingFirefox, startFirefox } from "./support/firefox.mjs";

checkEngine({ name: "Firefox", start: startFirefox, missing: missingFirefox() });
