import { deflateSync } from "node:zlib";
import { describe, expect, test, vi } from "vitest";
import { decode } from "../src/decode.js";

const original = Uint8Array.from({ length: 200_000 }, (_, index) => (index * index) % 251);
const text = deflateSync(original).toString("base64");

describe("decode()", () => {
  test("inflates the module with the platform's stream", async () => {
    expect(await decode(text, original.length)).toEqual(original);
  });

  test("inflates it with Node's zlib where there is no such stream", async () => {
    vi.stubGlobal("DecompressionStream", undefined);
    expect(await decode(text, original.length)).toEqual(original);
  });

  test("rejects where there is neither", async () => {
    vi.stubGlobal("DecompressionStream", undefined);
    vi.stubGlobal("process", {});
    await expect(decode(text, original.length)).rejects.toThrow("DecompressionStream");
  });

  test("rejects what is damaged", async () => {
    await expect(decode("!", 1)).rejects.toThrow();
  });
});
