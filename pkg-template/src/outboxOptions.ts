/** The options of the outbox. */
import { checkCount } from "./checks.js";
import type { OutboxItem } from "./outbox.js";
import type { OutboxSettings } from "./outboxPort.js";
import type { Awaitable, OutboxStore } from "./outboxStore.js";

/** Says which actions are sent, and in which order, when a connection is there again. */
export type BeforeFlush = (
  items: readonly OutboxItem[],
) => Awaitable<readonly OutboxItem[] | undefined>;

/** How the outbox keeps and sends actions. */
export interface OutboxOptions {
  /** Where actions are kept, or what makes that. Default: the memory of this client. */
  store?: OutboxStore | (() => OutboxStore) | undefined;
  /** How many actions it holds. Default 10,000. */
  maxItems?: number | undefined;
  /** How many bytes they may have. Default 50,000,000. */
  maxBytes?: number | undefined;
  /** How many actions may wait for their answers at the same time. Default 32. */
  maxInFlight?: number | undefined;
  /** How many of them in one lane. Default 8; without a helper on the server always 1. */
  maxInFlightPerLane?: number | undefined;
  /** How many are sent per second. Default: as many as there are. */
  drainPerSecond?: number | undefined;
  /**
   * Called on each connection with what waits and was never sent; what it returns is sent, in that order,
   * and the others are cancelled. Without a return value, or when it throws, everything stays as it is.
   */
  beforeFlush?: BeforeFlush | undefined;
  /** Refuse actions with `not_durable` if the store is lost with the page. Default false. */
  requireDurable?: boolean | undefined;
}

/** Options as the rest of the facade uses them. */
export interface ResolvedOutbox {
  settings: OutboxSettings;
  store: OutboxStore | (() => OutboxStore) | undefined;
  beforeFlush: BeforeFlush | undefined;
  requireDurable: boolean;
}

/** Checks everything and fills in the defaults. Throws `invalid_option`. */
export function resolveOutbox(options: OutboxOptions = {}): ResolvedOutbox {
  const { maxItems = 10_000, maxBytes = 50_000_000, maxInFlight = 32 } = options;
  const { maxInFlightPerLane = 8, drainPerSecond, beforeFlush } = options;
  const counts = { maxItems, maxBytes, maxInFlight, maxInFlightPerLane, drainPerSecond };
  for (const [name, count = 1] of Object.entries(counts)) {
    checkCount(`outbox.${name}`, count, 1_000_000_000, 1);
  }
  return {
    settings: {
      maxItems,
      maxBytes,
      maxInFlight,
      maxInFlightPerLane,
      ...(drainPerSecond !== undefined && { ratePerSecond: drainPerSecond }),
      askBeforeFlush: beforeFlush !== undefined,
    },
    store: options.store,
    beforeFlush,
    requireDurable: options.requireDurable === true,
  };
}
