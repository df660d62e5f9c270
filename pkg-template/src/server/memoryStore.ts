/** A store in the memory of one process. */
import type { KnownKey, LaneState } from "./decide.js";
import { joined, newId } from "./names.js";
import { rowOperations } from "./rowStore.js";
import type { ActionStore, KeyRecord, LaneId, Rows } from "./store.js";
import { Turns } from "./turns.js";

/** How much a memory store keeps. */
export interface MemoryStoreOptions {
  /**
   * How many keys, and how many lanes, 100,000 by default. With more of them it forgets all and takes another id, which
   * tells clients honestly that it knows nothing; so it must be more than come in the retention.
   */
  readonly maxKeys?: number;
}

/**
 * Keeps keys and outcomes in this process.
 *
 * A restart forgets them: clients are told, and report actions whose fate they do not know as
 * `unknown`. For one process, development and tests.
 *
 * @example
 * const helper = createServerHelper({ store: memoryStore() });
 */
export function memoryStore({ maxKeys = 100_000 }: MemoryStoreOptions = {}): ActionStore {
  const rows = new MemoryRows(maxKeys);
  const turns = new Turns();
  return rowOperations((work) => turns.take([""], () => work(undefined, rows)));
}

interface StoredKey extends KeyRecord {
  readonly leasedUntil: number;
}

class MemoryRows implements Rows {
  #memory = newId();
  readonly #lanes = new Ageing<LaneState>();
  readonly #keys = new Ageing<StoredKey>();
  readonly #maxKeys: number;

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  memory(): string {
    return this.#memory;
  }

  lane(id: LaneId): LaneState | undefined {
    return this.#lanes.get(nameOf(id));
  }

  setLane(id: LaneId, state: LaneState, keepMs: number): void {
    const name = nameOf(id);
    // A known key may come in any lane.
    if (!this.#lanes.get(name) && this.#lanes.size >= this.#maxKeys) this.#forgetAll();
    this.#lanes.set(name, state, keepMs);
  }

  key(identity: string, key: string): KnownKey | undefined {
    const stored = this.#keys.get(joined(identity, key));
    if (!stored) return undefined;
    const { hash, outcome, claim, leasedUntil } = stored;
    return { hash, outcome, token: performance.now() < leasedUntil ? claim?.token : undefined };
  }

  setKey(identity: string, key: string, record: KeyRecord, keepMs: number): void {
    const name = joined(identity, key);
    if (!this.#keys.get(name) && this.#keys.size >= this.#maxKeys) this.#forgetAll();
    const leasedUntil = performance.now() + (record.claim?.leaseMs ?? 0);
    this.#keys.set(name, { ...record, leasedUntil }, keepMs);
  }

  #forgetAll(): void {
    this.#memory = newId();
    this.#lanes.clear();
    this.#keys.clear();
  }
}

/** Forgets what was not written for a while, by the clock that never jumps. */
class Ageing<V> {
  /** In the order of their ends, because all are kept for the same time. */
  readonly #entries = new Map<string, { readonly value: V; readonly until: number }>();

  get size(): number {
    return this.#entries.size;
  }

  get(name: string): V | undefined {
    this.#forgetOld();
    return this.#entries.get(name)?.value;
  }

  set(name: string, value: V, keepMs: number): void {
    this.#entries.delete(name);
    this.#entries.set(name, { value, until: performance.now() + keepMs });
  }

  clear(): void {
    this.#entries.clear();
  }

  #forgetOld(): void {
    const now = performance.now();
    for (const [name, { until }] of this.#entries) {
      if (now < until) return;
      this.#entries.delete(name);
    }
  }
}

const nameOf = ({ identity, client, lane }: LaneId): string => joined(identity, client, lane);
