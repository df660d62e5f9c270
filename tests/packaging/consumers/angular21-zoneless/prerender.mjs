/** Builds, which renders the pages, and checks that this needs no warning and that nothing connects. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const env = { ...process.env, SERVER: "http://localhost:3000" };
const build = spawnSync("node_modules/.bin/ng", ["build"], { env, encoding: "utf8" });
const output = `${build.stdout}${build.stderr}`;

console.log(output);
assert.equal(build.status, 0, "ng build fails");
assert.doesNotMatch(output, /warning/i);
for (const page of ["index.html", "lane/index.html"]) {
  const html = readFileSync(`dist/browser/${page}`, "utf8");
  assert.match(html, /data-testid="status"[^>]*>idle</, `the client on ${page}`);
}
