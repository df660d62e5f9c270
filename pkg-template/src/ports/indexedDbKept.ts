/**
 * What a client has stored, kept in memory as long as it is not known to be gone: should the browser lose the
 * database, it is stored again.
 */
import type { Mark, Parked, StoreChange, StoredAction } from "../outboxStore.js";
import { type ActionRecord, changed, marked, parkedAs, perhapsSent } from "./indexedDbRecords.js";

/** An action as it is stored, and what it sends as that is stored. */
export interface Kept {
  readonly record: ActionRecord;
  readonly payload: unknown;
}

export class KeptActions {
  /** Its name. */
  readonly partition: string;
  #actions = new Map<string, Kept>();
  /** What was kept when the partition was open before: nobody has said since what became of that. */
  #earlier: KeptActions | undefined;

  constructor(partition: string, earlier?: KeptActions) {
    this.partition = partition;
    this.#earlier = earlier;
  }

  get size(): number {
    return this.#actions.size;
  }

  get(key: string): Kept | undefined {
    return this.#actions.get(key);
  }

  add(kept: Kept): void {
    this.#actions.set(kept.record.key, kept);
  }

  remove(key: string): void {
    this.#actions.delete(key);
  }

  change(key: string, change: (record: ActionRecord) => ActionRecord): void {
    const kept = this.get(key);
    if (kept) this.add({ ...kept, record: change(kept.record) });
  }

  /** The store was read: what is not in it is gone, and the rest is as it says. */
  compare(stored: readonly StoredAction[]): void {
    const before = this.#actions;
    const earlier = this.#earlier?.all() ?? new Map<string, Kept>();
    this.#actions = new Map();
    this.#earlier = undefined;
    if (before.size + earlier.size === 0) return;
    for (const action of stored) {
      const left = earlier.get(action.key);
      // Of another order it is another action, or one that was unparked meanwhile.
      const kept = before.get(action.key) ?? (left?.record.order === action.order && left);
      if (kept) this.add({ ...kept, record: changed(this.partition, kept.record, action) });
    }
  }

  /** Others say what they did. */
  hear(changes: readonly StoreChange[]): void {
    for (const change of changes) {
      if (change.type === "settled" || change.type === "removed") this.remove(change.key);
      if (change.type === "marked") this.mark(change.mark);
      if (change.type === "parked") this.park(change.key, change.parked);
    }
  }

  /** Also what was kept before. */
  all(): Map<string, Kept> {
    return new Map([...(this.#earlier?.all() ?? []), ...this.#actions]);
  }

  mark(mark: Mark): void {
    this.change(mark.key, (record) => marked(this.partition, record, mark));
  }

  park(key: string, parked: Parked): void {
    this.change(key, (record) => parkedAs(this.partition, record, parked));
  }

  /** What is to be stored again. Where another client drains, it may have sent everything by now. */
  list(isDraining: boolean, epoch: number): Kept[] {
    const all = [...this.#actions.values()];
    if (isDraining) return all;
    return all.map(({ record, payload }) => ({ record: perhapsSent(record, epoch), payload }));
  }
}
