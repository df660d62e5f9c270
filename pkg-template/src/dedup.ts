/** Events that come again: what an application can say about them, and ask. */
import { checkCount, checkTimes } from "./checks.js";
import type { Connection } from "./connection.js";
import type {
  DedupCoreOptions,
  DedupStatistics,
  IdentityOptions,
  InEvent,
  StreamPosition,
} from "./dedupPort.js";
import { fail, type SockeyeError } from "./errors.js";

/** How far the numbered streams were delivered, as plain data that can be stored. */
export interface DedupSnapshot {
  readonly version: 1;
  /** The user; empty for none. */
  readonly identity: string;
  /** By namespace. */
  readonly positions: Readonly<Record<string, readonly StreamPosition[]>>;
}

/**
 * How events are known when they come again. `docs/dedup.md` explains it.
 *
 * A path like `"id"` or `"meta.id"` names a field of an event's first argument. A function gets the
 * event's name and arguments; it must only read, and it is called before anybody is told of the event.
 */
export interface DedupOptions extends IdentityOptions {
  /** The event's id: a text that is not empty, or a number. An event without one is never dropped. */
  id?: InEvent<string | number | undefined> | undefined;
  /** Within what ids are unique, and numbers count. Default: the event's name. */
  stream?: InEvent<string | number | undefined> | undefined;
  /** The event's number, if the server numbers each stream 1, 2, 3, … without a hole. */
  order?: InEvent<number | undefined> | undefined;
  /** The names of the events that have an id or a number. Default: all. */
  only?: readonly string[] | undefined;
  /** How many ids of a stream are remembered. Default 4,096, at most 1,000,000. */
  window?: number | undefined;
  /** How long an id is remembered. Default 600,000. */
  ttlMs?: number | undefined;
  /** Of how many streams; the one that is quiet for the longest time is forgotten. Default 10. */
  streams?: number | undefined;
  /** Whether an event counts as delivered although a listener threw. Default false. */
  advanceOnError?: boolean | undefined;
  /**
   * Whether the next page of the same tab goes on where this one has stopped, with events that have the
   * server helper's numbers. Default false. One client per server and namespace.
   */
  persist?: boolean | undefined;
  /**
   * What `client.dedup.snapshot()` gave before a reload, instead of what the tab has kept. That of another
   * user is left out.
   */
  restore?: DedupSnapshot | undefined;
}

/** As the rest of the facade uses it. */
export interface ResolvedDedup {
  advanceOnError: boolean;
  core: DedupCoreOptions;
}

/** Throws `invalid_option`. */
export function resolveDedup(dedup: DedupOptions | false = {}, identity = ""): ResolvedDedup {
  const options = dedup || {};
  const { window = 4_096, ttlMs = 600_000, streams = 10, advanceOnError = false } = options;
  const { id, stream, order, only, restore } = options;
  checkCount("dedup.window", window, 1_000_000, 1);
  checkTimes({ "dedup.ttlMs": ttlMs });
  checkCount("dedup.streams", streams, 1_000, 1);
  checkPlaces({ id, stream, order });
  if (restore && (restore.version as number) !== 1) {
    throw invalid("dedup.restore is no snapshot", "give what `client.dedup.snapshot()` gave");
  }
  return {
    advanceOnError,
    core: {
      dedupWindow: window,
      dedupTtlMs: ttlMs,
      dedupStreams: streams,
      readers: { id, stream, order, only },
      countUnheard: order !== undefined,
      keepPositions: dedup !== false && options.persist === true,
      positions: restore?.identity === identity ? restore.positions : {},
    },
  };
}

/** What has been delivered, and what came again. */
export class Dedup {
  readonly #connection: Connection;

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** What has been counted, of all namespaces, since the client was made. */
  get statistics(): DedupStatistics {
    const { core, namespaces } = this.#connection;
    const sum = { identified: 0, duplicates: 0, evicted: 0, evictedStreams: 0 };
    for (const socket of core ? namespaces.keys() : []) {
      for (const [name, count] of Object.entries(core?.dedupStatistics(socket) ?? {})) {
        sum[name as keyof typeof sum] += count as number;
      }
    }
    return sum;
  }

  /**
   * Returns how far the numbered streams were delivered, to be stored and given to a later client as
   * `dedup.restore`. What a listener failed to handle does not count, nor what came after it.
   *
   * @throws {SockeyeError} `client_destroyed`.
   * @example
   * addEventListener("pagehide", () => {
   *   sessionStorage.setItem("positions", JSON.stringify(client.dedup.snapshot()));
   * });
   */
  snapshot(): DedupSnapshot {
    this.#connection.assertAlive();
    const { core, identity, namespaces, options } = this.#connection;
    if (!core) return { version: 1, identity, positions: options.core.positions };
    const all = namespaces.map((name, socket) => [name, core.positions(socket)] as const);
    return { version: 1, identity, positions: Object.fromEntries(all) };
  }
}

function checkPlaces(places: Record<string, unknown>): void {
  for (const [name, place] of Object.entries(places)) {
    const isPath = typeof place === "string" && !place.split(".").includes("");
    if (place !== undefined && typeof place !== "function" && !isPath) {
      throw invalid(
        `dedup.${name} is no place in an event`,
        'give a path like "meta.id", or a function',
      );
    }
  }
}

const invalid = (message: string, hint: string): SockeyeError =>
  fail("invalid_option", message, hint);
