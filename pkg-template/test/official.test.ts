/** docs/official.md has every test of a defect of the official client, and none that is not there. */
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { linksOf, placeOf, read } from "./support/docLinks.js";

const folder = "../tests/interop/";
const files = readdirSync(placeOf(folder)).filter((name) => /^defects-.*\.test\.mjs$/.test(name));
const tests = files.flatMap((file) =>
  Array.from(read(folder + file).matchAll(/^test\(\s*"([^"]+)"/gm), ([, name]) => ({
    name,
    path: folder + file,
  })),
);

test("docs/official.md has all tests of the official client's defects", () => {
  const byName = (links: { name: string | undefined }[]) =>
    links.map(({ name }) => name ?? "").sort();
  const links = linksOf(read("official.md")).filter(({ path }) => path.startsWith(folder));
  expect(tests.length).toBeGreaterThan(10);
  expect(byName(links)).toEqual(byName(tests));
  for (const { name, path } of links) expect(tests).toContainEqual({ name, path });
});
