/** Rows of the browser's database are damaged at random, between one client and the next. */
import { waitFor } from "../../browser/support/wait.mjs";
import { withSetting } from "../support/setting.mjs";

export const summary = "rows of the database are damaged at random between one client and the next";
export const counts = { full: 1_000, quick: 25 };
export const unit = "stores";

const appliedLimitMs = 5_000;

export const run = ({ count, random, progress, expect }) =>
  withSetting({}, async (setting) => {
    const browser = await setting.startBrowser();
    const page = await setting.openPlain(browser);
    const figures = { actions: 0, damages: 0, putAside: 0, gone: 0 };
    for (let done = 1; done <= count; done += 1) {
      const applied = new Map();
      const leave = setting.watch(({ type, key }) => {
        if (type === "applied") applied.set(key, (applied.get(key) ?? 0) + 1);
      });
      const seed = random.below(2 ** 32);
      const round = await page.evaluate(
        async (settings) => (await import("/damage.js")).damageRound(settings),
        { url: setting.url, seed, name: `damage ${done}` },
      );
      const wrong = await mistakesIn(round, applied);
      leave();
      const thrown = setting.failures.splice(0);
      for (const text of [...wrong, ...thrown]) {
        expect(
          false,
          `${text} [seed ${seed}; ${round.words.join("; ")}; told ${round.told.join("; ")}]`,
        );
      }
      note(figures, round);
      progress(done);
    }
    return { done: count, figures };
  });

function note(figures, { stored, words, items, fates }) {
  figures.actions += stored.length;
  figures.damages += words.length;
  figures.putAside += items.length;
  figures.gone += Object.values(fates).filter((fate) => fate === "gone").length;
}

/** What is wrong with a round, in words. */
async function mistakesIn({ stored, fates, items, fresh, durability, kept }, applied) {
  const fateOf = ({ key }) => fates[key] ?? "applied";
  const due = [...stored.filter((action) => fateOf(action) === "applied"), ...fresh];
  const isComplete = () => due.every(({ key }) => applied.has(key));
  await waitFor("everything", isComplete, appliedLimitMs).catch(() => {}); // told below
  const aside = new Set(items.map(({ key }) => key));
  const there = new Set(kept);
  const ends = stored.flatMap((action) => {
    const { key } = action;
    const fate = fateOf(action);
    const isApplied = applied.has(key);
    if (fate === "gone") return [];
    if (!isApplied && !aside.has(key)) return `${key} (${fate}) was lost`;
    if (isApplied && fate === "aside") return `${key} was applied although it is damaged`;
    if (!isApplied && fate === "applied") return `${key} was put aside although it can be read`;
    if (aside.has(key) && !there.has(key)) return `${key} was removed although it is put aside`;
    return isApplied && there.has(key) ? `${key} is still stored although it was applied` : [];
  });
  const refused = fresh.flatMap(({ code }) => (code ? `a new action was refused: ${code}` : []));
  const doubled = [...applied].flatMap(([key, times]) =>
    times > 1 ? `${key} was applied ${times} times` : [],
  );
  const durable = durability === "strict" ? [] : [`the store was ${durability}`];
  return [...ends, ...refused, ...doubled, ...durable, ...inversions(due, applied)];
}

/** Those whose turn was before another of their lane that was applied earlier. */
function inversions(due, applied) {
  const turns = new Map([...applied.keys()].map((key, index) => [key, index]));
  const last = new Map();
  return due.flatMap(({ key, lane }) => {
    const turn = turns.get(key);
    if (turn === undefined) return `${key} was not applied`;
    const before = last.get(lane) ?? -1;
    last.set(lane, Math.max(turn, before));
    return turn < before ? `${key} was applied out of its order` : [];
  });
}
