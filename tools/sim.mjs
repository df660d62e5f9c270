/**
 * The simulation of faults: `npm run test:sim [-- --seeds <n>] [-- --seed <first>] [-- --jobs <n>]
 * [-- --defect <name>] [-- --defects] [-- --loud]`.
 *
 * Without arguments it runs what `npm test` runs. `--defects` turns on one mistake after the other and
 * fails if one goes unnoticed; `--loud` prints everything that happens in the first seed.
 */
import { announce, main } from "./lib/report.mjs";
import { cargo } from "./toolchain.mjs";

const build = ["test", "--quiet", "--profile", "sim", "--features", "defects", "--test", "sim"];
const everyTime = ["--seeds", "20000"];

main(async (args) => {
  announce("Simulating faults", "half a minute, and as long to build it the first time");
  await cargo([...build, "--", ...(args.includes("--seeds") ? [] : everyTime), ...args]);
  return 0;
});
