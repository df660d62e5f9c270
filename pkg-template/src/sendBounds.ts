/** How much waits at most: for the facade, for the core, and then for the connection. */
import type { ErrorData } from "./errors.js";

export const MAX_SENDS = 1_000;
export const MAX_LENGTH = 8_000_000;

export const bufferFull: ErrorData = {
  code: "buffer_full",
  message: "1,000 events or 8 million characters and bytes wait for the connection",
  hint: "emit less while `status` is not connected, or emit with `volatile: true`",
};
