/** Adds up what the rounds of a programme found, and says it. */
import { dim, green, red } from "../../../tools/lib/report.mjs";

/** How often progress is told. */
const everyMs = 10_000;

export class Tally {
  #name;
  #length;
  #unit;
  #counts = {};
  #failures = [];
  #done = 0;
  #toldAt = performance.now();

  constructor(name, length, unit) {
    this.#name = name;
    this.#length = length;
    this.#unit = unit;
  }

  /** What a programme tells while it runs. */
  get callbacks() {
    return {
      /** So much of it is done. */
      progress: (done) => this.#progress(done),
      /** What is wrong in a round: counts, and words for each failure. */
      check: ({ counts, words }) => this.#check(counts, words),
      /** Notes a failure unless `condition`. */
      expect: (condition, text) => condition || this.#fail(text),
    };
  }

  /** Runs a programme; that it throws is a failure like others. */
  async guard(run) {
    try {
      return await run();
    } catch (error) {
      this.#fail(error.stack);
      return { done: this.#done, figures: {} };
    }
  }

  /** Prints the result, last as one line of JSON; returns whether nothing failed. */
  finish({ done, figures, seed }) {
    const passed = this.#failures.length === 0;
    const bound = passed && done > 3 && this.#unit !== "minutes" ? 3 / done : undefined;
    console.log(passed ? green("nothing failed") : red(`${this.#failures.length} failures`));
    if (bound) {
      const percent = (100 * bound).toPrecision(2);
      console.log(dim(`at 95 %, fewer than ${percent} % of such ${this.#unit} fail (3/${done})`));
    }
    const result = { programme: this.#name, seed, unit: this.#unit, done, passed, bound };
    console.log(
      JSON.stringify({ ...result, ...this.#counts, ...figures, failures: this.#failures }),
    );
    return passed;
  }

  #progress(done) {
    this.#done = done;
    if (performance.now() - this.#toldAt < everyMs) return;
    this.#toldAt = performance.now();
    const soFar = Math.round(10 * done) / 10;
    console.log(dim(`  ${soFar} of ${this.#length} ${this.#unit} ${JSON.stringify(this.#counts)}`));
  }

  #check(counts, words) {
    for (const [name, count] of Object.entries(counts)) {
      this.#counts[name] = (this.#counts[name] ?? 0) + count;
    }
    for (const text of words) this.#fail(text);
  }

  #fail(text) {
    console.log(red(`  ${this.#name} ${this.#done}: ${text}`));
    this.#failures.push(text);
  }
}
