/** Connection state recovery: what a socket missed while it was away, as the adapter in memory keeps it. */
import { digits } from "./random.js";
import type { Audience } from "./rooms.js";

/** A socket that may come back. */
export interface Session {
  readonly id: string;
  readonly pid: string;
  readonly rooms: ReadonlySet<string>;
  readonly data: unknown;
}

/** What a namespace keeps for those who come back. */
export class Recovery {
  readonly #keepMs: number;
  readonly #sessions = new Map<string, Session & { endedAt: number }>();
  #events: { offset: string; audience: Audience; args: readonly unknown[]; at: number }[] = [];
  #lastTime = "";
  #sameTime = 0;

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** Keeps an event; returns its arguments with the offset that clients remember. */
  keep(audience: Audience, args: readonly unknown[]): unknown[] {
    const now = Date.now();
    const offset = this.#offset(now);
    const marked = [...args, offset];
    this.#events = this.#events.filter(({ at }) => at + this.#keepMs >= now);
    this.#events.push({ offset, audience, args: marked, at: now });
    return marked;
  }

  /** Says whether a text is the offset of an event that is kept. */
  knows(offset: unknown): boolean {
    return this.#events.some((event) => event.offset === offset);
  }

  /** The connection of a socket has ended. */
  leave(session: Session): void {
    this.#sessions.set(session.pid, { ...session, endedAt: Date.now() });
  }

  /** Returns who it was and what it missed, if that is known. */
  comeBack(pid: unknown, offset: unknown): { session: Session; missed: unknown[][] } | undefined {
    const session = typeof pid === "string" ? this.#sessions.get(pid) : undefined;
    if (!session || session.endedAt + this.#keepMs < Date.now()) return undefined;
    const index = this.#events.findIndex((event) => event.offset === offset);
    if (index < 0) return undefined;
    const later = this.#events.slice(index + 1);
    const missed = later.filter(({ audience }) => isFor(audience, session.rooms));
    return { session, missed: missed.map(({ args }) => [...args]) };
  }

  forget(): void {
    this.#sessions.clear();
    this.#events = [];
  }

  /** The time in base 64, and a number if it was used before. */
  #offset(now: number): string {
    const time = encode(now);
    if (time !== this.#lastTime) {
      this.#lastTime = time;
      this.#sameTime = 0;
      return time;
    }
    this.#sameTime += 1;
    return `${time}.${encode(this.#sameTime - 1)}`;
  }
}

const encode = (number: number): string =>
  (number >= digits.length ? encode(Math.floor(number / digits.length)) : "") +
  digits.charAt(number % digits.length);

function isFor({ rooms, except }: Audience, mine: ReadonlySet<string>): boolean {
  const isIncluded = rooms.size === 0 || [...mine].some((room) => rooms.has(room));
  return isIncluded && ![...mine].some((room) => except.has(room));
}
