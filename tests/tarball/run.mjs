/**
 * The packed package as npm, Node, TypeScript and bundlers see it, without a browser:
 * `npm run test:tarball [-- <part of a file's name> ...]`.
 */
import { main } from "../../tools/lib/report.mjs";
import { needMock, needPackage, runTestFiles } from "../browser/support/runner.mjs";

main(async (names) => {
  await needPackage();
  await needMock();
  await runTestFiles(["tarball"], names);
});
