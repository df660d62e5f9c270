import { describe, expect, test } from "vitest";
import { decode, encode, fingerprint } from "../../src/server/encoding.js";

const bytes = Buffer.from([0, 1, 255]);

describe("encode and decode", () => {
  test.each([
    ["JSON", [null, 1, "ü\u2028", { a: [{}] }]],
    ["members with odd names", JSON.parse('{"__proto__":1,"constructor":{"__proto__":[]}}')],
    ["our name with other data", { $sockeye: { id: "a" } }],
  ])("carry %s", (_title, value: unknown) => {
    expect(JSON.stringify(decode(encode(value)))).toBe(JSON.stringify(value));
  });

  test("carry binary data, from whatever view", () => {
    const view = new Uint8Array([9, 0, 1, 255, 9]).subarray(1, 4);
    const { buffer } = new Uint8Array(bytes);
    const decoded = decode(encode({ a: [bytes, view, buffer] }));
    expect(decoded).toEqual({ a: [bytes, bytes, bytes] });
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});

describe("fingerprint", () => {
  test("does not depend on the order of members", () => {
    expect(fingerprint({ a: 1, b: { c: 2, d: [3] } })).toBe(
      fingerprint({ b: { d: [3], c: 2 }, a: 1 }),
    );
  });

  const values = [
    ...[null, 0, 1, "", "1", "null", true, [], {}, [null], [[]], [1, 2], [12], ["1,2"], { a: 1 }],
    ...[{ a: "1" }, { "a:1": 1 }, { a: { b: 1 } }, { a: 1, b: 1 }, bytes, bytes.toString("base64")],
    ...[Buffer.alloc(0), JSON.parse('{"__proto__":1}') as unknown, `b${bytes.toString("base64")}`],
  ];
  test("is another one for other data", () => {
    const all = new Set(values.map((value) => fingerprint(["save", value])));
    expect(all.size).toBe(values.length);
  });

  test("takes what is missing for null, as JSON does in arrays", () => {
    expect(fingerprint([undefined])).toBe(fingerprint([null]));
  });
});
