/** The tables of docs/protocol.md name files and tests that exist, and leave no option or reason out. */
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hasTest, linksOf, placeOf, read } from "./support/docLinks.js";

const text = read("protocol.md");
const links = linksOf(text);

/** The members of an interface. */
function members(path: string, name: string): string[] {
  const body = new RegExp(`interface ${name}\\b[^{]*\\{(.*?)\\n\\}`, "s").exec(read(path))?.[1];
  return Array.from((body ?? "").matchAll(/^ {2}(\w+)\??:/gm), ([, member]) => member ?? "");
}

/** What stands between a heading and the next. */
const section = (heading: string) => (text.split(`\n## ${heading}\n`)[1] ?? "").split("\n## ")[0];

describe("docs/protocol.md", () => {
  test("is read", () => {
    expect(links.length).toBeGreaterThan(300);
    expect(hasTest("fn a() {", "x.rs", "b")).toBe(false);
    expect(hasTest('test("a b", () => {', "x.ts", "a")).toBe(false);
    expect(hasTest('test("a b", () => {', "x.ts", "b")).toBe(false);
    expect(hasTest("test(`${a} b (${c})`, () => {", "x.ts", "b")).toBe(true);
  });

  test.each([...new Set(links.map(({ path }) => path))])("names %s, which exists", (path) => {
    expect(existsSync(placeOf(path))).toBe(true);
  });

  test.each(links)("links $name to $path, which has it", ({ name, path }) => {
    const isFile = path.endsWith(`/${name}`);
    expect(isFile || hasTest(read(path), path, name)).toBe(true);
  });

  test.each([
    ["Options of `createClient`", "../pkg-template/src/options.ts", "ClientOptions"],
    ["Options of `io`", "../pkg-template/src/compat/options.ts", "ManagerOptions"],
    ["Options of `io`", "../pkg-template/src/compat/engineOptions.ts", "EngineOptions"],
    ["Options of `io`", "../pkg-template/src/compat/types.ts", "SocketOptions"],
  ])("has in “%s” every option of %s", (heading, path, name) => {
    const options = members(path, name);
    expect(options.length).toBeGreaterThan(2);
    for (const option of options) expect(section(heading)).toContain(`\`${option}\``);
  });

  test("has every cause of the manager", () => {
    const codes = Array.from(
      read("../src/manager/cause.rs").matchAll(/^ {12}Self::\w+.* => "(\w+)",$/gm),
      ([, code]) => code ?? "",
    );
    expect(codes.length).toBeGreaterThan(15);
    const reasons = section("Why a connection ends, or cannot be made");
    for (const code of codes) expect(reasons).toContain(`\`${code}\``);
  });
});
