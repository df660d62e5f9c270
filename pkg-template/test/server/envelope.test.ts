import { describe, expect, test } from "vitest";
import { maxNameLength, takeEnvelope } from "../../src/server/envelope.js";

const good = { k: "key", c: "client", e: 1, n: 1, lane: "", m: "memory" };
const acknowledge = () => {};

describe("takeEnvelope", () => {
  test("takes it from before the acknowledgement", () => {
    const args: unknown[] = ["save", { a: 1 }, { $sockeye: good }, acknowledge];
    const taken = takeEnvelope(args);
    expect(taken).toEqual({
      envelope: { key: "key", client: "client", epoch: 1, seq: 1, lane: "", memory: "memory" },
    });
    expect(args).toEqual(["save", { a: 1 }, acknowledge]);
  });

  test("takes it from the end if there is no acknowledgement", () => {
    const args: unknown[] = ["save", { $sockeye: good }];
    expect(takeEnvelope(args)).toHaveProperty("envelope.key", "key");
    expect(args).toEqual(["save"]);
  });

  test("does not list the members of other data: binary data has one for each byte", () => {
    const ownKeys = () => {
      throw new Error("listed");
    };
    expect(takeEnvelope(["save", new Proxy({ a: 1 }, { ownKeys })])).toBeUndefined();
  });

  test("takes members that a later version adds for nothing", () => {
    expect(takeEnvelope(["save", { $sockeye: { ...good, later: {} } }])).toHaveProperty("envelope");
  });

  test.each([
    ["nothing", ["save"]],
    ["an acknowledgement only", ["save", acknowledge]],
    ["an object with another member beside it", ["save", { $sockeye: good, a: 1 }]],
    ["a member that is not its own", ["save", Object.create({ $sockeye: good })]],
    ["an array", ["save", [good]]],
    ["an argument in the middle", ["save", { $sockeye: good }, 1, acknowledge]],
    ["two functions", ["save", { $sockeye: good }, acknowledge, acknowledge]],
  ])("leaves %s alone", (_title, args: unknown[]) => {
    const before = [...args];
    expect(takeEnvelope(args)).toBeUndefined();
    expect(args).toEqual(before);
  });

  const isNot = (name: string, value: unknown): [string, unknown] => [
    name,
    { ...good, [name]: value },
  ];
  const notNames = [undefined, null, 1, true, {}, [], ["a"], "x".repeat(maxNameLength + 1)];
  const notNumbers = [undefined, null, "1", 0, -1, 1.5, NaN, Infinity, 2 ** 53, 1e300, [1], {}];

  test.each([
    ...[undefined, null, 1, "text", [], [good]].map((inner): [string, unknown] => [
      "itself",
      inner,
    ]),
    isNot("k", ""),
    ...["k", "c", "lane", "m"].flatMap((name) => notNames.map((value) => isNot(name, value))),
    ...["e", "n"].flatMap((name) => notNumbers.map((value) => isNot(name, value))),
    [
      "hidden",
      JSON.parse('{"__proto__":{"k":"k","c":"c","e":1,"n":1,"lane":"","m":"m"}}') as unknown,
    ],
  ])("takes off one in which %s is wrong: %j", (_name, inner) => {
    const args: unknown[] = ["save", { $sockeye: inner }, acknowledge];
    expect(takeEnvelope(args)).toHaveProperty("problem");
    expect(args).toEqual(["save", acknowledge]);
  });
});
