/** Putting chunks in order. */

/** A chunk, or the place of those that are missing. */
export type ChunkPart<Value, End = unknown> =
  | { readonly kind: "chunk"; readonly index: number; readonly value: Value }
  /** These did not come, and will not; without `to`: perhaps something, since the connection broke. */
  | { readonly kind: "gap"; readonly from: number; readonly to: number | undefined }
  /** Nothing more comes: what the event says that ended it, and how many chunks are missing. */
  | { readonly kind: "end"; readonly value: End | undefined; readonly missing: number };

/** @internal Gives chunks in the order of their indices, once each. */
export class Assembly<Value> {
  missing = 0;
  readonly #limit: number;
  readonly #give: (part: ChunkPart<Value>) => void;
  /** Those that came before one that has an earlier index. */
  readonly #held = new Map<number, Value>();
  #next: number;

  constructor(first: number, limit: number, give: (part: ChunkPart<Value>) => void) {
    this.#next = first;
    this.#limit = limit;
    this.#give = give;
  }

  /** The index of the chunk that is waited for. */
  get next(): number {
    return this.#next;
  }

  /** Whether one is missing, and a later one is there. */
  get isWaiting(): boolean {
    return this.#held.size > 0;
  }

  /** What has been given, or given up, is left out. */
  take(index: number, value: Value): void {
    if (index < this.#next || this.#held.has(index)) return;
    this.#held.set(index, value);
    this.#drain();
    if (this.#held.size > this.#limit) this.skip();
  }

  /** Gives up those before the first one that is there. */
  skip(): void {
    if (this.#held.size > 0) this.#giveUp(Math.min(...this.#held.keys()));
    this.#drain();
  }

  /** No chunk comes any more: of `total`, if that is known. */
  finish(total: number | undefined): void {
    while (this.isWaiting) this.skip();
    if (total !== undefined && this.#next < total) this.#giveUp(total);
  }

  #giveUp(next: number): void {
    const from = this.#next;
    this.#next = next;
    this.missing += next - from;
    this.#give({ kind: "gap", from, to: next - 1 });
  }

  #drain(): void {
    for (let index = this.#next; this.#held.has(index); index = this.#next) {
      const value = this.#held.get(index) as Value;
      this.#held.delete(index);
      this.#next = index + 1;
      this.#give({ kind: "chunk", index, value });
    }
  }
}
