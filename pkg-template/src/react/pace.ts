/** How often a stream makes a component render. */

/** With each event, at most once per frame, or at most once in so many milliseconds. */
export type Every = "event" | "frame" | number;

/** Has `act` called soon after `due`, and at most as often as `every` says. */
export class Pace {
  readonly #every: Every;
  readonly #act: () => void;
  #cancel: (() => void) | undefined;

  constructor(every: Every, act: () => void) {
    this.#every = every;
    this.#act = act;
  }

  due(): void {
    if (this.#every === "event") this.#act();
    else this.#cancel ??= later(this.#every, this.#run);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  readonly #run = () => {
    this.#cancel = undefined;
    this.#act();
  };
}

/** Where nothing is painted there are no frames. */
function later(every: "frame" | number, run: () => void): () => void {
  if (every === "frame" && typeof requestAnimationFrame === "function") {
    const frame = requestAnimationFrame(run);
    return () => cancelAnimationFrame(frame);
  }
  const timer = setTimeout(run, every === "frame" ? 16 : every);
  return () => clearTimeout(timer);
}
