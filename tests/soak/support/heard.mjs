/** What tabs have heard of numbered news: each number at most once, and none left out without a gap that was told. */

export class Heard {
  /** By tab: the last number. */
  #last = new Map();
  #counts = { heard: 0, gaps: 0, doubledNews: 0, lostNews: 0 };
  #words = [];

  /** Takes what a page tells; the rest is not its matter. */
  take({ type, tab, number, last = 0, isGap }) {
    if (type !== "heard") return;
    this.#counts.heard += 1;
    this.#last.set(tab, number);
    if (isGap && last > 0) this.#counts.gaps += 1;
    if (number <= last) {
      this.#counts.doubledNews += 1;
      this.#words.push(`${tab} has heard ${number} after ${last}`);
    } else if (!isGap && number !== last + 1) {
      this.#counts.lostNews += number - last - 1;
      this.#words.push(`${tab} has heard ${number} after ${last}, and no gap was told`);
    }
  }

  /** The last number that a tab has heard; 0 before the first. */
  last(tab) {
    return this.#last.get(tab) ?? 0;
  }

  /** Returns what tells whether all of these tabs have heard something since. */
  livingOf(tabs) {
    const before = tabs.map((tab) => this.last(tab));
    return () => tabs.every((tab, index) => this.last(tab) > before[index]);
  }

  /** Counts, and words for each failure. */
  verdict() {
    return { counts: this.#counts, words: this.#words };
  }
}
