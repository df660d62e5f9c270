/**
 * IndexedDB that fails when a test says so. It stands on `fake-indexeddb`, and knows what is inside of that:
 * to let every request succeed and then abort, as browsers do, there is no other way.
 */
import "fake-indexeddb/auto";
import { forceCloseDatabase } from "fake-indexeddb";
import { vi } from "vitest";

/** What can happen to a transaction. */
export type Fault =
  /** The connection is closing: there is no transaction at all. */
  | "InvalidStateError"
  /** Every request succeeds, then it aborts: the disk is full, or fails. */
  | "QuotaExceededError"
  | "UnknownError"
  /** It commits, and nobody learns of that. */
  | "unheard"
  /** It commits, and nobody ever hears how it ended. */
  | "unanswered"
  /** The browser ends the connection, and with it the transaction. */
  | "closed"
  /** Nothing happens. */
  | "silent";

/** The part of a transaction of `fake-indexeddb` that is not public. */
interface Inside extends EventTarget {
  _requests: unknown[];
  _state: string;
  _start: () => void;
  _abort: (name: string) => void;
  error: DOMException | null;
}

interface Executing {
  _execRequestAsync: (request: { source: unknown; operation: () => void }) => unknown;
}

interface Listener {
  readonly type: string;
  readonly callback: () => void;
}

/** Says what happens to the transaction of this number, counted from 0; or only when it is to commit. */
export type Plan = (
  index: number,
  transaction: IDBTransaction,
) => Fault | { readonly fault: Fault | undefined } | undefined;

/** What the browser does from now on, until {@link heal} or the end of the test. */
export class FaultyIndexedDb {
  /** How many transactions there were. */
  count = 0;
  #plan: Plan = () => undefined;

  constructor() {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- it is applied below
    const { transaction } = IDBDatabase.prototype;
    const next = (made: IDBTransaction) => this.#plan(this.count++, made);
    vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (
      this: IDBDatabase,
      ...args
    ) {
      const made = transaction.apply(this, args);
      const fault = next(made);
      if (typeof fault === "object") decideAtCommit(fault, made);
      else if (fault) inflict(fault, made, this);
      return made;
    });
  }

  plan(plan: Plan): void {
    this.count = 0;
    this.#plan = plan;
  }

  heal(): void {
    this.plan(() => undefined);
  }

  /** Records under these keys cannot be read, and neither can several together with one of them. */
  damage(isDamaged: (key: IDBValidKey) => boolean): void {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- they are applied below
    const { get, getAll } = IDBObjectStore.prototype;
    vi.spyOn(IDBObjectStore.prototype, "get").mockImplementation(function (
      this: IDBObjectStore,
      key,
    ) {
      return isDamaged(key as IDBValidKey) ? failed(this) : get.call(this, key);
    });
    vi.spyOn(IDBObjectStore.prototype, "getAll").mockImplementation(function (
      this: IDBObjectStore,
      ...args
    ) {
      return this.name === "actions" ? failed(this) : getAll.apply(this, args as []);
    });
    vi.spyOn(IDBIndex.prototype, "getAll").mockImplementation(function (this: IDBIndex) {
      return failed(this.objectStore);
    });
  }

  /** Lets the next `times` openings fail with an error of this name, or never answer. */
  failToOpen(name: string | undefined, times = Infinity): void {
    const original = indexedDB.open.bind(indexedDB);
    const open = vi.spyOn(indexedDB, "open");
    let left = times;
    open.mockImplementation((...args) => {
      if (left <= 0) return original(...args);
      left -= 1;
      const request = new (IDBOpenDBRequest as unknown as new () => IDBOpenDBRequest)();
      if (name !== undefined) {
        queueMicrotask(() => {
          Object.assign(request, { readyState: "done", error: new DOMException("no", name) });
          const { listeners } = request as unknown as { listeners: Listener[] };
          for (const { type, callback } of [...listeners]) if (type === "error") callback();
        });
      }
      return request;
    });
  }
}

/** A request that fails as for a value whose file is gone. */
function failed<Value>(source: IDBObjectStore): IDBRequest<Value> {
  const { _execRequestAsync: execute } = source.transaction as unknown as Executing;
  const operation = () => {
    throw new DOMException("Failed to read large IndexedDB value", "NotReadableError");
  };
  return execute.call(source.transaction, { source, operation }) as IDBRequest<Value>;
}

function inflict(fault: Fault, transaction: IDBTransaction, database: IDBDatabase): void {
  const inside = transaction as unknown as Inside;
  const start = inside._start.bind(inside);
  switch (fault) {
    case "InvalidStateError":
      transaction.abort();
      throw new DOMException("the connection is closing", "InvalidStateError");
    case "QuotaExceededError":
    case "UnknownError":
      inside._start = () => {
        const isDone = inside._requests.length === 0 && inside._state !== "finished";
        if (isDone) inside._abort(fault);
        else start();
      };
      return;
    case "unheard":
      hideCommit(inside);
      return;
    case "unanswered":
      inside.dispatchEvent = () => true;
      return;
    case "closed":
      inside._start = () => {
        if (inside._state !== "finished") inside._abort("AbortError");
        forceCloseDatabase(database as never);
      };
      return;
    case "silent":
      inside._start = () => {};
  }
}

/** Asks what happens when every request has succeeded. */
function decideAtCommit(plan: { readonly fault: Fault | undefined }, made: IDBTransaction): void {
  const inside = made as unknown as Inside;
  const start = inside._start.bind(inside);
  inside._start = () => {
    const isDone = inside._requests.length === 0 && inside._state !== "finished";
    if (isDone && plan.fault) inside._abort(plan.fault);
    else start();
  };
}

function hideCommit(inside: Inside): void {
  const tell = inside.dispatchEvent.bind(inside);
  inside.dispatchEvent = (event) => {
    if (event.type !== "complete") return tell(event);
    inside.error = new DOMException("the connection to the server was lost", "UnknownError");
    Object.assign(event, { type: "abort" });
    return tell(event);
  };
}
