/** What a server has, as it changes. */
import type { EventName, EventValue } from "../events.js";
import type { NamespaceClient } from "../namespaceClient.js";
import type { StateObservable } from "../observable.js";
import type { Awaitable } from "../outboxStore.js";
import type { Source } from "./source.js";
import { type FetchOptions, type LiveState, Synced } from "./synced.js";

/** How {@link live} fetches and merges. */
export interface LiveOptions<State, Update> extends FetchOptions {
  /**
   * Whether an update is newer than the state: others are left out. For updates that carry a version, or that
   * must not be merged twice; what has come while the state was fetched may be in it already.
   */
  isNewer?: ((update: Update, state: State) => boolean) | undefined;
}

/**
 * Fetches a state first, and merges what comes after it: always into the latest state.
 *
 * Updates are subscribed to before the state is fetched, which is when the client is connected and has
 * joined the `topic`; those that come meanwhile are merged when it is there. After a gap it is fetched again.
 * It all happens while somebody subscribes, once for all subscribers; when the last one leaves, the `signal` of
 * what is being fetched aborts.
 *
 * @throws {SockeyeError} `reserved_event`.
 * @example
 * const order = live(
 *   client,
 *   async (signal) => (await fetch("/orders/7", { signal })).json(),
 *   "order:7",
 *   (state, changed) => ({ ...state, ...changed }),
 * );
 * order.subscribe(({ state, value }) => render(value, state === "live"));
 */
export function live<
  State,
  ListenEvents extends object,
  EmitEvents extends object,
  Name extends EventName<ListenEvents>,
>(
  client: NamespaceClient<ListenEvents, EmitEvents>,
  fetchFirst: (signal: AbortSignal) => Awaitable<State>,
  event: Name,
  merge: (state: State, update: EventValue<ListenEvents, Name>) => State,
  options?: LiveOptions<State, EventValue<ListenEvents, Name>>,
): StateObservable<LiveState<State>>;
/** The same with updates from any stream, such as that of {@link buffer}. */
export function live<State, Update, ListenEvents extends object, EmitEvents extends object>(
  client: NamespaceClient<ListenEvents, EmitEvents>,
  fetchFirst: (signal: AbortSignal) => Awaitable<State>,
  source: Source<Update>,
  merge: (state: State, update: Update) => State,
  options?: LiveOptions<State, Update>,
): StateObservable<LiveState<State>>;
export function live<State, Update>(
  client: NamespaceClient,
  fetchFirst: (signal: AbortSignal) => Awaitable<State>,
  source: string | Source<Update>,
  merge: (state: State, update: Update) => State,
  options: LiveOptions<State, Update> = {},
): StateObservable<LiveState<State>> {
  const { isNewer = () => true } = options;
  return new Synced<State, Update, State, LiveState<State>>({
    client,
    sources: [typeof source === "string" ? client.on(source) : source],
    fetch: fetchFirst,
    restore: (fetched) => fetched,
    apply: (state, update) => (isNewer(update, state) ? merge(state, update) : state),
    show: (state) => state,
    options,
  }).observable;
}
