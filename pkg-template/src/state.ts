/** A current value that changes, and those who are told. */
import { StateObservable, Subject } from "./observable.js";

/** Tells everybody of each value in its order, also when a listener causes the next. */
export class State<Value> {
  readonly observable: StateObservable<Value>;
  readonly #subject: Subject<Value>;
  /** Values that not everybody has been told. */
  readonly #untold: [Value][] = [];
  #value: Value;
  #isLast = false;

  constructor(
    value: Value,
    report: (error: unknown) => void,
    subject = new Subject<Value>(report),
  ) {
    this.#value = value;
    this.#subject = subject;
    this.observable = new StateObservable(
      () => this.#value,
      this.#subject,
      () => (this.#untold[0] ?? [this.#value])[0],
    );
  }

  get value(): Value {
    return this.#value;
  }

  /** Returns whether everybody has been told by now. */
  set(value: Value): boolean {
    this.#value = value;
    if (this.#untold.push([value]) > 1) return false;
    for (let next; (next = this.#untold[0]); this.#untold.shift()) this.#subject.next(next[0]);
    if (this.#isLast) this.#subject.complete();
    return true;
  }

  /** No further value comes. */
  complete(): void {
    this.#isLast = true;
    if (this.#untold.length === 0) this.#subject.complete();
  }
}
