import { expect, test } from "vitest";
import { allTokens, bitsFor, EXACT, readTokens } from "../../src/ports/indexedDbTokens.js";

const without = (gone: readonly number[]) => allTokens.filter((token) => !gone.includes(token));

test("tokens that are all there say nothing", () => {
  expect(readTokens(allTokens)).toEqual({ added: 0, isExact: true });
  expect(readTokens(without([EXACT]))).toEqual({ added: 0, isExact: false });
});

test("the tokens that go make a number that is high enough, and never a lower one", () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 16_807) % 2_147_483_647;
    return Math.floor((seed / 2_147_483_647) * below);
  };
  for (let round = 0; round < 200; round += 1) {
    const gone: number[] = [];
    let added = 0;
    for (let step = 0; step < 8; step += 1) {
      const least = added + 1 + random(2 ** random(40));
      gone.push(...bitsFor(added, least));
      const next = readTokens(without(gone));
      expect(next.added).toBeGreaterThanOrEqual(least);
      expect(next.added).toBeLessThan(2 * (least + 1));
      expect(new Set(gone).size).toBe(gone.length);
      added = next.added;
    }
  }
});
