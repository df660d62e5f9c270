/**
 * Stores for the outbox: for the option `outbox.store`.
 *
 * @module sockeye-client/stores
 */
export { memoryOutboxStore } from "./memoryStore.js";
export { indexedDbOutboxStore, type IndexedDbStoreOptions } from "./ports/indexedDbStore.js";
