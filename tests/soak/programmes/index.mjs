/** All programmes, by name. */
import * as backForward from "./backForward.mjs";
import * as copies from "./copies.mjs";
import * as crashes from "./crashes.mjs";
import * as damage from "./damage.mjs";
import * as flood from "./flood.mjs";
import * as freezes from "./freezes.mjs";
import * as hidden from "./hidden.mjs";
import * as kills from "./kills.mjs";
import * as proxy from "./proxy.mjs";
import * as quota from "./quota.mjs";
import * as sharing from "./sharing.mjs";
import * as stops from "./stops.mjs";
import * as tabs from "./tabs.mjs";
import * as versions from "./versions.mjs";

export const programmes = {
  kills,
  crashes,
  quota,
  damage,
  tabs,
  sharing,
  freezes,
  "back-forward": backForward,
  hidden,
  stops,
  proxy,
  versions,
  copies,
  flood,
};
