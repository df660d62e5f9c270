/** The last things that happened, to look at when something is odd. */
import { checkCount } from "./checks.js";
import type { Connection } from "./connection.js";
import { isBinary } from "./binary.js";
import { throwLater } from "./safely.js";
import type { ClientStatus } from "./status.js";
import type { Direction, PassageKind } from "./watches.js";

/** What a {@link Trace} keeps. */
export interface TraceOptions {
  /** How many entries; the oldest go first. Default 200, at most 100,000. */
  size?: number | undefined;
  /**
   * Whether arguments are kept; a function returns what is kept of them. Default false: they may hold what
   * nobody should see.
   */
  payloads?: boolean | ((event: string, args: readonly unknown[]) => unknown) | undefined;
  /** Gets each entry when it is kept. It must not send anything: that would be the next entry. */
  onEntry?: ((entry: TraceEntry) => void) | undefined;
}

/** One thing that happened. */
export interface TraceEntry {
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly kind: PassageKind | "status" | "error";
  /** With what is sent and received. */
  readonly direction?: Direction;
  /** Of which namespace; errors may be of all. */
  readonly namespace?: string;
  /** The name of the event, the state, or the code of the error. */
  readonly event: string;
  /** Characters of the arguments as JSON, and bytes of binary values in them. */
  readonly size?: number;
  /** What was asked to be kept of the arguments. */
  readonly payload?: unknown;
}

/** The last things that happened to a client. */
export class Trace {
  readonly #connection: Connection;
  readonly #size: number;
  readonly #payloads: NonNullable<TraceOptions["payloads"]>;
  readonly #onEntry: TraceOptions["onEntry"];
  readonly #forget: () => void;
  readonly #entries: TraceEntry[] = [];
  #isStopped = false;
  /** Where the next one comes, which is where the oldest stands when there is no room for more. */
  #next = 0;

  /** @internal */
  constructor(connection: Connection, { size = 200, payloads = false, onEntry }: TraceOptions) {
    checkCount("size", size, 100_000, 1);
    this.#connection = connection;
    this.#size = size;
    this.#payloads = payloads;
    this.#onEntry = onEntry;
    this.#forget = connection.errors.add({
      next: ({ code }) => this.#add({ kind: "error", event: code }),
    });
    connection.watches.add(this);
    // A worker would hold back what nobody wants but for this.
    connection.eventNumbers.retainWhole();
  }

  /** What is kept, oldest first. */
  get entries(): readonly TraceEntry[] {
    return [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)];
  }

  /** Keeps nothing more; what there is stays. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#forget();
    this.#connection.eventNumbers.releaseWhole();
    this.#connection.watches.remove(this);
  }

  /** @internal */
  passed(
    direction: Direction,
    kind: PassageKind,
    namespace: string,
    event: string,
    args: readonly unknown[],
  ): void {
    const payload = this.#payloads !== false && { payload: this.#toPayload(event, args) };
    this.#add({ kind, direction, namespace, event, size: sizeOf(args), ...payload });
  }

  /** @internal */
  status(namespace: string, { state }: ClientStatus): void {
    this.#add({ kind: "status", namespace, event: state });
  }

  #toPayload(event: string, args: readonly unknown[]): unknown {
    if (typeof this.#payloads !== "function") return args;
    try {
      return this.#payloads(event, args);
    } catch (error) {
      this.#connection.report(error);
      return undefined;
    }
  }

  #add(entry: Omit<TraceEntry, "at">): void {
    const kept: TraceEntry = { at: Date.now(), ...entry };
    this.#entries[this.#next] = kept;
    this.#next = (this.#next + 1) % this.#size;
    try {
      this.#onEntry?.(kept);
    } catch (error) {
      throwLater(error); // told as an error of the client it would be the next entry
    }
  }
}

/** What cannot be written counts for nothing. */
function sizeOf(args: readonly unknown[]): number {
  let bytes = 0;
  const count = (_key: string, value: unknown) => {
    if (!isBinary(value)) return value;
    bytes += "byteLength" in value ? value.byteLength : value.size;
    return undefined;
  };
  try {
    return JSON.stringify(args, count).length + bytes;
  } catch {
    return 0;
  }
}
