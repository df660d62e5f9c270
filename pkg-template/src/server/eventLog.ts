/** The log of the events of streams, from which clients get what they missed. */
import { newId } from "./names.js";

/** How much a log keeps. */
export interface LogLimits {
  /** Events of each stream: 1,000 by default. */
  readonly maxEvents: number;
  /** Streams of one process: 1,000 by default; the one that was used least recently goes first. */
  readonly maxStreams: number;
  /** A stream without an event for so long is forgotten: one hour by default, in milliseconds. */
  readonly maxAgeMs: number;
}

/** Where a stream stands: the number of its last event in this epoch, 0 before the first. */
export interface Position {
  /** Another one when the stream's log began anew. */
  readonly epoch: string;
  readonly seq: number;
}

/** The events after a position. */
export interface Replay {
  /** The position after the last of the events. */
  readonly position: Position;
  /** In order, as they were appended. */
  readonly events: readonly string[];
  /** The log does not reach back to that position; there are no events. */
  readonly gap: boolean;
  /** There are more events than were asked for. */
  readonly more: boolean;
}

/** Numbers the events of streams and keeps the last ones, as text. Each call is one transaction. */
export interface EventLog {
  /** Adds an event; returns its position. */
  append(stream: string, event: string): Promise<Position>;
  /** Returns where the stream stands; begins it if there is none. */
  position(stream: string): Promise<Position>;
  /** Returns at most `limit` events after a position, or nothing if there is no such stream. */
  since(stream: string, from: Position, limit: number): Promise<Replay | undefined>;
}

/** Keeps the events of streams in the memory of this process. */
export class MemoryEventLog implements EventLog {
  readonly #limits: LogLimits;
  /** Those used least recently come first. */
  readonly #streams = new Map<string, Stream>();

  constructor(limits: LogLimits) {
    this.#limits = limits;
  }

  append(name: string, event: string): Promise<Position> {
    const stream = this.#open(name);
    stream.seq += 1;
    stream.events.push(event);
    if (stream.events.length > this.#limits.maxEvents) stream.events.shift();
    return Promise.resolve(positionOf(stream));
  }

  position(name: string): Promise<Position> {
    return Promise.resolve(positionOf(this.#open(name)));
  }

  since(name: string, from: Position, limit: number): Promise<Replay | undefined> {
    this.#forgetOld();
    const stream = this.#streams.get(name);
    return Promise.resolve(stream && replay(stream, from, limit));
  }

  #open(name: string): Stream {
    this.#forgetOld();
    const stream = this.#streams.get(name) ?? { epoch: newId(), seq: 0, events: [], lastUsed: 0 };
    stream.lastUsed = performance.now();
    this.#streams.delete(name);
    this.#streams.set(name, stream);
    if (this.#streams.size > this.#limits.maxStreams) this.#forgetFirst();
    return stream;
  }

  #forgetOld(): void {
    const oldest = performance.now() - this.#limits.maxAgeMs;
    for (const { lastUsed } of this.#streams.values()) {
      if (lastUsed > oldest) return;
      this.#forgetFirst();
    }
  }

  #forgetFirst(): void {
    for (const name of this.#streams.keys()) {
      this.#streams.delete(name);
      return;
    }
  }
}

interface Stream {
  readonly epoch: string;
  seq: number;
  readonly events: string[];
  lastUsed: number;
}

const positionOf = ({ epoch, seq }: Stream): Position => ({ epoch, seq });

function replay(stream: Stream, from: Position, limit: number): Replay {
  const { epoch, seq, events } = stream;
  const at = from.seq - (seq - events.length);
  if (from.epoch !== epoch || at < 0 || from.seq > seq) {
    return { position: positionOf(stream), events: [], gap: true, more: false };
  }
  const found = events.slice(at, at + limit);
  const position = { epoch, seq: from.seq + found.length };
  return { position, events: found, gap: false, more: position.seq < seq };
}
