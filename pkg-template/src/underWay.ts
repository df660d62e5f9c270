/** Work that several wait for. */

interface Work<Value> {
  result: Promise<Value>;
  waiting: number;
  ended: AbortController;
}

/** What is under way is joined by those who ask for the same. */
export class UnderWay<Key, Value> {
  readonly #works = new Map<Key, Work<Value>>();

  /**
   * Joins the work for `key`, or begins it. Who gives up, by `signal`, takes from the others nothing but that it
   * is joined: whoever asks next has it begun anew. It is aborted when all have given up.
   */
  join(
    key: Key,
    signal: AbortSignal,
    begin: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    const work = this.#works.get(key) ?? this.#begin(key, begin);
    work.waiting += 1;
    signal.addEventListener("abort", () => {
      this.#forget(key, work);
      work.waiting -= 1;
      if (work.waiting === 0) work.ended.abort();
    });
    return work.result;
  }

  #begin(key: Key, begin: (signal: AbortSignal) => Promise<Value>): Work<Value> {
    const ended = new AbortController();
    const work = { result: begin(ended.signal), waiting: 0, ended };
    const forget = () => this.#forget(key, work);
    this.#works.set(key, work);
    work.result.then(forget, forget);
    return work;
  }

  #forget(key: Key, work: Work<Value>): void {
    if (this.#works.get(key) === work) this.#works.delete(key);
  }
}
