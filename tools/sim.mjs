/**
 * The simulation of faults: `npm run test:sim [-- --seeds <n>] [-- --seed <first>] [-- --jobs <n>]
 * [-- --defect <name>] [-- --defects] [-- --count] [-- --loud]`.
 *
 * Without arguments it runs what `npm test` runs: some seeds, and then it turns on one mistake after the
 * other, each of which has to be noticed. With arguments it does only what they say.
 */
import { announce, main } from "./lib/report.mjs";
import { cargo } from "./toolchain.mjs";

const build = ["test", "--quiet", "--profile", "sim", "--features", "defects"];
const simulation = [...build, "--test", "sim", "--"];
const continuity = [...build, "--test", "continuity", "--", "notices_each_defect"];
const everyTime = ["--seeds", "20000"];

main(async (args) => {
  announce("Simulating faults", "half a minute, and as long to build it the first time");
  if (args.length > 0) {
    await cargo([...simulation, ...(args.includes("--seeds") ? [] : everyTime), ...args]);
    return 0;
  }
  await cargo([...simulation, ...everyTime]);
  announce("Making mistakes on purpose", "each has to be noticed");
  await cargo([...simulation, "--defects"]);
  await cargo(continuity);
  return 0;
});
