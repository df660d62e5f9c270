/** The actions of one identity in one namespace, in a database of the browser. */
import type {
  Candidate,
  Cipher,
  Contents,
  Fenced,
  Mark,
  Marked,
  Outcome,
  OutboxPartition,
  Parked,
  Removal,
  Settlement,
  StoreChange,
  StoredPayload,
} from "../outboxStore.js";
import type { KeptActions } from "./indexedDbKept.js";
import type { Operation, Restorer, Undo } from "./indexedDbOperation.js";
import { readPayload, toPayload } from "./indexedDbPayloads.js";
import type { IndexedDbQueue } from "./indexedDbQueue.js";
import { type NewAction, type PartitionRecord, toStored } from "./indexedDbRecords.js";
import type { Known, Work } from "./indexedDbWork.js";
import type { Leadership } from "./leadership.js";
import type { StoreNews } from "./storeNews.js";

/** What a partition is made of. */
export interface PartitionParts {
  /** The name of the partition. */
  readonly name: string;
  readonly queue: IndexedDbQueue;
  /** The right to drain. */
  readonly leadership: Leadership;
  readonly news: StoreNews;
  readonly kept: KeptActions;
  readonly cipher: Cipher | undefined;
  /** The database was lost, and it holds again what this client knows of; `failure` says why not. */
  readonly handleRestored: (failure: unknown) => void;
  /** Called when there is nothing left to do. */
  readonly handleClosed: () => void;
}

export class IndexedDbPartition implements OutboxPartition {
  readonly #parts: PartitionParts;
  #known: Known;
  /** The highest order that is known to be taken. */
  #lastOrder: number;
  /** What this client has sent while there was no room to note that. */
  readonly #unnoted = new Map<string, Mark>();
  readonly #restorer: Restorer;
  /** Whether this client is the one that drains, as far as it knows. */
  #isDraining = false;

  /** Finds or makes the partition. Rejects with a `StoreError`. */
  static async open(parts: PartitionParts): Promise<IndexedDbPartition> {
    const { name, queue } = parts;
    const { hasReserve, ...record } = await queue.do({
      isWriting: true,
      run: async (work) => ({
        ...(await work.partition({ name, clientId: "", epoch: 0 })),
        hasReserve: await work.hasReserve(),
      }),
    });
    if (!hasReserve) queue.handleReserveMissing();
    return new IndexedDbPartition(parts, record);
  }

  private constructor(parts: PartitionParts, { clientId, epoch, lastOrder }: PartitionRecord) {
    this.#parts = parts;
    this.#known = { name: parts.name, clientId, epoch };
    this.#lastOrder = lastOrder;
    const { queue, kept, handleRestored } = parts;
    this.#restorer = {
      isNeeded: () => kept.size > 0,
      run: (work) =>
        work.restore(this.#known, this.#lastOrder, kept.list(this.#isDraining, this.#known.epoch)),
      handleRestored: (failure) => {
        this.#tell({ type: "missed" });
        handleRestored(failure);
      },
    };
    queue.restorers.add(this.#restorer);
  }

  get clientId(): string {
    return this.#known.clientId;
  }

  async contents(): Promise<Contents> {
    const contents = await this.#parts.queue.do({
      isWriting: false,
      run: (work) => work.contents(this.#known),
    });
    this.#parts.kept.compare(contents.actions);
    // What there is can be sent also where there is no room to note that; it is tried again with the next contents.
    await this.#raiseOrder(contents.actions.at(-1)?.order ?? 0).catch(() => {});
    return contents;
  }

  /** Where the partition's record is damaged, nothing that comes may overtake what is there. */
  async #raiseOrder(highest: number): Promise<void> {
    if (highest <= this.#lastOrder) return;
    await this.#write((work) => work.raiseOrder(this.#known, highest));
    this.#lastOrder = highest;
  }

  async put(action: NewAction, payload: StoredPayload, replaces?: string) {
    // What is asked for meanwhile waits, so that everything stays in its order.
    const encrypting = toPayload(action.key, payload, this.#parts.cipher);
    const isEncrypting = encrypting instanceof Promise;
    const { queue, kept } = this.#parts;
    // As it was when it was stored, if nobody heard of that.
    let hasReplaced = false;
    const { written, record, replaced } = await queue.do({
      isWriting: true,
      bytes: action.bytes,
      ...(isEncrypting && { ready: encrypting }),
      run: async (work, isRepeated) => {
        const written = isEncrypting ? await encrypting : encrypting;
        const put = await work.put(this.#known, action, written, replaces, isRepeated);
        hasReplaced = put.replaced ?? hasReplaced;
        return { written, record: put.record, replaced: hasReplaced };
      },
      undo: this.#undoPut(action.key, () => (hasReplaced ? replaces : undefined)),
    });
    const { order } = record;
    this.#lastOrder = Math.max(this.#lastOrder, order);
    if (replaced && replaces !== undefined) {
      kept.remove(replaces);
      this.#tell({ type: "removed", key: replaces });
    }
    kept.add({ record, payload: written });
    this.#tell({ type: "put", action: toStored(record) });
    return { order, replaced };
  }

  /** Unless another client has sent it by now, or only that one has what was replaced. */
  #undoPut(key: string, findReplaced: () => string | undefined): Undo {
    const { kept } = this.#parts;
    let changes: StoreChange[] = [];
    return {
      run: async (work) => {
        changes = [];
        const replaced = findReplaced();
        const before = replaced === undefined ? undefined : kept.get(replaced);
        if (replaced !== undefined && !before) return;
        if ((await work.remove(this.#known, key, true)) !== "removed") return;
        changes = [{ type: "removed", key }];
        if (!before) return;
        work.putBack(this.#known.name, before);
        changes.push({ type: "put", action: toStored(before.record) });
      },
      handleUndone: () => this.#tell(...changes),
    };
  }

  async load(key: string): Promise<StoredPayload | undefined> {
    const { name, queue, cipher } = this.#parts;
    const { isStored, payload } = await queue.do({
      isWriting: false,
      run: (work) => work.load(name, key),
    });
    return isStored ? readPayload(key, payload, cipher) : undefined;
  }

  async unpark(key: string): Promise<{ order: number } | "missing"> {
    const record = await this.#write((work, isRepeated) =>
      work.unpark(this.#known, key, isRepeated),
    );
    if (record === "missing") return record;
    const { order } = record;
    this.#parts.kept.change(key, () => record);
    this.#tell({ type: "put", action: toStored(record) });
    return { order };
  }

  async remove(key: string, onlyUnsent: boolean): Promise<Removal> {
    const removal = await this.#write(
      (work) => work.remove(this.#known, key, onlyUnsent),
      removing,
    );
    if (removal !== "wasSent") this.#parts.kept.remove(key);
    if (removal === "removed") this.#tell({ type: "removed", key });
    return removal;
  }

  async lead(signal: AbortSignal, candidate: Candidate): Promise<Contents & { epoch: number }> {
    const { leadership } = this.#parts;
    await leadership.acquire(candidate, signal);
    try {
      const { isExact, ...leading } = await this.#write((work) => work.lead(this.#known), leaders);
      this.#noteEpoch(leading.epoch);
      this.#unnoted.clear();
      for (const mark of isExact ? [] : leading.actions) this.#unnoted.set(mark.key, mark);
      this.#parts.kept.compare(leading.actions);
      this.#isDraining = true;
      return leading;
    } catch (error) {
      leadership.release();
      throw error;
    }
  }

  async raiseEpoch(epoch: number, atLeast: number): Promise<number | Fenced> {
    const raised = await this.#write(
      (work) => work.raiseEpoch(this.#known, epoch, atLeast),
      leaders,
    );
    if (raised !== "fenced") this.#noteEpoch(raised);
    return this.#noteFence(raised);
  }

  async mark(epoch: number, marks: readonly Mark[]): Promise<Marked | Fenced> {
    const done = await this.#write(
      (work) => work.mark(this.#known, epoch, marks, this.#unnoted),
      leaders,
    );
    if (done === "fenced") return this.#noteFence(done);
    const { marked, isNoted } = done;
    const { kept } = this.#parts;
    if (isNoted) this.#unnoted.clear();
    else for (const mark of marks) this.#unnoted.set(mark.key, mark);
    const missing = new Set(marked.missing);
    const told = marks.filter(({ key }) => !missing.has(key));
    for (const key of missing) kept.remove(key);
    for (const mark of told) kept.mark(mark);
    this.#tell(...told.map((mark) => ({ type: "marked", mark }) as const));
    return marked;
  }

  /**
   * What the server has said is true whatever becomes of the transaction. It is told before that, so that
   * others know it if this page ends in between.
   */
  async settle(epoch: number, settlements: readonly Settlement[]): Promise<Fenced | undefined> {
    const changes = settlements.map((settlement) => ({ type: "settled", ...settlement }) as const);
    this.#tell(...changes.filter(isAnswered));
    const fenced = await this.#write((work) => work.settle(this.#known, epoch, settlements), {
      ...leaders,
      ...removing,
    });
    if (fenced) return this.#noteFence(fenced);
    for (const { key } of settlements) this.#parts.kept.remove(key);
    this.#tell(...changes.filter((change) => !isAnswered(change)));
    return undefined;
  }

  async park(epoch: number, key: string, parked: Parked): Promise<Fenced | undefined> {
    const fenced = await this.#write((work) => work.park(this.#known, epoch, key, parked), leaders);
    if (fenced) return this.#noteFence(fenced);
    this.#parts.kept.park(key, parked);
    this.#tell({ type: "parked", key, parked });
    return undefined;
  }

  resign(): void {
    this.#isDraining = false;
    this.#parts.leadership.release();
  }

  close(): void {
    const { leadership, news, queue, handleClosed } = this.#parts;
    queue.restorers.delete(this.#restorer);
    leadership.close();
    news.close();
    handleClosed();
  }

  #write<Result>(
    run: (work: Work, isRepeated: boolean) => Promise<Result>,
    details: Partial<Operation<Result>> = {},
  ): Promise<Result> {
    return this.#parts.queue.do({ ...details, isWriting: true, run });
  }

  /** Should the store lose it, nobody counts from the beginning. */
  #noteEpoch(epoch: number): void {
    this.#known = { ...this.#known, epoch };
  }

  /** Another client drains. */
  #noteFence<Result>(result: Result): Result {
    if (result === "fenced") this.#isDraining = false;
    return result;
  }

  #tell(...changes: StoreChange[]): void {
    if (changes.length > 0) this.#parts.news.tell(changes);
  }
}

/** What goes on when there is no room. */
const leaders = { isNeeded: true };
const removing = { isNeeded: true, isRemoving: true };

const answers: readonly Outcome[] = ["applied", "rejected", "conflict"];

/** Whether the server has said how it ended. */
const isAnswered = ({ outcome }: Settlement) => answers.includes(outcome);
