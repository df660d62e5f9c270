/** Stores that applications make. */
import type { OutboxStore } from "./outboxStore.js";

/** Makes a store; one that cannot be made is one that fails. */
export function made(make: () => OutboxStore): OutboxStore {
  try {
    return make();
  } catch (error) {
    const open = () => {
      throw error;
    };
    return { durability: "memory", open };
  }
}
