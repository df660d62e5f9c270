/**
 * What a drainer has to note although there is no room: by removing what was stored before for that.
 *
 * A database that is full may refuse to store a single byte, also for something that makes room later. It
 * never refuses to remove. So each partition has tokens. The first one stands for "what was sent is noted"; the
 * others, if they are gone, are the bits of what is to be added to the epoch.
 */

/** The token that is there as long as each sending was noted. */
export const EXACT = 53;

/** All tokens of a partition: the bits of a number as JavaScript has them, and {@link EXACT}. */
export const allTokens: readonly number[] = Array.from({ length: EXACT + 1 }, (_, token) => token);

/** What a partition's tokens say. */
export interface Tokens {
  /** What is to be added to the epoch that is stored. */
  added: number;
  isExact: boolean;
}

/** Reads what the tokens say that are there. */
export function readTokens(there: readonly number[]): Tokens {
  const known = new Set(there);
  const gone = allTokens.filter((token) => token !== EXACT && !known.has(token));
  return { added: gone.reduce((sum, bit) => sum + 2 ** bit, 0), isExact: known.has(EXACT) };
}

/** Returns which bits have to go so that what is added becomes `least` or more. */
export function bitsFor(added: number, least: number): number[] {
  const gone: number[] = [];
  let sum = added;
  for (let bit = EXACT - 1; bit >= 0; bit -= 1) {
    if (hasBit(added, bit) || sum >= least) continue;
    // Without this one all lower ones would not do.
    if (sum + lowerBits(added, bit) >= least) continue;
    gone.push(bit);
    sum += 2 ** bit;
  }
  return gone;
}

const hasBit = (value: number, bit: number) => Math.floor(value / 2 ** bit) % 2 === 1;

/** What the bits below `bit` can still add. */
const lowerBits = (added: number, bit: number) => 2 ** bit - 1 - (added % 2 ** bit);
