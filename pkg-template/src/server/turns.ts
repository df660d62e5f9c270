/** Work that waits for its turn. */

/** Runs works that share a name one after the other, in the order in which they came. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `work` when all that came before under one of these names has ended. */
  async take<R>(names: readonly string[], work: () => Promise<R>): Promise<R> {
    const earlier = names.flatMap((name) => this.#last.get(name) ?? []);
    const mine = Promise.all(earlier).then(work);
    const ended = mine.then(nothing, nothing);
    for (const name of names) this.#last.set(name, ended);
    await ended;
    for (const name of names) if (this.#last.get(name) === ended) this.#last.delete(name);
    return mine;
  }
}

const nothing = () => undefined;
