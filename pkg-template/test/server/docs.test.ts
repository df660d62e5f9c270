/** docs/server.md leaves no option and no export out. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as server from "../../src/server.js";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const text = read("docs/server.md");

test("every option has its row", () => {
  const body = /interface ServerHelperOptions.*?\n\}/s.exec(
    read("pkg-template/src/server/options.ts"),
  );
  const options = Array.from(
    body?.[0].matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm) ?? [],
    ([, name]) => name,
  );
  expect(options.length).toBeGreaterThan(5);
  for (const option of options) expect(text).toContain(`| \`${option ?? ""}\``);
  for (const limit of ["maxEvents", "maxStreams", "maxAgeMs"])
    expect(text).toContain(`log.${limit}`);
});

test("every function is named", () => {
  const forStores = ["decode", "encode"]; // in the example
  for (const name of Object.keys(server)) {
    expect(forStores.includes(name) ? read("docs/examples/sqliteStore.mjs") : text).toContain(name);
  }
});
