/** What is asked of pages whose clients have one core in a shared worker: see "One connection for all tabs" in `docs/worker.md`. */
import { init } from "./coreInWorker.mjs";
import { checkTwoTabs } from "./twoTabs.mjs";

export { init };

/** The server gets one connection of two pages, neither of which has a core or a worker of its own. */
export async function check(visit) {
  await hasNoCore(visit, visit.page);
  await checkTwoTabs(visit, { init, check: (second) => hasNoCore(visit, second) });
}

async function hasNoCore({ assert }, page) {
  assert.equal(page.workers().length, 0, "how many workers the page has for itself");
  assert.equal(await page.evaluate(() => window.modules), 0, "what the page makes of WebAssembly");
}
