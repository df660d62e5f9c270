/** Cargo with the tool chain that everything here is built with: `npm run cargo -- test`. */
import { main } from "./lib/report.mjs";
import { cargo } from "./toolchain.mjs";

main((args) => cargo(args).then(() => 0));
