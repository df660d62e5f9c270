/**
 * What the core costs, in instructions: `npm run cost [-- --update]`.
 *
 * Instructions are counted by valgrind, so no machine is too slow or too busy for it. Each operation is done
 * a few times and then more often: the difference is what it costs. That is compared with the budget of
 * cost-budget.json, which holds for the compiler that it names; other compilers may need a little more.
 * What costs the same however many names there are holds for all of them.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cargoTarget, inRoot } from "./lib/paths.mjs";
import { onPath } from "./lib/programs.mjs";
import { Failure, green, main, printTable, red } from "./lib/report.mjs";
import { run } from "./lib/run.mjs";
import { cargo, cargoEnvironment, versionOf } from "./toolchain.mjs";

const resultFile = inRoot("target/cost.json");
const budgetFile = inRoot("tools/cost-budget.json");
const program = path.join(cargoTarget, "release/sockeye-cost");

/** How often an operation is done, first and then. */
const [few, many] = [500, 1_500];

main(async (args) => {
  const valgrind = onPath("valgrind");
  if (!valgrind) {
    console.log("skipped: instructions are counted by valgrind, which is not installed");
    return 0;
  }
  await cargo(["build", "--quiet", "--release", "--package", "sockeye-cost"]);
  const names = (await run(program, [], { capture: true })).trim().split("\n");
  const counted = {};
  for (const name of names) counted[name] = await count(valgrind, name);
  const budget = JSON.parse(readFileSync(budgetFile, "utf8"));
  if (args.includes("--update")) {
    writeBudget({ ...budget, compiler: compiler(), operations: counted });
    return 0;
  }
  return report(counted, budget);
});

/** Returns how many instructions an operation takes. */
async function count(valgrind, name) {
  const total = async (times) => {
    const options = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
    const args = [...options, program, name, String(times)];
    const printed = await run(valgrind, args, { capture: true, limitSeconds: 60 });
    return Number(/Collected : (\d+)/.exec(printed)[1]);
  };
  return Math.round(((await total(many)) - (await total(few))) / (many - few));
}

/** As `rustc 1.96.0 x64`: what decides what the instructions are. */
function compiler() {
  const [, version] = /^(rustc \d+\.\d+\.\d+)/.exec(versionOf(cargoEnvironment().RUSTC));
  return `${version} ${process.arch}`;
}

function report(counted, budget) {
  const allowed = budget.compiler === compiler() ? budget.tolerance : budget.otherCompilers;
  const costs = Object.entries(counted).map(([operation, instructions]) => {
    const planned = budget.operations[operation] ?? null;
    return { operation, instructions, budget: planned, over: !(instructions <= planned * allowed) };
  });
  mkdirSync(path.dirname(resultFile), { recursive: true });
  writeFileSync(resultFile, `${JSON.stringify(costs, null, 2)}\n`);
  print(costs, allowed);
  const failures = [...costs.filter(({ over }) => over).map(describe), ...growing(counted, budget)];
  const gone = Object.keys(budget.operations).filter((operation) => !(operation in counted));
  failures.push(...gone.map((operation) => `${operation} is in the budget and not counted`));
  if (failures.length === 0) return 0;
  throw new Failure(failures.join("\n       "), "make it cheaper, or: npm run cost -- --update");
}

const describe = ({ operation, instructions, budget }) =>
  `${operation}: ${instructions} instructions, planned ${budget ?? "nothing"}`;

/** Returns what should cost the same as something else and does not. */
function growing(counted, { flat }) {
  return flat.flatMap(({ operation, as, times }) =>
    counted[operation] <= counted[as] * times
      ? []
      : [`${operation} costs more than ${times} times as much as ${as}`],
  );
}

function print(costs, allowed) {
  console.log(`instructions on ${compiler()}; at most ${allowed} times the budget:`);
  const rows = costs.map(({ operation, instructions, budget, over }) => [
    ...[operation, instructions, budget ?? "-"],
    over ? red("over") : green("ok"),
  ]);
  printTable(["operation", "counted", "budget", ""], rows, [1, 2]);
}

function writeBudget(budget) {
  writeFileSync(budgetFile, `${JSON.stringify(budget, null, 2)}\n`);
  console.log(`wrote ${path.relative(inRoot(), budgetFile)}`);
}
