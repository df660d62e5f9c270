/**
 * Builds the npm package: `npm run build`.
 *
 * Leaves the tarball in `pkg/` and installs it into `node_modules/`, where the demo and the tests
 * import it as users do.
 */
import path from "node:path";
import { assemblePackage, packAndInstall } from "./build/package.mjs";
import { buildWasm } from "./build/wasm.mjs";
import { root } from "./lib/paths.mjs";
import { announce, green, main, since } from "./lib/report.mjs";

main(async () => {
  const start = performance.now();
  await buildWasm();
  announce("Bundling and packing", "some seconds");
  await assemblePackage();
  const tarball = await packAndInstall();
  console.log(`${green("built")} ${path.relative(root, tarball)} (${since(start)})`);
});
