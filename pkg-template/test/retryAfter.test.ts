import { describe, expect, test, vi } from "vitest";
import { parseRetryAfter, withRetryAfter } from "../src/retryAfter.js";

describe("Retry-After", () => {
  const date = "Thu, 01 Jan 1970 00:00:10 GMT";
  test.each<[string, string | undefined, number | undefined]>([
    ["0", undefined, 0],
    ["120", undefined, 120_000],
    ["Thu, 01 Jan 1970 00:00:15 GMT", date, 5_000],
    ["Thu, 01 Jan 1970 00:00:05 GMT", date, 0],
    ["soon", date, undefined],
    ["1.5e3x", date, undefined],
    ["Thu, 01 Jan 1970 00:00:15 GMT", "nonsense", undefined],
  ])("%j, said at %j, is %j ms", (text, date, expected) => {
    expect(parseRetryAfter(text, date)).toBe(expected);
  });

  test("is compared with the clock here when the answer has no date", () => {
    vi.useFakeTimers({ now: 10_000 });
    expect(parseRetryAfter("Thu, 01 Jan 1970 00:00:15 GMT", null)).toBe(5_000);
    vi.useRealTimers();
  });

  test.each<[number, Record<string, string>, number[]]>([
    [429, { "retry-after": "7" }, [7_000]],
    [503, { "retry-after": "7" }, [7_000]],
    [503, {}, []],
    [503, { "retry-after": "whenever" }, []],
    [500, { "retry-after": "7" }, []],
    [200, { "retry-after": "7" }, []],
  ])("with status %i and headers %j is told as %j", async (status, headers, expected) => {
    const told: number[] = [];
    const response = new Response("body", { status, headers });
    const fetch = withRetryAfter(
      () => Promise.resolve(response),
      (afterMs) => void told.push(afterMs),
    );
    expect(await fetch("https://example.com")).toBe(response);
    expect(told).toEqual(expected);
  });

  test("is not looked for in answers without headers, nor in failures", async () => {
    const tell = vi.fn();
    const odd = { status: 503 } as Response;
    expect(await withRetryAfter(() => Promise.resolve(odd), tell)("x")).toBe(odd);
    const cause = new Error("offline");
    await expect(withRetryAfter(() => Promise.reject(cause), tell)("x")).rejects.toBe(cause);
    expect(tell).not.toHaveBeenCalled();
  });
});
