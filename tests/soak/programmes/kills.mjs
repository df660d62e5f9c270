/** The browser is killed while pages enqueue; the next one goes on with the same profile. */
import { setTimeout as sleep } from "node:timers/promises";
import { withSetting } from "../support/setting.mjs";

export const summary = "the browser is killed (SIGKILL) in mid-queue and started again";
export const counts = { full: 200, quick: 20 };
export const unit = "kills";

/** So many kills share a profile; then everything has to be applied. */
const killsPerRound = 10;

export async function run({ count, random, store, progress, check }) {
  let done = 0;
  let inQueue = 0;
  while (done < count) {
    const kills = Math.min(killsPerRound, count - done);
    await withSetting({ store }, async (setting) => {
      for (let kill = 0; kill < kills; kill += 1) {
        if ((await killInMidQueue(setting, random)) > 0) inQueue += 1;
        done += 1;
        progress(done);
      }
      await setting.settle(await setting.startBrowser());
      check(setting.verdict());
    });
  }
  return { done, figures: { killsWithUnsentActions: inQueue } };
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
