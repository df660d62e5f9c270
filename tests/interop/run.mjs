/**
 * The package against the real socket.io: `npm run test:interop [-- <part of a file's name> ...]`.
 *
 * In a browser and in Node. Each test starts its own server. `tests/compat` are the cases that the
 * official client and ours both have to pass.
 */
import { main } from "../../tools/lib/report.mjs";
import { needMock, needPackage, runTestFiles } from "../browser/support/runner.mjs";

main(async (names) => {
  await needPackage();
  await needMock();
  await runTestFiles(["interop", "compat"], names);
});
