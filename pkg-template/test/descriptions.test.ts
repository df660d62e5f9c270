import { readFileSync } from "node:fs";
import { describe as suite, expect, test } from "vitest";
import { describe } from "../src/descriptions.js";
import type { SockeyeErrorCode } from "../src/errors.js";

const crate = (path: string) =>
  readFileSync(new URL(`../../src/${path}`, import.meta.url), "utf8").replace(
    /#\[cfg\(test\)\][^]*/,
    "",
  );

/** The codes that the crate gives: what `Variant => "code"` stands for, whatever surrounds it. */
function codesOf(path: string): string[] {
  const arms = crate(path).matchAll(
    /(?:Self|Settlement)::\w+(?:\(\w+\)| \{ \.\. \})? =>\s*[({]?\s*"(\w+)"/g,
  );
  return Array.from(arms, ([, code]) => code ?? "");
}

const sources = [
  ...["manager/cause.rs", "socketio/excess.rs", "socketio/outgoing.rs", "web/driver.rs"],
  ...["client/store.rs", "client/outbox/action.rs"],
];
const codes = [...new Set(sources.flatMap(codesOf))];
const ofTheShell = ["binary_unsupported", "wasm_unavailable"];

suite("the codes of the crate", () => {
  test.each([
    ["manager/cause.rs", "auth_failed"],
    ["socketio/outgoing.rs", "buffer_full"],
    ["web/driver.rs", "ack_timeout"],
  ])("are found in %s", (path, code) => {
    expect(codesOf(path)).toContain(code);
  });

  test("are all found: each snake_case text of the sources that looks like one", () => {
    const cause = Array.from(crate("manager/cause.rs").matchAll(/"([a-z]+(?:_[a-z]+)+)"/g));
    expect(codes).toEqual(expect.arrayContaining(cause.map(([, code]) => code)));
  });

  test.each([...codes, ...ofTheShell])("%s has a message and a hint", (code) => {
    const { message, hint } = describe(code as SockeyeErrorCode);
    expect(message).toMatch(/ /);
    expect(hint).toMatch(/ /);
  });

  test.each(codes)("%s is a code of the public union", (code) => {
    const union = readFileSync(new URL("../src/errors.ts", import.meta.url), "utf8");
    expect(union).toContain(`| "${code}"`);
  });
});

suite("describe()", () => {
  test("appends the detail to the message", () => {
    const { message } = describe("parse_error");
    expect(describe("parse_error", "namespace")).toEqual({
      ...describe("parse_error"),
      message: `${message}: namespace`,
    });
    expect(describe("parse_error", "").message).toBe(message);
  });

  test("gives a code that it does not know as message", () => {
    expect(describe("from_the_future" as SockeyeErrorCode)).toEqual({
      code: "from_the_future",
      message: "from_the_future",
      hint: "",
    });
  });
});
