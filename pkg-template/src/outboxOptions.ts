/** The options of the outbox. */
import { hasIndexedDb } from "./hasIndexedDb.js";
import { checkCount, checkTimes } from "./checks.js";
import { fail } from "./errors.js";
import type { OutboxItem } from "./outbox.js";
import { MAX_BYTES, MAX_ITEMS } from "./outboxBounds.js";
import type { OutboxSettings } from "./outboxPort.js";
import type { Awaitable, Cipher, OutboxStore } from "./outboxStore.js";
import type { StoreDescription } from "./storePort.js";

/** Says which actions are sent, and in which order, when a connection is there again. */
export type BeforeFlush = (
  items: readonly OutboxItem[],
) => Awaitable<readonly OutboxItem[] | undefined>;

/** How the outbox keeps and sends actions. */
export interface OutboxOptions {
  /**
   * Where actions are kept, or what makes that. Default: in a browser its database, elsewhere the memory of
   * this client.
   */
  store?: OutboxStore | (() => OutboxStore) | undefined;
  /**
   * What actions in the browser's database survive: `strict` waits until the disk has them, `relaxed` until
   * the system has, so that a loss of power may lose the last ones; with `memory` there is no database.
   * Default `strict`. `client.outbox.durability` says what holds.
   */
  durability?: OutboxStore["durability"] | undefined;
  /**
   * Which database of the origin; clients with the same one share their actions. Default: host and path of the
   * server's address. If a function gives the address there is none, and actions are kept in memory.
   */
  name?: string | undefined;
  /** Encrypts what actions send before the browser's database gets it. Default: it is stored as it is. */
  encrypt?: Cipher | undefined;
  /**
   * How long the tab that drains may hear nothing of the server while another could drain, before that one
   * takes over. Default 15,000.
   */
  takeOverMs?: number | undefined;
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
  /** Without a store: `memory` if there is no database here. */
  durability: OutboxStore["durability"];
  name: string | undefined;
  encrypt: Cipher | undefined;
  takeOverMs: number;
  beforeFlush: BeforeFlush | undefined;
  requireDurable: boolean;
}

/** Checks everything and fills in the defaults; `server` names the server. Throws `invalid_option`. */
export function resolveOutbox(
  options: OutboxOptions = {},
  server: string | undefined,
): ResolvedOutbox {
  const { maxItems = MAX_ITEMS, maxBytes = MAX_BYTES, maxInFlight = 32 } = options;
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
    ...resolveDatabase(options, server),
    beforeFlush,
    requireDurable: options.requireDurable === true,
  };
}

function resolveDatabase(
  { durability = "strict", name, encrypt, takeOverMs = 15_000 }: OutboxOptions,
  server: string | undefined,
) {
  checkTimes({ "outbox.takeOverMs": takeOverMs });
  if (!["strict", "relaxed", "memory"].includes(durability)) {
    const hint = 'give "strict", "relaxed" or "memory"';
    throw fail("invalid_option", `outbox.durability is "${durability}"`, hint);
  }
  const database = name ?? server;
  const isThere = database !== undefined && hasIndexedDb();
  const held = isThere ? durability : ("memory" as const);
  return { durability: held, name: database, encrypt, takeOverMs };
}

/** What has functions in it, or is lost with whoever has it, cannot be elsewhere. */
export function describeStore({
  durability,
  name,
  encrypt,
  store,
  takeOverMs,
}: ResolvedOutbox): Omit<StoreDescription, "namespace" | "hasWorked"> | undefined {
  if (durability === "memory" || name === undefined || encrypt || store) return undefined;
  return { database: name, durability, takeOverMs };
}
