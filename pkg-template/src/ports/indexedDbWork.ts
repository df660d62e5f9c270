/** What a transaction does to partitions and actions. */
import type { IDBPTransaction } from "idb";
import type {
  Contents,
  Fenced,
  Mark,
  Marked,
  Parked,
  Removal,
  Settlement,
  StoredAction,
} from "../outboxStore.js";
import { randomId } from "../randomId.js";
import { StoreError } from "./indexedDbErrors.js";
import {
  type ActionAddress,
  type ActionRecord,
  isOfLaterVersion,
  marked,
  type NewAction,
  parkedAs,
  type PartitionRecord,
  readAction,
  readContents,
  readPartition,
  RECORD_VERSION,
  RESERVE_KEY,
  type Schema,
  type stores,
  toRecord,
  toStored,
  unparked,
} from "./indexedDbRecords.js";

export type Transaction = IDBPTransaction<
  Schema,
  typeof stores,
  "readonly" | "readwrite" | "versionchange"
>;

type Writing = IDBPTransaction<Schema, typeof stores, "readwrite">;

/** What a client knows of its partition, should the store have lost it. */
export interface Known {
  readonly name: string;
  readonly clientId: string;
  readonly epoch: number;
}

/** One transaction, and what it has read of partitions. */
export class Work {
  readonly #tx: Writing;
  readonly #partitions = new Map<string, { record: PartitionRecord; read: string }>();

  constructor(tx: Transaction) {
    this.#tx = tx as Writing;
  }

  /** Returns the record of a partition, to be changed; makes it if there is none. */
  async partition({ name, clientId, epoch }: Known): Promise<PartitionRecord> {
    const known = this.#partitions.get(name);
    if (known) return known.record;
    const value = await this.#tx.objectStore("partitions").get(name);
    if (isOfLaterVersion(value)) {
      throw new StoreError("storage_version", "a later version made the partition");
    }
    const read = readPartition(value);
    const record = read ?? (await this.#makePartition(name, clientId, epoch));
    this.#partitions.set(name, { record, read: read ? JSON.stringify(read) : "" });
    return record;
  }

  /** Writes what has changed of the partitions. */
  end(): void {
    for (const [name, { record, read }] of this.#partitions) {
      if (JSON.stringify(record) === read) continue;
      heedless(this.#tx.objectStore("partitions").put(record, name));
    }
  }

  /** Whether the room for bad times is there. */
  async hasReserve(): Promise<boolean> {
    return (await this.#tx.objectStore("reserve").getKey(RESERVE_KEY)) !== undefined;
  }

  async contents(name: string): Promise<Contents> {
    const actions = this.#tx.objectStore("actions");
    const [keys, values] = await Promise.all([
      actions.getAllKeys(all(name)),
      actions.getAll(all(name)),
    ]);
    return readContents(keys, values);
  }

  async put(
    known: Known,
    action: NewAction,
    payload: unknown,
    replaces: string | undefined,
    isRepeated: boolean,
  ): Promise<{ order: number; replaced: boolean; action: StoredAction }> {
    const partition = await this.partition(known);
    const earlier = isRepeated && (await this.#read(known.name, action.key));
    if (earlier) return { order: earlier.order, replaced: false, action: toStored(earlier) };
    const replaced =
      replaces !== undefined && (await this.remove(known.name, replaces, true)) === "removed";
    const record = toRecord(known.name, action, ++partition.lastOrder);
    const address: ActionAddress = [known.name, action.key];
    heedless(this.#tx.objectStore("actions").add(record, address));
    heedless(this.#tx.objectStore("payloads").put(payload, address));
    return { order: record.order, replaced, action: toStored(record) };
  }

  /** Returns the payload as it was stored; `isStored` says whether there is the action at all. */
  async load(name: string, key: string): Promise<{ isStored: boolean; payload: unknown }> {
    const [storedKey, payload] = await Promise.all([
      this.#tx.objectStore("actions").getKey([name, key]),
      this.#tx.objectStore("payloads").get([name, key]),
    ]);
    return { isStored: storedKey !== undefined, payload };
  }

  async unpark(known: Known, key: string): Promise<StoredAction | "missing"> {
    const partition = await this.partition(known);
    const record = await this.#read(known.name, key);
    if (!record) return "missing";
    const again = unparked(known.name, record, ++partition.lastOrder);
    this.#write(known.name, again);
    return toStored(again);
  }

  /** What cannot be read may have been sent. */
  async remove(name: string, key: string, onlyUnsent: boolean): Promise<Removal> {
    const value: unknown = await this.#tx.objectStore("actions").get([name, key]);
    if (value === undefined) return "missing";
    const record = readAction(value);
    if (onlyUnsent && (!record || record.sent)) return "wasSent";
    this.#delete(name, key);
    return "removed";
  }

  async lead(known: Known): Promise<Contents & { epoch: number }> {
    const partition = await this.partition(known);
    partition.epoch += 1;
    return { epoch: partition.epoch, ...(await this.contents(known.name)) };
  }

  async raiseEpoch(known: Known, epoch: number, atLeast: number): Promise<number | Fenced> {
    const partition = await this.partition(known);
    if (partition.epoch !== epoch) return "fenced";
    return (partition.epoch = Math.max(epoch + 1, atLeast));
  }

  async mark(known: Known, epoch: number, marks: readonly Mark[]): Promise<Marked | Fenced> {
    if (await this.#isFenced(known, epoch)) return "fenced";
    const records = await Promise.all(marks.map(({ key }) => this.#read(known.name, key)));
    const missing: string[] = [];
    const lanes = new Map<string, number>();
    marks.forEach((mark, index) => {
      const record = records[index];
      if (!record) {
        missing.push(mark.key);
        return;
      }
      this.#write(known.name, marked(known.name, record, mark));
      lanes.set(record.lane, Math.max(record.order, lanes.get(record.lane) ?? 0));
    });
    return { missing, earlier: await this.#earlierThan(known.name, lanes) };
  }

  async settle(
    known: Known,
    epoch: number,
    settlements: readonly Settlement[],
  ): Promise<Fenced | undefined> {
    if (await this.#isFenced(known, epoch)) return "fenced";
    for (const { key } of settlements) this.#delete(known.name, key);
    return undefined;
  }

  async park(
    known: Known,
    epoch: number,
    key: string,
    parked: Parked,
  ): Promise<Fenced | undefined> {
    if (await this.#isFenced(known, epoch)) return "fenced";
    const record = await this.#read(known.name, key);
    if (record) this.#write(known.name, parkedAs(known.name, record, parked));
    return undefined;
  }

  async #isFenced(known: Known, epoch: number): Promise<boolean> {
    return (await this.partition(known)).epoch !== epoch;
  }

  async #read(name: string, key: string): Promise<ActionRecord | undefined> {
    return readAction(await this.#tx.objectStore("actions").get([name, key]));
  }

  #write(name: string, record: ActionRecord): void {
    heedless(this.#tx.objectStore("actions").put(record, [name, record.key]));
  }

  #delete(name: string, key: string): void {
    heedless(this.#tx.objectStore("actions").delete([name, key]));
    heedless(this.#tx.objectStore("payloads").delete([name, key]));
  }

  /** Returns what has its turn before the marked ones, which are in the index no more. */
  async #earlierThan(name: string, lanes: ReadonlyMap<string, number>): Promise<StoredAction[]> {
    const waiting = this.#tx.objectStore("actions").index("waiting");
    const found = await Promise.all(
      Array.from(lanes, ([lane, order]) =>
        waiting.getAll(IDBKeyRange.bound([name, lane], [name, lane, order], false, true)),
      ),
    );
    const records = found.flat().map(readAction);
    return records.filter((record) => record !== undefined).map(toStored);
  }

  /** Where its record is lost, the actions say what nobody may have again. */
  async #makePartition(name: string, clientId: string, epoch: number): Promise<PartitionRecord> {
    const { actions } = await this.contents(name);
    return {
      v: RECORD_VERSION,
      clientId: clientId || randomId(),
      epoch: actions.reduce((highest, { sent }) => Math.max(highest, sent?.epoch ?? 0), epoch),
      lastOrder: actions.reduce((highest, { order }) => Math.max(highest, order), 0),
    };
  }
}

/** All actions of a partition: an array comes after every text. */
const all = (name: string) => IDBKeyRange.bound([name], [name, []]);

/** The end of the transaction says what became of it. */
function heedless(request: Promise<unknown>): void {
  request.catch(() => {});
}
