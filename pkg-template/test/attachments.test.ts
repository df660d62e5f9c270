import { describe, expect, it } from "vitest";
import { extractAttachments } from "../src/attachments.js";
import { isBinary } from "../src/binary.js";

const bytes = (...values: number[]) => Uint8Array.from(values);
const placeholder = (num: number) => ({ _placeholder: true, num });

describe("extractAttachments", () => {
  it("returns the value itself when nothing in it is binary", () => {
    const value = ["e", { a: [1, null, undefined, { b: new Date(0), c: new Map() }] }];
    const extraction = extractAttachments(value);
    expect(extraction.value).toBe(value);
    expect(extraction.attachments).toEqual([]);
  });

  it.each([
    ["an ArrayBuffer", bytes(1, 2).buffer],
    ["a Uint8Array", bytes(1, 2)],
    ["a view on a part of a buffer", new DataView(bytes(1, 2, 3, 4).buffer, 1, 2)],
    ["a Buffer, although it has toJSON", Buffer.from([1, 2])],
    ["a Blob", new Blob(["ab"])],
    ["a File", new File(["ab"], "name.txt")],
  ])("takes out %s as it is", (_, binary) => {
    const { value, attachments } = extractAttachments(binary);
    expect(value).toEqual(placeholder(0));
    expect(attachments).toHaveLength(1);
    expect(attachments[0]).toBe(binary);
  });

  it("numbers what is nested in the order of the text, and writes it as placeholders", () => {
    const [first, second, third] = [bytes(1), new Blob(["2"]), bytes(3).buffer];
    const value = ["e", { z: first, a: { list: [0, second] } }, third];
    const { value: extracted, attachments } = extractAttachments(value);
    expect(JSON.stringify(extracted)).toBe(
      '["e",{"z":{"_placeholder":true,"num":0},"a":{"list":[0,{"_placeholder":true,"num":1}]}},' +
        '{"_placeholder":true,"num":2}]',
    );
    expect(attachments).toEqual([first, second, third]);
  });

  it("takes out the same buffer as often as it occurs", () => {
    const twice = bytes(1);
    expect(extractAttachments([twice, twice]).attachments).toEqual([twice, twice]);
  });

  it("modifies neither the value nor what is frozen in it", () => {
    const inner = Object.freeze({ binary: bytes(1), text: "t" });
    const value = Object.freeze(["e", inner]);
    extractAttachments(value);
    expect(value).toEqual(["e", { binary: bytes(1), text: "t" }]);
    expect(value[1]).toBe(inner);
  });

  it("copies only what holds binary", () => {
    const plain = { a: 1 };
    const { value } = extractAttachments([plain, { binary: bytes(1), plain }]);
    const [first, second] = value as [unknown, { plain: unknown }];
    expect(first).toBe(plain);
    expect(second.plain).toBe(plain);
  });

  it("keeps the order of the keys, and __proto__ as a key like any other", () => {
    const value = JSON.parse('{"b":1,"__proto__":{"x":2},"a":0}') as Record<string, unknown>;
    value["a"] = bytes(1);
    const text = JSON.stringify(extractAttachments(value).value);
    expect(text).toBe('{"b":1,"__proto__":{"x":2},"a":{"_placeholder":true,"num":0}}');
  });

  it("looks into what toJSON returns, once", () => {
    const binary = bytes(1);
    const nested = { toJSON: () => ({ toJSON: () => "not asked", binary }) };
    expect(extractAttachments([{ toJSON: () => binary }, nested]).attachments).toEqual([
      binary,
      binary,
    ]);
    expect(extractAttachments({ toJSON: () => [nested] }).attachments).toEqual([binary]);
  });

  it("leaves values with toJSON to JSON.stringify when nothing in them is binary", () => {
    const date = new Date(0);
    const { value } = extractAttachments({ date, binary: bytes(1), boxed: new String("s") });
    expect((value as { date: unknown }).date).toBe(date);
    expect(JSON.stringify(value)).toBe(
      '{"date":"1970-01-01T00:00:00.000Z","binary":{"_placeholder":true,"num":0},"boxed":"s"}',
    );
  });

  it("throws what toJSON throws", () => {
    const value = {
      toJSON: () => {
        throw new Error("no");
      },
    };
    expect(() => extractAttachments([value])).toThrow("no");
  });

  it("throws when a value contains itself", () => {
    const value: unknown[] = [];
    value.push({ value });
    expect(() => extractAttachments(value)).toThrow(RangeError);
  });

  it("works where there is no Blob", () => {
    const { Blob } = globalThis;
    Reflect.deleteProperty(globalThis, "Blob");
    try {
      expect(isBinary({})).toBe(false);
      expect(isBinary(bytes(1))).toBe(true);
    } finally {
      globalThis.Blob = Blob;
    }
  });
});
