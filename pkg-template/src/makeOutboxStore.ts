/** The store of an outbox that was given none. */
import { memoryOutboxStore } from "./memoryStore.js";
import type { ResolvedOutbox } from "./outboxOptions.js";
import type { OutboxStore } from "./outboxStore.js";
import { indexedDbOutboxStore } from "./ports/indexedDbStore.js";

/** Makes the store that the options ask for, if it can be had here; else one in memory. */
export function makeOutboxStore({
  durability,
  name,
  encrypt,
  takeOverMs,
}: ResolvedOutbox): OutboxStore {
  if (durability === "memory" || name === undefined) return memoryOutboxStore();
  return indexedDbOutboxStore({ name, durability, encrypt, takeOverMs });
}
