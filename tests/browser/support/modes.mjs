/** Where clients have their cores while the browser tests run: in the page, in a worker, or in a shared worker. */
import { readdirSync } from "node:fs";
import { inRoot } from "../../../tools/lib/paths.mjs";

/** That of this run: `page`, `worker` or `shared`. Tests whose statement is another one in some mode ask for it. */
export const mode = process.env.SOCKEYE_CLIENT_MODE ?? "page";

/** The tests of the package that are not run with workers, and why. */
const leftOut = {
  addresses: "limits the time until a failure is told, which the start of a worker adds to",
  loading: "how the page gets its core",
  url: "how the page gets its core from a file of its own",
  memory: "looks into the memory of the core, which is the page's",
  seat: "the page's server is a part of the test, or of the page, where no worker gets",
  worker: "has workers of its own",
  "shared-worker": "has shared workers of its own",
  "shared-worker-ends": "has shared workers of its own",
  leader: "has workers of its own",
};

/** Returns the paths of all others. */
export function testsInWorkers() {
  const suffix = ".test.mjs";
  const names = readdirSync(inRoot("tests/browser/package"))
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length));
  const unknown = Object.keys(leftOut).filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`there are no such tests: ${unknown.join(", ")}`);
  return names.filter((name) => !(name in leftOut)).map((name) => `package/${name}${suffix}`);
}
