/**
 * Builds the npm package: `npm run build`; with `-- --std small` or `-- --std plain` never with the other
 * standard library of Rust.
 *
 * Leaves the tarball in `pkg/` and installs it into `node_modules/`, where the demo and the tests
 * import it as users do.
 */
import path from "node:path";
import { parseArgs } from "node:util";
import { assemblePackage, packAndInstall } from "./build/package.mjs";
import { buildWasm } from "./build/wasm.mjs";
import { root } from "./lib/paths.mjs";
import { announce, Failure, green, main, since } from "./lib/report.mjs";

main(async (args) => {
  const start = performance.now();
  const { std } = parseArgs({ args, options: { std: { type: "string" } } }).values;
  if (![undefined, "small", "plain"].includes(std)) {
    throw new Failure(`there is no standard library "${std}"`, "small or plain");
  }
  await buildWasm(std);
  announce("Bundling and packing", "some seconds");
  await assemblePackage();
  const tarball = await packAndInstall();
  console.log(`${green("built")} ${path.relative(root, tarball)} (${since(start)})`);
});
