/** A store for places where the durable one may not be there. */
import { memoryOutboxStore } from "../memoryStore.js";
import type { OutboxPartition, OutboxStore, StoreChange } from "../outboxStore.js";
import { troubleOf } from "./indexedDbErrors.js";

/**
 * Keeps actions in memory if another store cannot be opened, and says so before it takes any.
 *
 * That lasts as long as the page: what would change in between could not be told. It is no reason that a store is of
 * a later version, or is away after it has worked: what it holds must neither be overtaken nor be taken for gone.
 */
export class FallbackStore implements OutboxStore {
  readonly #durable: OutboxStore;
  #memory: OutboxStore | undefined;
  #failure: unknown;
  #hasWorked: boolean;

  constructor(durable: OutboxStore, hasWorked = false) {
    this.#durable = durable;
    this.#hasWorked = hasWorked;
  }

  get durability(): OutboxStore["durability"] {
    return (this.#memory ?? this.#durable).durability;
  }

  get failure(): unknown {
    return this.#failure;
  }

  async open(
    partition: { namespace: string; identity: string },
    handleChanges: (changes: readonly StoreChange[]) => void,
    handleFailed?: (error: unknown) => void,
  ): Promise<OutboxPartition> {
    if (!this.#memory) {
      try {
        const opened = await this.#durable.open(partition, handleChanges, handleFailed);
        this.#hasWorked = true;
        return opened;
      } catch (error) {
        if (this.#hasWorked || troubleOf(error) === "storage_version") throw error;
        this.#failure = error;
        this.#memory ??= memoryOutboxStore();
      }
    }
    return this.#memory.open(partition, handleChanges);
  }
}
