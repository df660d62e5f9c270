/** Work that is done while somebody watches. */
import { type Observer, Subject } from "../observable.js";
import { throwLater } from "../safely.js";

/** Calls `start` for the first observer, and `stop` when the last one has gone. */
export class Watched<Value> extends Subject<Value> {
  readonly #start: () => void;
  readonly #stop: () => void;

  constructor(start: () => void, stop: () => void) {
    super(throwLater);
    this.#start = start;
    this.#stop = stop;
  }

  override add(observer: Observer<Value>): () => void {
    const isFirst = !this.isObserved;
    const remove = super.add(observer);
    const leave = () => {
      const wasObserved = this.isObserved;
      remove();
      if (wasObserved && !(this.isObserved as boolean)) this.#stop();
    };
    if (!isFirst) return leave;
    try {
      this.#start();
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }
}
