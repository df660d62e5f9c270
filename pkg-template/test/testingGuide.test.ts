/** The examples of `docs/testing.md` are parts of programs that run. */
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const consumers = "tests/packaging/consumers";
const folders = [
  ...[`${consumers}/vitest4/src`, `${consumers}/vitest4/test`],
  ...[`${consumers}/jest30/src`, `${consumers}/jest30/test`],
  ...[`${consumers}/storybook10/src`, "docs/examples"],
];

const read = (file: string) => readFileSync(file, "utf8");
const programs = folders
  .map((folder) => path.join(root, folder))
  .flatMap((folder) => readdirSync(folder).map((name) => path.join(folder, name)))
  .map(read);

const guide = read(path.join(root, "docs/testing.md"));
const examples = Array.from(
  guide.matchAll(/```(?:tsx?|jsx?)\n(.*?)```/gs),
  ([, code]) => code ?? "",
);

test("finds the examples", () => {
  expect(examples.length).toBeGreaterThan(6);
});

test.each(examples)("finds an example in a program: %s", (example) => {
  expect(programs.some((program) => program.includes(example))).toBe(true);
});
