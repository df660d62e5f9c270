/** The store of an outbox that was given none. */
import { memoryOutboxStore } from "./memoryStore.js";
import type { ResolvedOutbox } from "./outboxOptions.js";
import type { OutboxStore } from "./outboxStore.js";
import { FallbackStore } from "./ports/fallbackStore.js";
import { IndexedDbStore } from "./ports/indexedDbStore.js";

/** Makes the store that the options ask for, if it can be had here; else one in memory, unless it `hasWorked` before. */
export function makeOutboxStore(
  { durability, name, encrypt, takeOverMs }: ResolvedOutbox,
  hasWorked: boolean,
): OutboxStore {
  if (durability === "memory" || name === undefined) return memoryOutboxStore();
  const durable = new IndexedDbStore({ name, durability, encrypt, takeOverMs });
  return new FallbackStore(durable, hasWorked);
}
