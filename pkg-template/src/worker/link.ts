/** How a page reaches the worker that has its core. */
import type { Wire } from "./messages.js";

/** The page whose worker it is, as another one leads if that has gone. */
export interface Leader {
  /** Calls `handleLeft` when the worker is another one's. */
  watch(handleLeft: () => void): void;
  /** The page is about to be frozen, or was left. */
  suspend(): void;
  /** The page goes on, if it had stopped. Calls `handleBack` when its core may do so, too. */
  resume(handleBack: () => void): void;
}

/** What a page has of the worker that has its core. */
export interface Link {
  readonly port: Wire;
  /** The name of the lock that the page holds as long as it is there, if the worker has to know that. */
  readonly tab?: string | undefined;
  /** Calls `handleDead` when the worker has ended, until the function that it returns is called. */
  watch(handleDead: () => void): () => void;
  /** The worker is not needed any more for this core. What it has said may still be taken in. */
  release(): void;
  /** Whose worker it is, if one page has it for all. */
  readonly leader?: Leader | undefined;
}
