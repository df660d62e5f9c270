/** What the store in IndexedDB keeps, and how it is read again when it may be damaged or of another version. */
import type { DBSchema } from "idb";
import type {
  Contents,
  Mark,
  Parked,
  SentRecord,
  StoredAction,
  UnreadableAction,
} from "../outboxStore.js";

/** The version of the database's schema. */
export const SCHEMA_VERSION = 1;

/** The version of each record. A record of a later one is left alone. */
export const RECORD_VERSION = 1;

/** In the order in which they were made. */
export const stores = ["partitions", "actions", "payloads", "reserve", "tokens"] as const;

/** The keys of what is in `reserve`: room, and the id of the database. */
export const RESERVE_KEY = 0;
export const ID_KEY = 1;

/** The name of a partition, and the key of an action. */
export type ActionAddress = [partition: string, key: string];

export type TokenAddress = [partition: string, token: number];

/** Nothing that was stored is believed before it has been looked at. */
export interface Schema extends DBSchema {
  partitions: { key: string; value: unknown };
  /** Without payloads, so that thousands are read at once. */
  actions: {
    key: ActionAddress;
    value: unknown;
    /** By their turn; only of those that were never sent and are not parked. */
    indexes: { waiting: [partition: string, lane: string, order: number] };
  };
  payloads: { key: ActionAddress; value: unknown };
  /** Room that is given up first when there is none left; and what stays as long as the database. */
  reserve: { key: number; value: unknown };
  /** What is there says nothing; what was removed does: see `indexedDbTokens.ts`. */
  tokens: { key: TokenAddress; value: unknown };
}

/** What all actions of a partition share. */
export interface PartitionRecord {
  readonly v: 1;
  readonly clientId: string;
  epoch: number;
  lastOrder: number;
}

/** An action as it is stored. */
export interface ActionRecord extends Omit<StoredAction, "ageMs"> {
  readonly v: 1;
  /** By the clock of the page that stored it: see {@link readClock}. */
  readonly storedAtMs: number;
  /** Its place in the index, if it waits for its first sending. */
  readonly waiting?: [partition: string, lane: string, order: number];
}

export type NewAction = Omit<StoredAction, "order" | "ageMs">;

/** What counts on from here still counts exactly: a higher number is damage. */
export const MOST = 2 ** 52;

/** What a single action has less of: bytes, binary values, ends of connections. */
const MOST_OF_ONE = 2 ** 30;

/** No version is higher. */
const MOST_VERSIONS = 1_000;

/** No action is older: a clock that says so was set. */
const LONGEST_AGE_MS = 366 * 86_400_000;

/** Milliseconds since 1970. While a page lives nobody can set this clock. */
export const readClock = (): number => performance.timeOrigin + performance.now();

/** Makes the record of an action that was put now. */
export function toRecord(partition: string, action: NewAction, order: number): ActionRecord {
  return placed(partition, { ...action, v: RECORD_VERSION, order, storedAtMs: readClock() });
}

/** That it was sent stays known; whatever the server remembers of that, it may be sent again. */
export function unparked(
  partition: string,
  { parked: _, sent, ...record }: ActionRecord,
  order: number,
): ActionRecord {
  const again = { ...record, kills: 0, order, storedAtMs: readClock() };
  if (!sent) return placed(partition, again);
  const { epoch, attempts } = sent;
  return placed(partition, { ...again, resend: true, sent: { epoch, sequence: 0, attempts } });
}

/** What a drainer notes of an action. */
export function marked(partition: string, record: ActionRecord, mark: Mark): ActionRecord {
  const { sent = record.sent, kills } = mark;
  return placed(partition, { ...record, kills, ...(sent && { sent }) });
}

export function parkedAs(partition: string, record: ActionRecord, parked: Parked): ActionRecord {
  return placed(partition, { ...record, parked });
}

/** What others have changed of an action, as it was read. */
export function changed(
  partition: string,
  { sent: _, parked: __, ...record }: ActionRecord,
  { order, kills, sent, parked }: StoredAction,
): ActionRecord {
  const state = { ...(sent && { sent }), ...(parked && { parked }) };
  return placed(partition, { ...record, order, kills, ...state });
}

/** What was never sent as far as the store knows may have been, when it had no room to note that. */
export function perhapsSent(record: ActionRecord, epoch: number): ActionRecord {
  if (record.sent || record.parked) return record;
  return placed("", { ...record, sent: { epoch, sequence: 0, attempts: 1 } });
}

/** The index has those that are to be sent for the first time. */
function placed(partition: string, { waiting: _, ...record }: ActionRecord): ActionRecord {
  if (record.sent || record.parked) return record;
  return { ...record, waiting: [partition, record.lane, record.order] };
}

/** Clocks are set: what is stored in the future is of no age, and so is what is older than anything can be. */
export function toStored({ v: _, waiting: __, storedAtMs, ...action }: ActionRecord): StoredAction {
  const ageMs = readClock() - storedAtMs;
  return { ...action, ageMs: ageMs >= 0 && ageMs <= LONGEST_AGE_MS ? ageMs : 0 };
}

/** Returns what is no record of an action, or not of the one with this `key`, as undefined. */
export function readAction(value: unknown, key: unknown): ActionRecord | undefined {
  if (!isObject(value) || value["v"] !== RECORD_VERSION || value["key"] !== key) return undefined;
  const { event, lane, resend, sent, parked, coalesceKey, ttlMs, ackTimeoutMs } = value;
  const isRead =
    [key, event, lane, coalesceKey ?? ""].every((text) => typeof text === "string") &&
    isCount(value["order"]) &&
    ["bytes", "attachmentCount", "kills"].every((name) => isCount(value[name], MOST_OF_ONE)) &&
    typeof value["storedAtMs"] === "number" &&
    isTime(ackTimeoutMs) &&
    isTime(ttlMs ?? 0) &&
    typeof resend === "boolean" &&
    (sent === undefined || isSent(sent)) &&
    (parked === undefined || parked === "quarantined" || parked === "unknown");
  return isRead ? (value as unknown as ActionRecord) : undefined;
}

/** Makes contents of what was read: the oldest action comes first. */
export function readContents(
  keys: readonly ActionAddress[],
  values: readonly unknown[],
  doubt: (record: ActionRecord) => ActionRecord,
): Contents {
  const records = keys.map(([, key], index) => readAction(values[index], key));
  const unreadable = keys.flatMap(([, key], index) =>
    records[index] || typeof key !== "string" ? [] : toUnreadable(key, values[index]),
  );
  const actions = records
    .filter((record) => record !== undefined)
    .map((record) => toStored(doubt(record)))
    .sort((one, other) => one.order - other.order);
  return { actions, unreadable };
}

/** To read the keys, too, takes half as long again. */
const MANY = 1_000;

/**
 * Whether each of many values is the record of the action under whose key it is: they come in the order of
 * their keys, and one that is somewhere else hardly keeps to that.
 */
export function seemsSound(values: readonly unknown[]): boolean {
  if (values.length < MANY) return false;
  let last = "";
  return values.every((value) => {
    const key = keyOf(value);
    const isNext = typeof key === "string" && key > last && readAction(value, key) !== undefined;
    if (isNext) last = key;
    return isNext;
  });
}

export const keyOf = (value: unknown): unknown =>
  (value as { key?: unknown } | null | undefined)?.key;

/** What it is called can often still be read. */
function toUnreadable(key: string, value: unknown): UnreadableAction {
  const { event, lane } = isObject(value) ? value : {};
  return {
    ...{ key, isFuture: isOfLaterVersion(value) },
    ...(typeof event === "string" && { event }),
    ...(typeof lane === "string" && { lane }),
  };
}

export function readPartition(value: unknown): PartitionRecord | undefined {
  if (!isObject(value) || value["v"] !== RECORD_VERSION) return undefined;
  const { clientId, epoch, lastOrder } = value;
  const isRead = typeof clientId === "string" && isCount(epoch) && isCount(lastOrder);
  return isRead ? (value as unknown as PartitionRecord) : undefined;
}

export function isOfLaterVersion(value: unknown): boolean {
  const version = isObject(value) ? value["v"] : undefined;
  return isCount(version, MOST_VERSIONS) && (version as number) > RECORD_VERSION;
}

function isSent(value: unknown): value is SentRecord {
  if (!isObject(value)) return false;
  const { memory, serverTimeMs } = value;
  return (
    ["epoch", "sequence", "attempts"].every((name) => isCount(value[name])) &&
    (memory === undefined || typeof memory === "string") &&
    (serverTimeMs === undefined || typeof serverTimeMs === "number")
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const isCount = (value: unknown, most = MOST): boolean =>
  Number.isInteger(value) && isTime(value, most);

/** In milliseconds, which may have fractions. */
const isTime = (value: unknown, most = MOST): boolean =>
  typeof value === "number" && value >= 0 && value <= most;
