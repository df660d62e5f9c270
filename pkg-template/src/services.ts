/** What only those need who use the outbox. Loaded with the core. */
export { memoryOutboxStore } from "./memoryStore.js";
export { OutboxDesk } from "./outboxDesk.js";
