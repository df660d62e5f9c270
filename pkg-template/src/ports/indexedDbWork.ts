/** What a transaction does to partitions and actions. */
import { type IDBPTransaction, unwrap } from "idb";
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
import type { Kept } from "./indexedDbKept.js";
import { attempt, readAll, valueOf } from "./indexedDbReading.js";
import { allTokens, bitsFor, EXACT, readTokens, type Tokens } from "./indexedDbTokens.js";
import {
  type ActionAddress,
  type ActionRecord,
  isOfLaterVersion,
  keyOf,
  marked,
  MOST,
  type NewAction,
  parkedAs,
  perhapsSent,
  type PartitionRecord,
  readAction,
  readContents,
  readPartition,
  RECORD_VERSION,
  RESERVE_KEY,
  type Schema,
  seemsSound,
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

/** What a transaction knows of a partition. */
interface Partition {
  /** To be changed. */
  readonly record: PartitionRecord;
  /** As it is stored. */
  readonly base: PartitionRecord | undefined;
  readonly tokens: Tokens;
}

/** One transaction, and what it has read of partitions. */
export class Work {
  readonly #tx: Writing;
  readonly #partitions = new Map<string, Partition>();
  /** Whether nothing can be stored, so that everything has to be said by removals. */
  readonly #isFull: boolean;
  #hasStored = false;

  readonly #isWriting: boolean;
  /** Whether all this was asked of another connection before. */
  readonly #isRepeated: boolean;

  constructor(tx: Transaction, isFull: boolean, isRepeated: boolean) {
    this.#tx = tx as Writing;
    this.#isWriting = tx.mode !== "readonly";
    this.#isFull = isFull;
    this.#isRepeated = isRepeated;
  }

  /** Returns the record of a partition, to be changed; makes it if there is none. */
  async partition(known: Known): Promise<PartitionRecord> {
    return (await this.#partition(known)).record;
  }

  async #partition({ name, clientId, epoch }: Known): Promise<Partition> {
    const known = this.#partitions.get(name);
    if (known) return known;
    const [value, tokens] = await Promise.all([
      this.#tx.objectStore("partitions").get(name),
      this.#readTokens(name),
    ]);
    if (isOfLaterVersion(value)) {
      throw new StoreError("storage_version", "a later version made the partition");
    }
    const read = readPartition(value);
    const isSound = read !== undefined && read.epoch + tokens.added <= MOST;
    // Nobody counts as far as tokens that are lost: then it is the record that is sound.
    const sound = tokens.added > MOST ? read : undefined;
    const partition: Partition = isSound
      ? { record: { ...read, epoch: read.epoch + tokens.added }, base: read, tokens }
      : {
          record: await this.#makePartition(name, {
            clientId: read?.clientId ?? clientId,
            epoch: Math.max(epoch, sound?.epoch ?? 0),
            lastOrder: sound?.lastOrder ?? 0,
          }),
          base: undefined,
          tokens: { added: 1, isExact: value === undefined || tokens.isExact }, // all are made
        };
    this.#partitions.set(name, partition);
    return partition;
  }

  /** Writes what has changed of the partitions. */
  end(): void {
    for (const [name, partition] of this.#partitions) {
      const mayStore = !this.#isFull && this.#isWriting;
      if (mayStore) this.#storePartition(name, partition);
    }
    this.#tx.commit();
  }

  #storePartition(name: string, { record, base, tokens }: Partition): void {
    const before = base && { ...base, epoch: base.epoch + tokens.added };
    const isSame = before && JSON.stringify(record) === JSON.stringify(before);
    if (isSame && (tokens.added === 0 || !this.#hasStored)) return;
    this.#store("partitions").put(record, name);
    if (tokens.added === 0) return;
    for (const token of allTokens) {
      if (token !== EXACT || tokens.isExact) this.#store("tokens").put(0, [name, token]);
    }
  }

  /** Gives the partition a higher epoch, `atLeast` that high. */
  #raise(name: string, { record, base, tokens }: Partition, atLeast: number): number {
    if (!this.#isFull) return (record.epoch = atLeast);
    if (!base) throw full();
    for (const bit of bitsFor(tokens.added, atLeast - base.epoch)) {
      this.#store("tokens").delete([name, bit]);
      tokens.added += 2 ** bit;
    }
    return (record.epoch = base.epoch + tokens.added);
  }

  async #readTokens(name: string): Promise<Tokens> {
    const tokens = this.#tx.objectStore("tokens");
    const count = await tokens.count(all(name));
    if (count === allTokens.length) return { added: 0, isExact: true };
    return readTokens((await tokens.getAllKeys(all(name))).map(([, token]) => token));
  }

  /** Whether the room for bad times is there. */
  async hasReserve(): Promise<boolean> {
    return (await this.#tx.objectStore("reserve").getKey(RESERVE_KEY)) !== undefined;
  }

  async setReserve(reserve: Uint8Array | undefined): Promise<void> {
    const store = this.#tx.objectStore("reserve");
    await (reserve ? store.put(reserve, RESERVE_KEY) : store.delete(RESERVE_KEY));
  }

  async contents(known: Known): Promise<Contents> {
    const partition = await this.#partition(known);
    const values = await this.#readAll(this.#store("actions"), all(known.name));
    const keys = seemsSound(values)
      ? values.map((value): ActionAddress => [known.name, keyOf(value) as string])
      : await this.#tx.objectStore("actions").getAllKeys(all(known.name));
    return readContents(keys, values, (record) => this.#doubt(partition, record));
  }

  /** Where it was not noted what was sent, everything may have been. */
  #doubt({ record: { epoch }, tokens }: Partition, record: ActionRecord): ActionRecord {
    return tokens.isExact ? record : perhapsSent(record, epoch);
  }

  /** `replaced` is undefined if all that was done before. */
  async put(
    known: Known,
    action: NewAction,
    payload: unknown,
    replaces: string | undefined,
    isRepeated: boolean,
  ): Promise<{ record: ActionRecord; replaced: boolean | undefined }> {
    const partition = await this.partition(known);
    const earlier = isRepeated && (await this.#read(known.name, action.key));
    if (earlier) return { record: earlier, replaced: undefined };
    const replaced =
      replaces !== undefined && (await this.remove(known, replaces, true)) === "removed";
    const record = toRecord(known.name, action, ++partition.lastOrder);
    const address: ActionAddress = [known.name, action.key];
    this.#hasStored = true;
    this.#store("actions").add(record, address);
    this.#store("payloads").put(payload, address);
    return { record, replaced };
  }

  /** Returns the payload as it was stored; `isStored` says whether there is the action at all. */
  async load(name: string, key: string): Promise<{ isStored: boolean; payload: unknown }> {
    const [storedKey, payload] = await Promise.all([
      this.#tx.objectStore("actions").getKey([name, key]),
      attempt<unknown>(this.#store("payloads").get([name, key])),
    ]);
    return { isStored: storedKey !== undefined, payload: valueOf(payload, this.#isRepeated) };
  }

  async unpark(known: Known, key: string, isRepeated: boolean): Promise<ActionRecord | "missing"> {
    const partition = await this.partition(known);
    const record = await this.#read(known.name, key);
    if (!record?.parked) return record && isRepeated ? record : "missing";
    const again = unparked(known.name, record, ++partition.lastOrder);
    this.#write(known.name, again);
    return again;
  }

  /** What cannot be read may have been sent. */
  async remove(known: Known, key: string, onlyUnsent: boolean): Promise<Removal> {
    const partition = await this.#partition(known);
    const read = await attempt<unknown>(this.#store("actions").get([known.name, key]));
    if ("value" in read && read.value === undefined) return "missing";
    const record = "value" in read ? readAction(read.value, key) : undefined;
    if (onlyUnsent && (!record || this.#doubt(partition, record).sent)) return "wasSent";
    this.#delete(known.name, key);
    return "removed";
  }

  /** What is stored from now on comes after `order`, whatever the partition's record says. */
  async raiseOrder(known: Known, order: number): Promise<void> {
    const partition = await this.partition(known);
    partition.lastOrder = Math.max(partition.lastOrder, order);
  }

  /** The database is another one than before: stores what a client has had in that. */
  async restore(known: Known, lastOrder: number, kept: readonly Kept[]): Promise<void> {
    const partition = await this.partition(known);
    partition.epoch = Math.max(partition.epoch, known.epoch);
    partition.lastOrder = Math.max(partition.lastOrder, lastOrder);
    for (const action of kept) this.putBack(known.name, action);
  }

  putBack(name: string, { record, payload }: Kept): void {
    this.#write(name, record);
    this.#store("payloads").put(payload, [name, record.key]);
  }

  async lead(known: Known): Promise<Contents & { epoch: number; isExact: boolean }> {
    const partition = await this.#partition(known);
    const { record, tokens } = partition;
    const epoch = this.#raise(known.name, partition, record.epoch + 1);
    return { epoch, isExact: tokens.isExact, ...(await this.contents(known)) };
  }

  async raiseEpoch(known: Known, epoch: number, atLeast: number): Promise<number | Fenced> {
    const partition = await this.#partition(known);
    if (partition.record.epoch !== epoch) return "fenced";
    return this.#raise(known.name, partition, Math.max(epoch + 1, atLeast));
  }

  /** `unnoted` are marks for which there was no room; `isNoted` says whether there was now. */
  async mark(
    known: Known,
    epoch: number,
    marks: readonly Mark[],
    unnoted: ReadonlyMap<string, Mark>,
  ): Promise<{ marked: Marked; isNoted: boolean } | Fenced> {
    if (await this.#isFenced(known, epoch)) return "fenced";
    const noted = new Map([...unnoted, ...marks.map((mark) => [mark.key, mark] as const)]);
    const read = await Promise.all(Array.from(noted.keys(), (key) => this.#read(known.name, key)));
    const records = new Map(
      read.flatMap((record) => (record ? [[record.key, record] as const] : [])),
    );
    const lanes = new Map<string, number>();
    for (const { key } of marks) {
      const { lane, order } = records.get(key) ?? {};
      if (lane === undefined || order === undefined) continue;
      lanes.set(lane, Math.max(order, lanes.get(lane) ?? 0));
    }
    const isNoted = await this.#note(known, noted, records);
    const missing = marks.flatMap(({ key }) => (records.has(key) ? [] : key));
    const earlier = await this.#earlierThan(known.name, lanes);
    const isUnknown = ({ key }: StoredAction) => !noted.has(key);
    return { marked: { missing, earlier: earlier.filter(isUnknown) }, isNoted };
  }

  /** Where there is no room, it is said that something was sent, and not what. */
  async #note(
    known: Known,
    marks: ReadonlyMap<string, Mark>,
    records: ReadonlyMap<string, ActionRecord>,
  ): Promise<boolean> {
    const { name } = known;
    const { tokens } = await this.#partition(known);
    if (this.#isFull) {
      this.#store("tokens").delete([name, EXACT]);
      return false;
    }
    for (const record of records.values()) {
      const mark = marks.get(record.key);
      if (mark) this.#write(name, marked(name, record, mark));
    }
    if (!tokens.isExact) this.#store("tokens").put(0, [name, EXACT]);
    tokens.isExact = true;
    return true;
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
    if (this.#isFull) throw full();
    const record = await this.#read(known.name, key);
    if (record) this.#write(known.name, parkedAs(known.name, record, parked));
    return undefined;
  }

  #readAll(source: IDBObjectStore | IDBIndex, range: IDBKeyRange): Promise<unknown[]> {
    return readAll(source, range, this.#isRepeated);
  }

  /** For what nobody waits for: the end of the transaction says what became of it. */
  #store(name: (typeof stores)[number]): IDBObjectStore {
    return unwrap(this.#tx).objectStore(name);
  }

  async #isFenced(known: Known, epoch: number): Promise<boolean> {
    return (await this.partition(known)).epoch !== epoch;
  }

  async #read(name: string, key: string): Promise<ActionRecord | undefined> {
    return readAction(await this.#tx.objectStore("actions").get([name, key]), key);
  }

  /** Those that can be read, under whatever keys they are. */
  #readable(values: readonly unknown[]): ActionRecord[] {
    const records = values.map((value) => readAction(value, keyOf(value)));
    return records.filter((record) => record !== undefined);
  }

  #write(name: string, record: ActionRecord): void {
    this.#hasStored = true;
    this.#store("actions").put(record, [name, record.key]);
  }

  #delete(name: string, key: string): void {
    this.#store("actions").delete([name, key]);
    this.#store("payloads").delete([name, key]);
  }

  /** Returns what has its turn before the marked ones, which are in the index no more. */
  async #earlierThan(name: string, lanes: ReadonlyMap<string, number>): Promise<StoredAction[]> {
    const waiting = this.#store("actions").index("waiting");
    const found = await Promise.all(
      Array.from(lanes, ([lane, order]) =>
        this.#readAll(waiting, IDBKeyRange.bound([name, lane], [name, lane, order], false, true)),
      ),
    );
    return this.#readable(found.flat()).map(toStored);
  }

  /** Where its record is lost, the actions say what nobody may have again. */
  async #makePartition(
    name: string,
    { clientId, epoch, lastOrder }: Omit<PartitionRecord, "v">,
  ): Promise<PartitionRecord> {
    const actions = this.#readable(await this.#readAll(this.#store("actions"), all(name)));
    return {
      v: RECORD_VERSION,
      clientId: clientId || randomId(),
      epoch: actions.reduce((highest, { sent }) => Math.max(highest, sent?.epoch ?? 0), epoch),
      lastOrder: actions.reduce((highest, { order }) => Math.max(highest, order), lastOrder),
    };
  }
}

const full = () => new StoreError("storage_full", "there is no room");

/** All of a partition: an array comes after every text. */
const all = (name: string) => IDBKeyRange.bound([name], [name, []]);
