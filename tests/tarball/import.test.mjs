/** Importing any entry does nothing but define what it exports; that for workers does nothing but in workers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inRoot } from "../../tools/lib/paths.mjs";
import { run } from "../../tools/lib/run.mjs";
import { entries, forWorkers } from "./support/package.mjs";

/** The frameworks are imported before; what they do is theirs. */
const peers = ["react", "rxjs", "@angular/core", "@angular/compiler"];

for (const { specifier, required } of entries) {
  test(`import "${specifier}" has no side effects`, () => imports(specifier, "import"));
  if (!required) continue;
  test(`require("${specifier}") has no side effects`, () => imports(specifier, "require"));
}

async function imports(specifier, kind) {
  const program = inRoot("tests/tarball/support/importing.mjs");
  const printed = await run(process.execPath, [program, kind, specifier, ...peers], {
    capture: true,
    limitSeconds: 60, // a timer or a handle that is left would keep it alive
  });
  const { names, ...effects } = JSON.parse(printed);
  const isForWorkers = specifier === forWorkers;
  // A worker hears of messages, and a shared one of pages that connect.
  const touched = isForWorkers ? ["addEventListener", "addEventListener"] : [];
  assert.deepEqual(effects, { touched, defined: [] });
  assert.equal(names.length === 0, isForWorkers);
}
