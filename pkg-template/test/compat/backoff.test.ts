import { afterEach, expect, test, vi } from "vitest";
import { Backoff } from "../../src/compat/backoff.js";

const settings = { min: 1_000, max: 5_000, jitter: 0.5 };

afterEach(() => vi.restoreAllMocks());

/** Draws that many delays, the random number being the same each time. */
function draw(count: number, random: number, changes: Partial<typeof settings> = {}): number[] {
  vi.spyOn(Math, "random").mockReturnValue(random);
  const backoff = new Backoff({ ...settings, ...changes });
  return Array.from({ length: count }, () => backoff.duration());
}

test("delays double up to the limit", () => {
  expect(draw(5, 0.9, { jitter: 0 })).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
});

test("delays deviate to both sides as those of the official client do", () => {
  expect(draw(3, 0.4)).toEqual([800, 1_600, 3_200]);
  expect(draw(2, 0.3)).toEqual([1_150, 2_300]);
});

test("delays deviate at the limit, too, and stay below it", () => {
  expect(draw(5, 0.9).slice(3)).toEqual([2_750, 2_750]);
  expect(draw(5, 0.2).slice(3)).toEqual([4_500, 4_500]);
});

test("no number of attempts makes a delay zero or longer than the limit", () => {
  const backoff = new Backoff(settings);
  backoff.attempts = 1_000;
  for (let count = 0; count < 2_000; count++) {
    const delay = backoff.duration();
    expect(delay).toBeGreaterThanOrEqual(2_500);
    expect(delay).toBeLessThanOrEqual(5_000);
  }
});

test.each([Infinity, 2 ** 40])("a limit of %d is one that timers have", (max) => {
  expect(draw(40, 0, { max }).at(-1)).toBe(2 ** 31 - 1);
});

test.each([0, -1, 2, NaN])("a jitter of %d is none", (jitter) => {
  expect(draw(1, 0.9, { jitter })).toEqual([1_000]);
});

test("a reset starts again with the first delay", () => {
  const backoff = new Backoff({ ...settings, jitter: 0 });
  backoff.duration();
  backoff.duration();
  expect(backoff.attempts).toBe(2);
  backoff.reset();
  expect(backoff.attempts).toBe(0);
  expect(backoff.duration()).toBe(1_000);
});

test("settings change the next delays", () => {
  const backoff = new Backoff({ ...settings, jitter: 0 });
  backoff.setMin(10);
  backoff.setMax(15);
  expect([backoff.duration(), backoff.duration()]).toEqual([10, 15]);
  vi.spyOn(Math, "random").mockReturnValue(0.8);
  backoff.setJitter(1);
  expect(backoff.duration()).toBe(3);
});
