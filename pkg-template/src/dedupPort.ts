/** The port's part for events that come again. */

/** A function that finds something in an event, or the path of a field of its first argument. */
// An application's function takes its own events' arguments.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type InEvent<Value> = string | ((event: string, ...args: any[]) => Value);

/** Where events have what they are known by. */
export interface IdentityOptions {
  id?: InEvent<string | number | undefined> | undefined;
  stream?: InEvent<string | number | undefined> | undefined;
  order?: InEvent<number | undefined> | undefined;
  /** The names of the events that have an id or a number; all if there are none. */
  only?: readonly string[] | undefined;
}

/** The name of a stream, its epoch (empty where numbers have none), the number of its last event. */
export type StreamPosition = readonly [stream: string, epoch: string, seq: number];

/** What the core is told about it when it is made. */
export interface DedupCoreOptions {
  /** How many ids of a stream are remembered, for how long, and of how many streams. */
  dedupWindow: number;
  dedupTtlMs: number;
  dedupStreams: number;
  readers: IdentityOptions;
  /** Whether there are numbers, so that events which nobody listens to count. */
  countUnheard: boolean;
  /** Whether the tab keeps how far events were delivered, for the page that comes next in it. */
  keepPositions: boolean;
  /** What was delivered before, by namespace. */
  positions: Readonly<Record<string, readonly StreamPosition[]>>;
}

/** What has been counted. */
export interface DedupStatistics {
  /** Events with an id or a number. */
  readonly identified: number;
  /** Those of them that had been delivered before, and were dropped. */
  readonly duplicates: number;
  /** Ids that were forgotten because of their number or age. */
  readonly evicted: number;
  /** Streams that were forgotten because of their number. */
  readonly evictedStreams: number;
}

/** What the facade asks about it. */
export interface DedupPort {
  dedupStatistics(socket: number): DedupStatistics;
  /** What can be kept over a reload. */
  positions(socket: number): StreamPosition[];
}

/** What is told about it. */
export interface DedupEvents {
  /** A function of the application threw while it read an event. Told once for each function. */
  readerFailed(error: unknown): void;
}
