/** Connections are cut and stalled all the time while a page enqueues. */
import { setTimeout as sleep } from "node:timers/promises";
import { needMock } from "../../browser/support/runner.mjs";
import { startFaultProxy } from "../../interop/processes.mjs";
import { withSetting } from "../support/setting.mjs";

export const summary = "connections are cut and stalled by a proxy under load";
export const counts = { full: 60, quick: 0.25 };
export const unit = "minutes";

/** On average so many milliseconds pass between two faults. */
const meanPauseMs = 1_500;
const drainLimitMs = 25_000;

export async function run({ count: minutes, random, store, progress, check, expect }) {
  await needMock();
  return withSetting({ store }, async (setting) => {
    const proxy = await startFaultProxy(setting.ends, setting.server.port);
    const direct = setting.url;
    setting.url = proxy.url;
    setting.server.setDelay(10);
    const browser = await setting.startBrowser();
    const page = await setting.open(browser, { connectTimeoutMs: 2_000 });
    await page.evaluate((settings) => window.soak.startEnqueuing(settings), {
      ...{ tab: page.tab, seed: random.below(2 ** 32), lanes: 8, burst: 20, pauseMs: 400 },
    });
    const faults = new Faults(proxy.control, random);
    const start = performance.now();
    const passed = () => (performance.now() - start) / 60_000;
    while (passed() < minutes) {
      await faults.next();
      progress(passed());
    }
    await page.evaluate(() => window.soak.stopEnqueuing());
    await faults.end();
    const left = await page.evaluate((ms) => window.soak.whenItems(0, ms), drainLimitMs);
    expect(left === 0, `${left} actions do not end although the network is well again`);
    setting.url = direct;
    await page.close();
    await setting.settle(browser);
    check(setting.verdict());
    return { done: minutes, figures: faults.figures };
  });
}

/** Makes faults through the proxy's control API, and counts them. */
class Faults {
  figures = { cuts: 0, stalls: 0, lostAnswers: 0 };
  #control;
  #random;

  constructor(control, random) {
    this.#control = control;
    this.#random = random;
  }

  /** Waits a while, and lets something go wrong. */
  async next() {
    await sleep(this.#random.below(2 * meanPauseMs));
    await this.#random.pick([
      () => this.#cut(),
      () => this.#cut(),
      () => this.#stallAndCut(),
      () => this.#cutAtAnswer(),
    ])();
  }

  /** Lets everything go on. */
  end() {
    return this.#post("/release");
  }

  async #cut() {
    const { cut } = await this.#post("/cut", { with: this.#random.pick(["reset", "finish"]) });
    this.figures.cuts += cut;
  }

  /** What is sent meanwhile reaches nobody. */
  async #stallAndCut() {
    await this.#post("/stall");
    this.figures.stalls += 1;
    await sleep(this.#random.below(1_000));
    await this.#cut();
    await this.#post("/release");
  }

  /** The server has applied an action, and its answer gets lost with the connection. */
  async #cutAtAnswer() {
    const frame = { prefix: "43", nth: 1 + this.#random.below(5) };
    const cut = { when: this.#random.pick(["before", "after"]) };
    const rule = { direction: "serverToClient", on: { frame }, do: { cut }, times: 1 };
    const { id } = await this.#post("/rules", rule);
    const url = `${this.#control}/log?wait=${id}&timeoutMs=5000`;
    const { ok } = await fetch(url);
    if (ok) this.figures.cuts += 1;
    if (ok) this.figures.lostAnswers += 1;
    await fetch(`${this.#control}/rules/${id}`, { method: "DELETE" });
  }

  async #post(path, body = {}) {
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    const response = await fetch(this.#control + path, init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }
}
