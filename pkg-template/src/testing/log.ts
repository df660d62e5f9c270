/** What happened between the clients and the server, for tests to read and to wait on. */
import { fail } from "../errors.js";
import type { Direction, PacketName } from "./frames.js";

/** Something that happened. It has no time: the same seed and the same calls make the same log. */
export interface LogEntry {
  /** Counted from 1. */
  readonly number: number;
  /** The connection, counted from 1. */
  readonly connection: number;
  /**
   * A connection that `opened`, was `refused` or `closed`, a `packet` that arrived, a `fault` that happened, or a
   * `restart` of the server.
   */
  readonly kind: "opened" | "refused" | "closed" | "packet" | "fault" | "restart";
  /** Of packets and faults. */
  readonly direction?: Direction;
  /** What the packet is. */
  readonly packet?: PacketName;
  /** Of packets of Socket.IO. */
  readonly namespace?: string;
  /** The name of the event. */
  readonly event?: string;
  /** What came with an event, an acknowledgement, a CONNECT or its refusal. */
  readonly args?: readonly unknown[];
  /** The rule that made the fault. */
  readonly rule?: string;
  /** Why it closed or was refused. */
  readonly reason?: string;
}

/** Which entries are meant: those with all of these values, or those that a function picks. */
export type LogMatch = Partial<Omit<LogEntry, "args" | "number">> | ((entry: LogEntry) => boolean);

/** How to wait. */
export interface WaitOptions {
  /** Wait for the nth such entry since the log began. Default 1. */
  readonly count?: number | undefined;
  /** Reject after this time, by the timers of the program, which may be fake ones. Default: never. */
  readonly timeoutMs?: number | undefined;
}

interface Waiting {
  readonly isMet: () => LogEntry | undefined;
  readonly resolve: (entry: LogEntry) => void;
  readonly reject: (error: Error) => void;
}

/** Older entries are forgotten. */
const mostEntries = 10_000;

export class Log {
  #entries: LogEntry[] = [];
  #number = 0;
  #waiting = new Set<Waiting>();

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  add(entry: Omit<LogEntry, "number">): void {
    this.#number += 1;
    this.#entries.push({ number: this.#number, ...entry });
    if (this.#entries.length > mostEntries) this.#entries.shift();
    for (const waiting of this.#waiting) {
      const found = waiting.isMet();
      if (found) waiting.resolve(found);
    }
  }

  clear(): void {
    this.#entries = [];
  }

  waitFor(match: LogMatch, { count = 1, timeoutMs }: WaitOptions = {}): Promise<LogEntry> {
    const isMet = () => this.#entries.filter(toFilter(match))[count - 1];
    const found = isMet();
    if (found) return Promise.resolve(found);
    return new Promise<LogEntry>((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
      };
      const fail = (error: Error) => {
        settle();
        reject(error);
      };
      const tell = (entry: LogEntry) => {
        settle();
        resolve(entry);
      };
      const waiting: Waiting = { isMet, resolve: tell, reject: fail };
      this.#waiting.add(waiting);
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => fail(this.#notSeen(match)), timeoutMs);
    });
  }

  /** Nothing comes any more. */
  end(): void {
    for (const { reject } of this.#waiting)
      reject(fail("not_seen", "the server was closed", "close it after what the test waits for"));
  }

  #notSeen(match: LogMatch): Error {
    const wanted = typeof match === "function" ? "what was waited for" : JSON.stringify(match);
    const last = this.#entries.slice(-10).map(toText).join("\n");
    return fail(
      "not_seen",
      `${wanted} did not happen in time; the last that did:\n${last}`,
      "see `server.log` for everything that happened",
    );
  }
}

function toFilter(match: LogMatch): (entry: LogEntry) => boolean {
  if (typeof match === "function") return match;
  const wanted = Object.entries(match) as [keyof LogEntry, unknown][];
  return (entry) => wanted.every(([key, value]) => value === undefined || entry[key] === value);
}

const toText = ({ number, ...entry }: LogEntry) => `${number} ${JSON.stringify(entry)}`;
