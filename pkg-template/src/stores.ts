/** Stores for the outbox: for the option `outbox.store`. */
export { memoryOutboxStore } from "./memoryStore.js";
export { indexedDbOutboxStore, type IndexedDbStoreOptions } from "./ports/indexedDbStore.js";
