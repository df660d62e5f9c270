/** docs/guarantees.md names each guarantee with tests that exist, and nothing promises more than can be. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hasTest, linksOf, placeOf, read } from "./support/docLinks.js";

const text = read("guarantees.md");
const isFile = (name: string, path: string) => path.endsWith(`/${name}`) || path.endsWith(".md");
const links = linksOf(text);

/** The guarantees, each with what stands below its heading. */
const guarantees = text.split(/^## (?=G\d)/m).slice(1);

/** All texts below a folder of the repository, with their paths. */
function textsOf(folder: string): [path: string, text: string][] {
  const place = placeOf(`../${folder}`);
  const names = readdirSync(place, { recursive: true, encoding: "utf8" });
  const paths = names.filter((name) => /\.(md|rs|m?[jt]s|toml|json)$/.test(name));
  return paths.map((name) => [name, readFileSync(new URL(name, place), "utf8")]);
}

const promise = /\bexactly[-\s]+once\b/i;

describe("docs/guarantees.md", () => {
  test("has all guarantees, in their order, each with its conditions, tests and figures", () => {
    const numbers = guarantees.map((guarantee) => guarantee.split(" ")[0]);
    expect(numbers).toEqual(Array.from({ length: 25 }, (_, index) => `G${index + 1}`));
    for (const guarantee of guarantees) {
      expect(guarantee).toMatch(/^\*\*Conditions\.\*\* /m);
      expect(guarantee).toMatch(/^\*\*Figures\.\*\* /m);
      const shown = guarantee.split("**Tests.**")[1] ?? "";
      expect(linksOf(shown).length, guarantee.split("\n")[0]).toBeGreaterThan(0);
    }
  });

  test("says of each in the table what state it is in, and links it", () => {
    const rows = Array.from(
      text.matchAll(/(G\d+) +\| \[[^\]]+\]\(#([\w-]+)\) +\| (holds|core|planned) /g),
      ([, number, anchor]) => ({ number, anchor }),
    );
    expect(rows).toHaveLength(25);
    for (const { number, anchor } of rows) {
      const heading = guarantees.find((guarantee) => guarantee.startsWith(`${number ?? ""} `));
      expect(heading?.split("\n")[0]?.toLowerCase().replaceAll(" ", "-")).toBe(anchor);
    }
  });

  test.each(links)("links $name to $path, which has it", ({ name, path }) => {
    expect(existsSync(placeOf(path))).toBe(true);
    expect(isFile(name, path) || hasTest(read(path), path, name)).toBe(true);
  });
});

describe("no text", () => {
  test("that promises what nobody can would be overlooked", () => {
    expect("delivered exactly\nonce").toMatch(promise);
    expect("Exactly-once semantics").toMatch(promise);
  });

  test.each(["docs/", "src/", "pkg-template/src/", "mock-server/"])("in %s does", (folder) => {
    const texts = textsOf(folder);
    expect(texts.length).toBeGreaterThan(5);
    for (const [path, found] of texts) expect(found, path).not.toMatch(promise);
  });

  test.each(["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "pkg-template/README.md"])(
    "%s does",
    (path) => expect(read(`../${path}`)).not.toMatch(promise),
  );
});
