/**
 * Everything from a fresh clone to all tests: `npm test`.
 *
 * The parts are the npm scripts of the same names, each of which also runs alone. A part that
 * fails stops only those that need its result.
 */
import { announce, dim, green, main, printTable, red, since } from "./lib/report.mjs";
import { run } from "./lib/run.mjs";

/** In the order in which they run, each with the parts it needs. */
const parts = [
  { name: "setup", args: ["--for", "test"], needs: [] },
  { name: "check", needs: ["setup"] },
  { name: "test:rust", needs: ["setup"] },
  { name: "test:sim", needs: ["setup"] },
  { name: "build", needs: ["setup"] },
  { name: "test:ts", needs: ["setup"] },
  { name: "test:browser", needs: ["build"] },
  { name: "test:interop", needs: ["build"] },
  { name: "test:differential", needs: ["build"] },
  { name: "test:tarball", needs: ["build"] },
  { name: "test:packaging", needs: ["build"] },
  { name: "soak", args: ["--quick"], needs: ["build"] },
  { name: "size", needs: ["build"] },
  { name: "cost", needs: ["setup"] },
];

main(async () => {
  const results = [];
  for (const part of parts) results.push(await resultOf(part, results));
  console.log();
  printTable(["part", "time", "result"], results.map(row), [1]);
  const passed = results.filter((result) => result.passed).length;
  console.log(`${passed} passed, ${results.length - passed} failed`);
  return passed === results.length ? 0 : 1;
});

async function resultOf({ name, args = [], needs }, results) {
  const missing = results.find((result) => needs.includes(result.name) && !result.passed);
  if (missing) return { name, passed: false, time: "-", remark: `not run: ${missing.name} failed` };
  announce(`\n== ${name}`);
  const start = performance.now();
  const failure = await failureOf(name, args);
  return { name, passed: !failure, time: since(start), remark: failure?.message ?? "" };
}

async function failureOf(name, args) {
  try {
    await run("npm", ["run", "--silent", name, ...(args.length > 0 ? ["--", ...args] : [])]);
    return undefined;
  } catch (failure) {
    console.log(red(failure.message));
    return failure;
  }
}

const row = ({ name, passed, time, remark }) => [
  name,
  time,
  `${passed ? green("passed") : red("FAILED")} ${dim(remark)}`,
];
