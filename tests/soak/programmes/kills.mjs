/**
 * The browser is killed while pages enqueue; the next one goes on with the same profile.
 *
 * Chromium may destroy its own database when it is killed twice, see levelDbLog.mjs. Such rounds end there.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { withSetting } from "../support/setting.mjs";

export const summary = "the browser is killed (SIGKILL) in mid-queue and started again";
export const counts = { full: 200, quick: 20 };
export const unit = "kills";

/** So many kills share a profile; then everything has to be applied. */
const killsPerRound = 10;

export async function run({ count, random, store, progress, check }) {
  const figures = { killsWithUnsentActions: 0, databasesDamaged: 0, lostWithDatabase: 0 };
  let done = 0;
  while (done < count) {
    const kills = Math.min(killsPerRound, count - done);
    await withSetting({ store }, async (setting) => {
      for (let kill = 0; kill < kills && !setting.isDatabaseDamaged; kill += 1) {
        if ((await killInMidQueue(setting, random)) > 0) figures.killsWithUnsentActions += 1;
        done += 1;
        progress(done);
      }
      if (setting.isDatabaseDamaged) return noteDamage(setting, figures, check);
      await setting.settle(await setting.startBrowser());
      check(setting.verdict());
    });
  }
  return { done, figures };
}

/** What the browser itself has destroyed is counted apart; all else still has to hold. */
function noteDamage({ ledger }, figures, check) {
  figures.databasesDamaged += 1;
  figures.lostWithDatabase += ledger.missing;
  ledger.forgetMissing();
  check(ledger.verdict());
}

/** Resolves with how many accepted actions were not applied at that moment. */
async function killInMidQueue(setting, random) {
  setting.server.setDelay(random.pick([1, 20, 80]));
  const browser = await setting.startBrowser();
  const page = await setting.open(browser);
  const accepted = setting.next("an action that is accepted", ({ type }) => type === "accepted");
  const enqueuing = {
    tab: page.tab,
    seed: random.below(2 ** 32),
    lanes: random.pick([1, 4, 9]),
    burst: random.pick([1, 10, 50]),
    pauseMs: random.pick([5, 50, 200]),
    fill: random.pick([0, 500]),
  };
  await page.evaluate((settings) => window.soak.startEnqueuing(settings), enqueuing);
  await accepted;
  await sleep(random.below(1_000));
  await browser.kill();
  return setting.ledger.missing;
}
