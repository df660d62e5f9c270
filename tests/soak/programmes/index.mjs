/** All programmes, by name. */
import * as crashes from "./crashes.mjs";
import * as kills from "./kills.mjs";

export const programmes = { kills, crashes };
