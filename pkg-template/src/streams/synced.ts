/** A value that is fetched once and then kept current by what comes: the same for `live`, `job` and `presence`. */
import type { Continuity } from "../continuity.js";
import { fail, type SockeyeError } from "../errors.js";
import type { NamespaceClient } from "../namespaceClient.js";
import type { StateObservable } from "../observable.js";
import type { Awaitable } from "../outboxStore.js";
import { throwLater } from "../safely.js";
import { State } from "../state.js";
import type { ClientStatus } from "../status.js";
import type { Topic } from "../topics.js";
import { flush, type Holding, type Source } from "./source.js";
import { usersOf } from "./users.js";
import { Watched } from "./watched.js";

/** A value, and how far it can be believed. */
export interface LiveState<Value> {
  /**
   * `loading`: there is nothing yet. `live`: `value` is current. `stale`: something may be missed; there is no
   * connection, or it is being fetched again. `failed`: it could not be fetched, and is tried again.
   */
  readonly state: "loading" | "live" | "stale" | "failed";
  /** What is known, also if it is not current; `undefined` before anything is, and for another identity. */
  readonly value: Value | undefined;
  /** With `failed`: why, with the code `fetch_failed` or `buffer_full`. */
  readonly error: SockeyeError | undefined;
}

/** What fetches, and what is waited for before. */
export interface FetchOptions {
  /** What is joined as long as somebody subscribes, if the updates come only to those who have. */
  topic?: Topic | undefined;
  /** How long the connection is waited for before the first fetch. Default 1,000; 0 waits for nothing. */
  patienceMs?: number | undefined;
  /**
   * Returns after how long a fetch is tried again that has failed so many times in a row; `undefined` to
   * wait for the next connection. Default: 1 s, and twice as long each time up to 30 s.
   */
  retryMs?: ((attempt: number, error: unknown) => number | undefined) | undefined;
}

/** @internal What a value is made of. */
export interface SyncedParts<Value, Update, Fetched, Shown> {
  client: NamespaceClient;
  sources: readonly Source<Update>[];
  /** Joins what is not a topic; what it returns leaves it. */
  join?: (() => () => void) | undefined;
  fetch: ((signal: AbortSignal) => Awaitable<Fetched>) | undefined;
  /** Returns the value that was fetched; `before` is the one before it. */
  restore: (fetched: Fetched, before: Value | undefined) => Value;
  apply: (value: Value, update: Update) => Value;
  /** What is there before anything is known, and which updates say all that there is to know. */
  whole?: { initial: Value; isWhole: (update: Update) => boolean };
  /** Whether nothing can change any more. */
  isOver?: (value: Value) => boolean;
  show: (state: LiveState<Value>) => Shown;
  options: FetchOptions;
}

/** How many updates may come while something is fetched. */
const MAX_HELD = 10_000;
const PATIENCE_MS = 1_000;
const MAX_RETRY_MS = 30_000;

type Ends = { unsubscribe(): void }[];

/** @internal */
export class Synced<Value, Update, Fetched, Shown> {
  readonly observable: StateObservable<Shown>;
  readonly #parts: SyncedParts<Value, Update, Fetched, Shown>;
  readonly #shown: State<Shown>;
  #state: LiveState<Value> = { state: "loading", value: undefined, error: undefined };
  #hasValue = false;
  #isOver = false;
  #isEnded = false;
  /** Whose the value is. */
  #user = 0;
  /** What is to be let go when nobody watches. */
  #ends: Ends = [];
  #status: ClientStatus["state"] = "idle";
  /** Whether it is known what the connection continues. */
  #hasVerdict = false;
  #isJoined = false;
  /** Whether something may have been missed since the last fetch began. */
  #isDirty = true;
  /** Whether the value was current when the connection was lost, or would be with one. */
  #isPaused = false;
  #isDue = false;
  #hasFetched = false;
  #fetching: AbortController | undefined;
  /** The updates since the fetch began. */
  #held: Update[] = [];
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: SyncedParts<Value, Update, Fetched, Shown>) {
    this.#parts = parts;
    const watched = new Watched<Shown>(
      () => this.#start(),
      () => this.#stop(),
    );
    this.#shown = new State(parts.show(this.#state), throwLater, watched);
    this.observable = this.#shown.observable;
  }

  /** First what brings updates, so that none is lost that comes after what is fetched. Any part may be the end. */
  #start(): void {
    const { client, sources, options, join } = this.#parts;
    const { topic } = options;
    const { count } = usersOf(client);
    if (this.#user !== count && this.#hasValue) this.#forget();
    this.#user = count;
    for (const source of sources) this.#follow(source);
    if (this.#isEnded) return;
    if (join) this.#ends.push({ unsubscribe: join() });
    this.#isJoined = topic === undefined;
    if (topic) this.#join(topic);
    this.#followConnection(client);
  }

  #followConnection(client: NamespaceClient): void {
    let isCurrent = false;
    const continuity = client.continuity.subscribe((verdict) => {
      if (isCurrent) this.#onVerdict(verdict);
    });
    isCurrent = true;
    this.#hasVerdict = client.status.value.state === "connected";
    const gaps = client.onGap(({ isLate }) => {
      if (isLate) this.#invalidate();
    });
    const status = client.status.subscribe({
      next: ({ state }) => this.#onStatus(state),
      complete: () => this.#end(),
    });
    for (const end of [continuity, gaps, status]) this.#keep(end);
  }

  /** It may have been over before there was anything to keep. */
  #keep(end: { unsubscribe(): void }): void {
    if (this.#isEnded) end.unsubscribe();
    else this.#ends.push(end);
  }

  #follow(source: Source<Update>): void {
    if (this.#isEnded) return;
    const subscription = source.subscribe({
      next: (update) => this.#onUpdate(update),
      error: (error) => {
        this.#set("failed", failed(error));
        this.#end();
      },
    });
    this.#keep(subscription);
  }

  #join(topic: Topic): void {
    this.#keep(topic.retain());
    const status = topic.status.subscribe(({ state }) => {
      this.#isJoined = state === "live";
      if (!this.#isJoined) this.#isDirty = true;
      this.#check();
    });
    this.#keep(status);
  }

  #stop(): void {
    this.#letGo();
    if (this.#state.state === "live" && !this.#isOver) this.#set("stale");
  }

  #letGo(): void {
    this.#fetching?.abort();
    this.#fetching = undefined;
    for (const end of this.#ends.splice(0)) end.unsubscribe();
    this.#clearTimer();
    this.#isDue = this.#hasFetched = this.#isPaused = false;
    this.#isDirty = true;
    this.#attempts = 0;
  }

  /** What one user was shown is not shown to another. */
  #forget(): void {
    this.#fetching?.abort();
    this.#fetching = undefined;
    this.#held = [];
    this.#clearTimer();
    this.#hasVerdict = this.#hasValue = this.#hasFetched = this.#isPaused = false;
    this.#isDirty = true;
    this.#attempts = 0;
    this.#state = { state: "loading", value: undefined, error: undefined };
    this.#tell();
  }

  /** Nothing more comes. */
  #end(): void {
    this.#isEnded = true;
    this.#letGo();
    this.#shown.complete();
  }

  #onStatus(state: ClientStatus["state"]): void {
    this.#status = state;
    if (state !== "connected" && state !== "connecting") this.#hasVerdict = false;
    this.#check();
  }

  /** There is none any more with another identity. */
  #onVerdict(verdict: Continuity | undefined): void {
    this.#hasVerdict = verdict !== undefined;
    if (!verdict) {
      this.#user = usersOf(this.#parts.client).count;
      this.#forget();
    }
    if (verdict?.kind === "resumed") this.#check();
    else this.#invalidate();
  }

  #invalidate(): void {
    this.#isDirty = true;
    this.#check();
  }

  get #isLinked(): boolean {
    return this.#hasVerdict && this.#isJoined;
  }

  get #isUp(): boolean {
    return this.#isLinked && this.#status === "connected";
  }

  /** Returns how far a value can be believed from which nothing is missed that is known to be. */
  get #belief(): "live" | "stale" {
    this.#isPaused = !this.#isUp && !this.#isDirty;
    return this.#isUp && !this.#isDirty ? "live" : "stale";
  }

  /** What is fetched before updates come has to be fetched again; the connection is worth some patience. */
  #check(): void {
    if (this.#isEnded) return;
    const { state } = this.#state;
    if (state === "live" && !this.#isUp) this.#set(this.#belief);
    if (this.#isLinked) {
      if (this.#isDirty) this.#plan();
      else if (this.#isPaused && this.#isUp && state === "stale") this.#set(this.#belief);
    } else if (!this.#hasFetched && this.#parts.fetch) {
      const { patienceMs = PATIENCE_MS } = this.#parts.options;
      const isHopeful = this.#status !== "waiting" && this.#status !== "disconnected";
      if (!isHopeful || patienceMs === 0) this.#plan();
      else this.#timer ??= setTimeout(() => this.#plan(), patienceMs);
    }
  }

  /** Who leaves and comes back in one go, and what is said twice, causes one fetch. */
  #plan(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      if (!this.#isDue) return;
      this.#isDue = false;
      this.#begin();
    });
  }

  #begin(): void {
    const { fetch, whole, sources } = this.#parts;
    // What was sent before the state is fetched is no news to it.
    for (const source of sources) (source as Holding)[flush]?.();
    this.#isDirty = !this.#isLinked;
    this.#isPaused = false;
    this.#clearTimer();
    if (fetch) {
      if (this.#hasValue && this.#state.state === "live") this.#set("stale");
      void this.#fetch(fetch);
    } else if (whole) {
      if (!this.#hasValue) this.#setValue(this.#belief, whole.initial);
      else if (this.#hasFetched) this.#set("stale");
    }
    this.#hasFetched = true;
  }

  async #fetch(fetch: (signal: AbortSignal) => Awaitable<Fetched>): Promise<void> {
    this.#fetching?.abort();
    const controller = (this.#fetching = new AbortController());
    this.#held = [];
    try {
      const fetched = await fetch(controller.signal);
      if (this.#fetching === controller) this.#onFetched(fetched);
    } catch (error) {
      if (this.#fetching === controller) this.#onFailed(error, failed(error));
    }
  }

  #onFetched(fetched: Fetched): void {
    const { restore } = this.#parts;
    const before = this.#hasValue ? this.#state.value : undefined;
    let value = restore(fetched, before);
    this.#fetching = undefined;
    this.#attempts = 0;
    for (const update of this.#held.splice(0)) value = this.#apply(value, update);
    this.#setValue(this.#belief, value);
  }

  #onFailed(cause: unknown, error: SockeyeError): void {
    this.#fetching?.abort();
    this.#fetching = undefined;
    this.#isDirty = true;
    this.#set("failed", error);
    const held = this.#held.splice(0);
    if (!this.#hasValue) for (const update of held) this.#onUpdate(update);
    if (this.#ends.length === 0) return;
    const { retryMs = doubling } = this.#parts.options;
    const delayMs = retryMs((this.#attempts += 1), cause);
    if (delayMs !== undefined) this.#timer = setTimeout(() => this.#plan(), delayMs);
  }

  /** Before anything is known, only what says all is of use: what is being fetched will have the rest. */
  #onUpdate(update: Update): void {
    if (this.#fetching && this.#held.push(update) > MAX_HELD) {
      this.#onFailed(undefined, tooMany());
      return;
    }
    const { whole, fetch } = this.#parts;
    const { state, value } = this.#state;
    const isWhole = whole?.isWhole(update) === true;
    const isAlone = !this.#fetching && (!fetch || state === "failed");
    if (!this.#hasValue && !(isWhole && isAlone)) return;
    const before = this.#hasValue ? value : whole?.initial;
    if (isWhole && !fetch) this.#isDirty &&= !this.#isLinked;
    this.#setValue(isWhole && !fetch ? this.#belief : state, this.#apply(before as Value, update));
  }

  #apply(value: Value, update: Update): Value {
    try {
      return this.#parts.apply(value, update);
    } catch (error) {
      throwLater(error);
      return value;
    }
  }

  #setValue(state: LiveState<Value>["state"], value: Value): void {
    const isSame = this.#hasValue && Object.is(this.#state.value, value);
    this.#hasValue = true;
    const { error } = this.#state;
    if (isSame && state === this.#state.state) return;
    this.#state = { state, value, error: state === "failed" ? error : undefined };
    this.#isOver = this.#parts.isOver?.(value) === true;
    this.#tell();
    if (this.#isOver) this.#end();
  }

  #set(state: LiveState<Value>["state"], error?: SockeyeError): void {
    this.#state = { state, value: this.#state.value, error };
    this.#tell();
  }

  #tell(): void {
    this.#shown.set(this.#parts.show(this.#state));
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Not all who failed together try again together. */
function doubling(attempt: number): number {
  return Math.min(MAX_RETRY_MS, 1_000 * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
}

function failed(cause: unknown): SockeyeError {
  return fail("fetch_failed", "the state could not be fetched", "the `cause` says why", cause);
}

function tooMany(): SockeyeError {
  const hint = "let the server answer sooner, or subscribe to fewer updates";
  return fail("buffer_full", "10,000 updates came while the state was fetched", hint);
}
