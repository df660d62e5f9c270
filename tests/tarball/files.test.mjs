/** Every file that is published has a reason to be. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { entries, files, manifest, read } from "./support/package.mjs";

/** The first rule that a file matches is its reason. */
const reasons = [
  [/^package\.json$/, "npm, Node and bundlers read it"],
  [/^README\.md$/, "npm shows it"],
  [/^LICENSE-(MIT|APACHE|THIRD-PARTY)$/, "the licences, which go with every copy"],
  [/^dist\/[\w-]+\.m?js$/, "ES modules"],
  [/^dist\/[\w-]+\.cjs$/, "the same for those who require it"],
  [/^dist\/([\w-]+\/)?[\w-]+\.d\.m?ts$/, "the types of the ES modules"],
  [/^dist\/([\w-]+\/)?[\w-]+\.d\.cts$/, "the types of the CommonJS modules"],
];

test("every file is on the list", () => {
  const others = files.filter((file) => !reasons.some(([pattern]) => pattern.test(file)));
  assert.deepEqual(others, []);
});

test("every rule has a file", () => {
  const unused = reasons.filter(([pattern]) => !files.some((file) => pattern.test(file)));
  assert.deepEqual(unused, []);
});

test("every file of dist is needed by an entry", () => {
  const needed = new Set(entries.flatMap(toFiles));
  for (const file of needed) importsOf(file).forEach((imported) => needed.add(imported));
  const published = files.filter((file) => file.startsWith("dist/"));
  assert.deepEqual([...needed].sort(), published);
});

test("no file names a source map", () => {
  const withMaps = files.filter((file) => /sourceMappingURL=|sourcesContent/.test(read(file)));
  assert.deepEqual(withMaps, []);
});

test("no file names a path of the machine that built it", () => {
  const home = /(^|[\s"`(])(file:\/\/)?\/(home|Users|root|tmp)\/\w/m;
  assert.deepEqual(
    files.filter((file) => home.test(read(file))),
    [],
  );
});

test("no script runs when it is installed", () => {
  assert.equal(manifest.scripts, undefined);
});

/** The files that the manifest names for an entry. */
function toFiles({ name }) {
  const conditions = manifest.exports[name === "index" ? "." : `./${name}`];
  const named = JSON.stringify(conditions).match(/\.\/dist\/[\w.-]+/g);
  return named.map((file) => path.posix.normalize(file));
}

/** What a module or a declaration imports of the package. */
function importsOf(file) {
  const isDeclaration = /\.d\.[cm]?ts$/.test(file);
  const specifiers = read(file).matchAll(/(?:from|import|require)\s*\(?\s*"(\.\.?\/[^"]+)"/g);
  return [...specifiers].map(([, specifier]) => {
    const imported = path.posix.join(path.posix.dirname(file), specifier);
    return isDeclaration ? imported.replace(/\.([cm]?)js$/, ".d.$1ts") : imported;
  });
}
