/** What users have left in a store that is to be removed, but not what is stored meanwhile. */
import type { StoreCommand } from "./outboxPort.js";
import type { OutboxStore } from "./outboxStore.js";

type Place = Parameters<OutboxStore["open"]>[0];

export class Discards {
  /** For each that is under way: what is not to be removed. */
  readonly #kept = new Set<Set<string>>();
  readonly #underWay = new Set<Promise<void>>();

  /** The core wants this: what is stored now is not old. */
  note(command: StoreCommand): void {
    if (command.type === "put") for (const kept of this.#kept) kept.add(command.action.key);
  }

  /** Rejects with the store's error. */
  async run(store: OutboxStore, place: Place, kept: readonly string[]): Promise<void> {
    const keys = new Set(kept);
    this.#kept.add(keys);
    const removing = remove(store, place, keys);
    this.#underWay.add(removing);
    try {
      await removing;
    } finally {
      this.#kept.delete(keys);
      this.#underWay.delete(removing);
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }
}

async function remove(store: OutboxStore, place: Place, kept: ReadonlySet<string>): Promise<void> {
  const partition = await store.open(place, () => {});
  try {
    const { actions, unreadable } = await partition.contents();
    const damaged = unreadable.filter(({ isFuture }) => !isFuture);
    const old = [...actions, ...damaged].filter(({ key }) => !kept.has(key));
    await Promise.all(old.map(async ({ key }) => partition.remove(key, false)));
  } finally {
    partition.close();
  }
}
