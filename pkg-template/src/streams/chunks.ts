/** Texts and lists that come in pieces. */
import { checkCount, checkTimes } from "../checks.js";
import type { EventName, EventValue } from "../events.js";
import type { NamespaceClient } from "../namespaceClient.js";
import { Observable, type Observer } from "../observable.js";
import type { EventTuple } from "../reliable.js";
import { Assembly, type ChunkPart } from "./assembly.js";

/** How {@link chunks} reads its events. Without more it is for `{ index, total?, chunk }`. */
export interface ChunksOptions<
  ListenEvents extends object,
  EmitEvents extends object,
  Payload,
  Value,
> {
  /** Whether a chunk, or the event `end`, is of this stream. Default: all are. */
  match?: ((payload: Readonly<Record<string, unknown>>) => boolean) | undefined;
  /** The place of a chunk. Default: its field `index`. */
  indexOf?: ((payload: Payload) => number) | undefined;
  /** What is in it. Default: its field `chunk`. */
  chunkOf?: ((payload: Payload) => Value) | undefined;
  /** How many there will be, if that is known. Default: its field `total`. */
  totalOf?: ((payload: Payload) => number | undefined) | undefined;
  /** The index of the first one. Default 0. */
  first?: number | undefined;
  /** The event that says that no more come. */
  end?: EventName<ListenEvents> | undefined;
  /** What is sent, to be acknowledged, to cancel it. */
  cancel?: EventTuple<EmitEvents> | undefined;
  /** How long a missing chunk is waited for when a later one is there, and the event `end` after the last one. Default 1,000. */
  waitMs?: number | undefined;
  /** How many chunks are kept that wait for a missing one. Default 256. */
  limit?: number | undefined;
}

/** Chunks in their order: each subscriber gets those that come from then on. */
export class ChunkStream<Value, End = unknown> extends Observable<ChunkPart<Value, End>> {
  readonly #cancel: () => Promise<boolean>;

  /** @internal */
  constructor(
    connect: (observer: Observer<ChunkPart<Value, End>>) => () => void,
    cancel: () => Promise<boolean>,
  ) {
    super(connect);
    this.#cancel = cancel;
  }

  /**
   * Cancels what the server does: sends what the option `cancel` says, and completes the stream when that is
   * acknowledged. Resolves with whether it was cancelled: an answer `{ cancelled: false }` or `{ error }` says
   * no. Rejects as `client.request` does. Without that option it only completes the stream.
   */
  cancel(): Promise<boolean> {
    return this.#cancel();
  }
}

/**
 * Returns the chunks of one stream in the order of their indices, once each; tells when some are missing; and
 * completes after the last one.
 *
 * The last one is the one that `total` or the event `end` says; the last part is `end`. To unsubscribe cancels
 * nothing.
 *
 * @throws {SockeyeError} `reserved_event`, `invalid_option`.
 * @example
 * const answer = chunks(client, "model:chunk:v1", {
 *   match: ({ jobId }) => jobId === id,
 *   end: "model:complete:v1",
 *   cancel: ["task:cancel:v1", { taskId: id }],
 * });
 * for await (const part of answer) {
 *   if (part.kind === "chunk") text += part.value;
 *   else if (part.kind === "gap") text += " […] ";
 * }
 */
export function chunks<
  ListenEvents extends object,
  EmitEvents extends object,
  Name extends EventName<ListenEvents>,
  Value = DefaultValue<EventValue<ListenEvents, Name>>,
>(
  client: NamespaceClient<ListenEvents, EmitEvents>,
  event: Name,
  options?: ChunksOptions<ListenEvents, EmitEvents, EventValue<ListenEvents, Name>, Value>,
): ChunkStream<Value> {
  const { first = 0, waitMs = 1_000, limit = 256 } = options ?? {};
  checkTimes({ waitMs });
  checkCount("limit", limit, 10_000, 1);
  checkCount("first", first, Number.MAX_SAFE_INTEGER);
  const untyped = client as unknown as NamespaceClient;
  const settings = { ...(options as unknown as Settings<Value>), first, waitMs, limit };
  const readers = new Set<Reader<Value>>();
  const connect = (observer: Observer<ChunkPart<Value>>) => {
    const reader = new Reader(observer, settings);
    readers.add(reader);
    reader.start(untyped, event);
    return () => {
      readers.delete(reader);
      reader.stop();
    };
  };
  return new ChunkStream(connect, async () => {
    const { cancel } = settings;
    const isCancelled = !cancel || toVerdict(await untyped.request(...cancel));
    if (isCancelled) for (const reader of [...readers]) reader.complete();
    return isCancelled;
  });
}

/** What a chunk has in it, where nothing else is said. */
export type DefaultValue<Payload> = Payload extends { chunk: infer Value } ? Value : unknown;

type Fields = Readonly<Record<string, unknown>>;

/** The options without the types of events. */
interface Settings<Value> {
  match?: (payload: Fields) => boolean;
  indexOf?: (payload: Fields) => number;
  chunkOf?: (payload: Fields) => Value;
  totalOf?: (payload: Fields) => number | undefined;
  end?: string;
  cancel?: readonly [event: string, ...args: unknown[]];
  first: number;
  waitMs: number;
  limit: number;
}

/** What one subscriber gets. */
class Reader<Value> {
  readonly #observer: Observer<ChunkPart<Value>>;
  readonly #settings: Settings<Value>;
  readonly #assembly: Assembly<Value>;
  readonly #ends: { unsubscribe(): void }[] = [];
  #total: number | undefined;
  /** What the timer waits for: the chunk of this index. */
  #awaited: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(observer: Observer<ChunkPart<Value>>, settings: Settings<Value>) {
    this.#observer = observer;
    this.#settings = settings;
    const { first, limit } = settings;
    this.#assembly = new Assembly(first, limit, (part) => this.#give(part));
  }

  start(client: NamespaceClient, event: string): void {
    const { end, match = () => true } = this.#settings;
    const complete = () => this.complete();
    const listen = (name: string, take: (payload: Fields) => void) => {
      const next = (payload: unknown) => {
        if (!this.#isOver && match(payload as Fields)) take(payload as Fields);
      };
      this.#keep(client.on(name).subscribe({ next, complete }));
    };
    listen(event, (payload) => this.#take(payload));
    if (end !== undefined) listen(end, (payload) => this.#finish(payload));
    this.#keep(client.onGap(() => this.#onGap()));
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    for (const end of this.#ends.splice(0)) end.unsubscribe();
  }

  complete(): void {
    this.stop();
    this.#observer.complete?.();
  }

  /** It may have been over before there was anything to keep. */
  #keep(subscription: { unsubscribe(): void }): void {
    if (this.#isOver) subscription.unsubscribe();
    else this.#ends.push(subscription);
  }

  #give(part: ChunkPart<Value>): void {
    if (!this.#isOver) this.#observer.next?.(part);
  }

  #take(payload: Fields): void {
    const { indexOf, chunkOf, totalOf } = this.#settings;
    const index = indexOf ? indexOf(payload) : payload["index"];
    if (!Number.isSafeInteger(index)) return;
    const total = totalOf ? totalOf(payload) : payload["total"];
    if (typeof total === "number") this.#total = total;
    this.#assembly.take(index as number, chunkOf ? chunkOf(payload) : (payload["chunk"] as Value));
    this.#check();
  }

  /** What was sent while there was no connection does not come any more. */
  #onGap(): void {
    this.#assembly.finish(undefined);
    this.#give({ kind: "gap", from: this.#assembly.next, to: undefined });
    this.#check();
  }

  #check(): void {
    if (this.#isOver) return;
    const { next, isWaiting } = this.#assembly;
    const isLast = this.#total !== undefined && next >= this.#total;
    if (isLast && this.#settings.end === undefined) this.#finish(undefined);
    else if (!isLast && !isWaiting) this.#await(undefined);
    else if (next !== this.#awaited) this.#await(next);
  }

  #await(index: number | undefined): void {
    clearTimeout(this.#timer);
    this.#awaited = index;
    if (index !== undefined) this.#timer = setTimeout(() => this.#giveUp(), this.#settings.waitMs);
  }

  #giveUp(): void {
    this.#awaited = undefined;
    if (!this.#assembly.isWaiting) this.#finish(undefined);
    else {
      this.#assembly.skip();
      this.#check();
    }
  }

  #finish(end: Fields | undefined): void {
    this.#assembly.finish(this.#total);
    const { missing } = this.#assembly;
    this.#give({ kind: "end", value: end, missing });
    if (!this.#isOver) this.complete();
  }
}

/** What the server says of it. */
function toVerdict(answer: unknown): boolean {
  const { cancelled, error } = (answer ?? {}) as { cancelled?: unknown; error?: unknown };
  return cancelled !== false && (error ?? undefined) === undefined;
}
