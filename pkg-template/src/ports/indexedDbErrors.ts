/** What went wrong in IndexedDB, in the words of the outbox. */
import type { StoreErrorCode } from "../outboxStore.js";

/** An error of a store. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  /** What happened, if all stores of a client may tell it. */
  readonly incident?: string;

  constructor(code: StoreErrorCode, message: string, cause?: unknown, incident?: string) {
    super(message, { cause });
    this.code = code;
    if (incident !== undefined) this.incident = incident;
  }
}

/** The browser does not answer. */
export class SilenceError extends StoreError {
  /** Whether nothing was done, and will be; otherwise nobody knows. */
  readonly isUndone: boolean;

  constructor(isUndone: boolean) {
    super("storage_failed", "the browser's database does not answer");
    this.isUndone = isUndone;
  }
}

/** What follows from an error: the connection may be lost, which says nothing of what was asked. */
export type Trouble = "lost" | StoreErrorCode;

/** Errors of what was asked, whatever the connection is like. */
const ofTheCall = ["ConstraintError", "DataError", "DataCloneError", "TypeError", "RangeError"];

/** Says what an error of IndexedDB means. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof StoreError) return error.code;
  const { name } = error as { name?: string };
  if (name === "QuotaExceededError") return "storage_full";
  if (name === "VersionError") return "storage_version";
  return ofTheCall.includes(name ?? "") ? "storage_failed" : "lost";
}

/** Makes the error that the outbox understands. */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const trouble = troubleOf(error);
  return new StoreError(trouble === "lost" ? "storage_failed" : trouble, String(error), error);
}
