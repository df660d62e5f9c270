/** What is released has one version. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findProblems } from "../../tools/release/versions.mjs";

const changelog = "# Changelog\n\n## Unreleased\n\n## 1.2.3 (2030-01-01)\n\n- New.\n\n## 1.2.2\n";
const right = { crate: "1.2.3", package: "1.2.3", mock: "1.2.3", changelog };

test("nothing is wrong when all versions are one", () => {
  assert.deepEqual(findProblems(right), []);
  assert.deepEqual(findProblems({ ...right, changelog: "# Changelog\n\n## 1.2.3\n" }), []);
});

test("every version that differs is named", () => {
  assert.deepEqual(findProblems({ ...right, package: "1.2.4" }), [
    "the package has version 1.2.4, the crate 1.2.3",
  ]);
  assert.deepEqual(findProblems({ ...right, mock: "1.2.4" }), [
    "the mock server's package has version 1.2.4, the crate 1.2.3",
  ]);
  assert.deepEqual(findProblems({ ...right, crate: "1.2.2", package: "1.2.2", mock: "1.2.2" }), [
    "the changelog's first version is 1.2.3 (2030-01-01), not 1.2.2",
  ]);
  assert.deepEqual(findProblems({ ...right, changelog: "# Changelog\n" }), [
    "the changelog's first version is missing, not 1.2.3",
  ]);
});

test("nothing may be left as unreleased", () => {
  const left = changelog.replace("## Unreleased\n", "## Unreleased\n\n- More.\n");
  assert.deepEqual(findProblems({ ...right, changelog: left }), [
    'the changelog has lines under "Unreleased"',
  ]);
});
