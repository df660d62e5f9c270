/** What publint and "Are the types wrong?" say of the tarball. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { inRoot } from "../../tools/lib/paths.mjs";
import { entries, manifest } from "./support/package.mjs";

const tarball = readFileSync(path.join(inRoot("pkg"), readdirSync(inRoot("pkg"))[0]));

test("publint has nothing to say", async () => {
  const bytes = tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.length);
  const { messages } = await publint({ pack: { tarball: bytes }, strict: true });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, manifest)),
    [],
  );
});

test("the types are right for everybody", async () => {
  const { problems } = await checkPackage(createPackageFromTarballData(tarball), {
    excludeEntrypoints: ["./sockeye.wasm"], // what its import gives is up to the bundler
  });
  const found = problems.map(({ kind, entrypoint, resolutionKind }) =>
    [kind, entrypoint, resolutionKind].join(" "),
  );
  assert.deepEqual(found, moduleOnly());
});

/** Angular itself has no CommonJS since its version 13. */
function moduleOnly() {
  const names = entries.filter(({ required }) => !required).map(({ name }) => name);
  assert.deepEqual(names, ["angular"]);
  return names.map((name) => `CJSResolvesToESM ./${name} node16-cjs`);
}
