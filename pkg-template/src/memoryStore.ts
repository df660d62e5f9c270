/** A store that is lost with the page. */
import type {
  Contents,
  Fenced,
  Mark,
  Marked,
  OutboxPartition,
  OutboxStore,
  Parked,
  Removal,
  Settlement,
  StoreChange,
  StoredAction,
  StoredPayload,
} from "./outboxStore.js";
import { randomId } from "./randomId.js";

type NewAction = Omit<StoredAction, "order" | "ageMs">;

interface Entry {
  action: NewAction;
  order: number;
  payload: StoredPayload;
  /** By a clock that nobody sets. */
  storedAtMs: number;
}

/** What all clients of one partition share. */
class Shared {
  readonly clientId = randomId();
  readonly entries = new Map<string, Entry>();
  readonly clients = new Set<MemoryPartition>();
  /** Those who want to lead; the first one does. */
  leaders: { client: MemoryPartition; begin: () => void }[] = [];
  epoch = 0;
  lastOrder = 0;

  contents(): Contents {
    return { actions: [...this.entries.values()].map(toStored), unreadable: [] };
  }

  leave(client: MemoryPartition): void {
    const [leader] = this.leaders;
    this.leaders = this.leaders.filter((other) => other.client !== client);
    const [next] = this.leaders;
    if (next !== leader) next?.begin();
  }
}

class MemoryPartition implements OutboxPartition {
  readonly clientId: string;
  readonly #shared: Shared;
  readonly #handleChanges: (changes: readonly StoreChange[]) => void;

  constructor(shared: Shared, handleChanges: (changes: readonly StoreChange[]) => void) {
    this.clientId = shared.clientId;
    this.#shared = shared;
    this.#handleChanges = handleChanges;
    shared.clients.add(this);
  }

  contents(): Contents {
    return this.#shared.contents();
  }

  put(action: NewAction, payload: StoredPayload, replaces?: string) {
    const replaced = replaces !== undefined && this.remove(replaces, true) === "removed";
    const order = ++this.#shared.lastOrder;
    const entry = { action, order, payload, storedAtMs: performance.now() };
    this.#shared.entries.set(action.key, entry);
    this.#tellOthers([{ type: "put", action: toStored(entry) }]);
    return { order, replaced };
  }

  load(key: string): StoredPayload | undefined {
    return this.#shared.entries.get(key)?.payload;
  }

  unpark(key: string): { order: number } | "missing" {
    const entry = this.#shared.entries.get(key);
    if (!entry?.action.parked) return "missing";
    entry.action = unparked(entry.action);
    entry.order = ++this.#shared.lastOrder;
    entry.storedAtMs = performance.now();
    this.#tellOthers([{ type: "put", action: toStored(entry) }]);
    return { order: entry.order };
  }

  remove(key: string, onlyUnsent: boolean): Removal {
    const entry = this.#shared.entries.get(key);
    if (!entry) return "missing";
    if (onlyUnsent && entry.action.sent) return "wasSent";
    this.#shared.entries.delete(key);
    this.#tellOthers([{ type: "removed", key }]);
    return "removed";
  }

  lead(signal: AbortSignal): Promise<Contents & { epoch: number }> {
    return new Promise((resolve, reject) => {
      const begin = () => resolve({ epoch: ++this.#shared.epoch, ...this.#shared.contents() });
      const abort = () => {
        this.resign();
        reject(new DOMException("the client leads no longer", "AbortError"));
      };
      if (signal.aborted) {
        abort();
        return;
      }
      signal.addEventListener("abort", abort);
      this.#shared.leave(this);
      if (this.#shared.leaders.push({ client: this, begin }) === 1) begin();
    });
  }

  raiseEpoch(epoch: number, atLeast: number): number | Fenced {
    if (this.#isFenced(epoch)) return "fenced";
    return (this.#shared.epoch = Math.max(epoch + 1, atLeast));
  }

  mark(epoch: number, marks: readonly Mark[]): Marked | Fenced {
    if (this.#isFenced(epoch)) return "fenced";
    const { entries } = this.#shared;
    const missing = marks.flatMap(({ key }) => (entries.has(key) ? [] : key));
    const marked = marks.filter(({ key }) => entries.has(key));
    for (const { key, sent, kills } of marked) this.#update(key, { kills, ...(sent && { sent }) });
    this.#tellOthers(marked.map((mark) => ({ type: "marked", mark })));
    return { missing, earlier: this.#earlierThan(marked) };
  }

  settle(epoch: number, settlements: readonly Settlement[]): Fenced | undefined {
    if (this.#isFenced(epoch)) return "fenced";
    for (const { key } of settlements) this.#shared.entries.delete(key);
    this.#tellOthers(settlements.map((settlement) => ({ type: "settled", ...settlement })));
    return undefined;
  }

  park(epoch: number, key: string, parked: Parked): Fenced | undefined {
    if (this.#isFenced(epoch)) return "fenced";
    this.#update(key, { parked });
    this.#tellOthers([{ type: "parked", key, parked }]);
    return undefined;
  }

  resign(): void {
    this.#shared.leave(this);
  }

  close(): void {
    this.resign();
    this.#shared.clients.delete(this);
  }

  /** Others learn of it later, as from another tab. */
  #tellOthers(changes: readonly StoreChange[]): void {
    for (const other of this.#shared.clients) {
      if (other === this || changes.length === 0) continue;
      queueMicrotask(() => {
        if (this.#shared.clients.has(other)) other.#handleChanges(changes);
      });
    }
  }

  #isFenced(epoch: number): boolean {
    return epoch !== this.#shared.epoch;
  }

  #update(key: string, change: Partial<NewAction>): void {
    const entry = this.#shared.entries.get(key);
    if (entry) entry.action = { ...entry.action, ...change };
  }

  #earlierThan(marks: readonly Mark[]): StoredAction[] {
    const entries = [...this.#shared.entries.values()];
    const lastOfLane = new Map<string, number>();
    for (const { key } of marks) {
      const { action, order } = this.#shared.entries.get(key) ?? {};
      if (!action || order === undefined) continue;
      lastOfLane.set(action.lane, Math.max(order, lastOfLane.get(action.lane) ?? 0));
    }
    const isEarlier = ({ action, order }: Entry) =>
      !action.sent && !action.parked && order < (lastOfLane.get(action.lane) ?? 0);
    return entries.filter(isEarlier).map(toStored);
  }
}

/** That it was sent stays known; whatever the server remembers of that, it may be sent again. */
function unparked({ parked: _, sent, ...action }: NewAction): NewAction {
  if (!sent) return { ...action, kills: 0 };
  const { epoch, attempts } = sent;
  return { ...action, kills: 0, resend: true, sent: { epoch, sequence: 0, attempts } };
}

function toStored({ action, order, storedAtMs }: Entry): StoredAction {
  return { ...action, order, ageMs: performance.now() - storedAtMs };
}

/**
 * Makes a store that is lost with the page. Clients that are given the same one share their actions: one
 * of them sends, and all see what becomes of them.
 *
 * @example
 * const store = memoryOutboxStore();
 * const client = createClient(url, { outbox: { store } });
 */
export function memoryOutboxStore(): OutboxStore {
  const partitions = new Map<string, Shared>();
  return {
    durability: "memory",
    open({ namespace, identity }, handleChanges) {
      const name = JSON.stringify([namespace, identity]);
      const shared = partitions.get(name) ?? new Shared();
      partitions.set(name, shared);
      return new MemoryPartition(shared, handleChanges);
    },
  };
}
