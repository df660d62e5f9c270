/** How much an outbox holds unless the application says something else, also for what waits for the facade. */
import type { ErrorData } from "./errors.js";

export const MAX_ITEMS = 10_000;
export const MAX_BYTES = 50_000_000;

export const outboxFull: ErrorData = {
  code: "outbox_full",
  message: "the outbox is full",
  hint: "wait for results, or raise `outbox.maxItems`",
};
