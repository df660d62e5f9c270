/**
 * The package against the real socket.io: `npm run test:interop [-- <part of a file's name> ...]`.
 *
 * In a browser and in Node. Each test starts its own server. `tests/compat` are the cases that the
 * official client and ours both have to pass; `tests/stacks` are back ends on the stacks of their teams.
 */
import { inRoot } from "../../tools/lib/paths.mjs";
import { main } from "../../tools/lib/report.mjs";
import { npmDependencies } from "../../tools/setup/kinds.mjs";
import { needMock, needPackage, runTestFiles } from "../browser/support/runner.mjs";

main(async (names) => {
  await needPackage();
  await needMock();
  const stacks = npmDependencies(inRoot("tests/stacks"));
  if (!stacks.isReady()) await stacks.install();
  await runTestFiles(["interop", "compat", "stacks"], names);
});
