/**
 * Contestants side by side: batches taken in turn, so that what disturbs the machine disturbs all of them.
 *
 * A contestant has `run(count)`, which does something so many times and resolves with the milliseconds that
 * it took, and `close()`.
 */

/** The longest a batch may become while its length is sought. */
const MAX_COUNT = 2 ** 22;

/**
 * Resolves with microseconds per time of each contestant, `rounds` figures each.
 *
 * First each runs until its batches take `batchMs`, and on for `warmUpMs`: what is measured is compiled.
 */
export async function compare(contestants, { rounds, batchMs, warmUpMs }) {
  const entries = Object.entries(contestants);
  const counts = new Map();
  for (const [name, contestant] of entries) {
    counts.set(name, await calibrate(contestant, batchMs, warmUpMs));
  }
  const figures = Object.fromEntries(entries.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    // Whoever comes first would always find the caches as the last has left them.
    const inTurn = round % 2 === 0 ? entries : entries.toReversed();
    for (const [name, contestant] of inTurn) {
      const count = counts.get(name);
      figures[name].push(((await contestant.run(count)) * 1_000) / count);
    }
  }
  for (const [, contestant] of entries) await contestant.close();
  return figures;
}

/** Returns how many times take `batchMs`. */
async function calibrate({ run, atMost = MAX_COUNT }, batchMs, warmUpMs) {
  let count = 1;
  let elapsed = await run(count);
  for (let total = elapsed; elapsed < batchMs || total < warmUpMs; total += elapsed) {
    if (elapsed < batchMs) {
      if (count >= atMost) return atMost;
      count = Math.min(count * 2, atMost);
    }
    elapsed = await run(count);
  }
  return Math.max(1, Math.round((count * batchMs) / elapsed));
}

/** Lets everything that is under way end, also what waits for promises. */
export const settle = () => new Promise((resolve) => setTimeout(resolve));
