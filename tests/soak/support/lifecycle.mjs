/** What the programmes of pages that are frozen, stopped and left have in common. */
import { now } from "./clock.mjs";
import { percentiles } from "./percentiles.mjs";

/** From when a page goes on until the server has answered it. */
export const liveLimitMs = 3_000;
/** From when a page is frozen or left until the server knows that it is gone. */
export const ghostLimitMs = 1_000;

/** Opens a page that enqueues now and then; resolves when it is connected. */
export async function openLivePage(setting, browser, random) {
  const page = await setting.open(browser);
  await page.evaluate((settings) => window.soak.startEnqueuing(settings), {
    ...{ tab: page.tab, seed: random.below(2 ** 32), lanes: 3, burst: 3, pauseMs: 200 },
  });
  await live(page);
  return page;
}

/** Resolves when the server has answered something that the page asks from now on, with how long that took. */
export async function live(page) {
  const start = now();
  await page.evaluate(() => window.soak.live());
  return now() - start;
}

/** Resolves with how long the server had a connection of this page after `since`. */
export async function gone(setting, page, since) {
  const isEnd = ({ type, tab }) => type === "disconnected" && tab === page.tab;
  const { at } = await setting.next("the server to know that the page is gone", isEnd);
  return at - since;
}

/** Times, and those among them that were over their limit. */
export class Times {
  #name;
  #limitMs;
  #all = [];

  constructor(name, limitMs) {
    this.#name = name;
    this.#limitMs = limitMs;
  }

  /** Adds a time; it is a failure if it is over the limit. */
  add(ms, expect) {
    this.#all.push(ms);
    const isGood = ms <= this.#limitMs;
    expect(isGood, `${this.#name}: ${Math.round(ms)} ms, and not within ${this.#limitMs} ms`);
  }

  get figures() {
    return percentiles(this.#all);
  }
}
