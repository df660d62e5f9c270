/**
 * Makes the tools ready that a verb needs: `npm run setup [-- --for start|test|bench|all]`.
 *
 * What is there already is left alone, so that a second run takes no time.
 */
import { parseArgs } from "node:util";
import { Failure, dim, green, main, since } from "./lib/report.mjs";
import { tools, verbs } from "./setup/tools.mjs";

main(async (args) => {
  const verb = verbOf(args);
  for (const tool of tools) {
    if (verb === "all" || tool.for.includes(verb)) await makeReady(tool);
  }
});

function verbOf(args) {
  const { values } = parseArgs({ args, options: { for: { type: "string", default: "all" } } });
  const known = [...verbs, "all"];
  if (known.includes(values.for)) return values.for;
  throw new Failure(`unknown verb "${values.for}"`, `npm run setup -- --for ${known.join("|")}`);
}

async function makeReady(tool) {
  if (tool.isReady()) return report(tool, "");
  const reason = tool.whyLeftOut?.();
  if (reason) return console.log(`${dim("left out")} ${tool.name}: ${reason}`);
  const start = performance.now();
  await tool.install();
  if (!tool.isReady()) throw new Failure(`${tool.name} is not ready although it was installed`);
  report(tool, dim(` (${since(start)})`));
}

const report = (tool, remark) => console.log(`${green("ready")} ${tool.name}${remark}`);
