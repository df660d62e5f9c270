/** All programmes, by name. */
import * as backForward from "./backForward.mjs";
import * as crashes from "./crashes.mjs";
import * as freezes from "./freezes.mjs";
import * as hidden from "./hidden.mjs";
import * as kills from "./kills.mjs";
import * as stops from "./stops.mjs";

export const programmes = {
  kills,
  crashes,
  freezes,
  "back-forward": backForward,
  hidden,
  stops,
};
