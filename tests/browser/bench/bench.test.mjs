/** The measurements work: each area, as short as possible. What they measure is not judged here. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { runNode } from "../../../tools/lib/run.mjs";
import { areas } from "../../bench/areas/index.mjs";
import { buildPrograms } from "../../bench/load/contestant.mjs";

const clients = Object.keys(areas).filter((area) => area !== "server");

test("measures every area of the client and keeps what came of it", (t) =>
  measure(t, clients, ["herd-arrivals.json"]));

test("measures a server and keeps what came of it", async (t) => {
  // Not within the limit of the measurement: it compiles what was not compiled yet.
  await buildPrograms(true);
  await measure(t, ["server"]);
});

async function measure(t, chosen, more = []) {
  const output = mkdtempSync(path.join(tmpdir(), "sockeye-bench-test-"));
  t.after(() => rmSync(output, { recursive: true, force: true }));

  const args = [...chosen, "--quick", "--output", output];
  await runNode("tests/bench/run.mjs", args, { capture: true, limitSeconds: 170 });

  const files = [...chosen.map((name) => `${name}.json`), ...more];
  assert.deepEqual(readdirSync(output).sort(), files.sort());
  for (const area of chosen) {
    const rows = JSON.parse(readFileSync(path.join(output, `${area}.json`), "utf8"));
    assert.ok(rows.length > 0, `${area} has no rows`);
    for (const row of rows) assertRow(row);
  }
}

function assertRow(row) {
  const { ours, reference } = row.samples;
  assert.ok(row.case !== "" && row.unit !== "", JSON.stringify(row));
  for (const figures of reference ? [ours, reference] : [ours]) {
    assert.ok(figures.length > 0 && figures.every(Number.isFinite), JSON.stringify(row));
  }
  assert.equal(row.reference === null, reference === undefined);
}
