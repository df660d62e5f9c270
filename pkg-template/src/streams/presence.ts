/** Who is there. */
import type { NamespaceClient } from "../namespaceClient.js";
import type { StateObservable } from "../observable.js";
import type { Awaitable } from "../outboxStore.js";
import { type Readers, readEvents } from "./readers.js";
import { type FetchOptions, type LiveState, Synced } from "./synced.js";

/** Members by their keys. */
export type Members<Key, Member> = Iterable<readonly [Key, Member]>;

/** What an event says of who is there: some more, some fewer, or exactly these. */
export type PresenceChange<Key, Member> =
  | { readonly joined: Members<Key, Member> }
  | { readonly left: Iterable<Key> }
  | { readonly all: Members<Key, Member> };

/** Where {@link presence} learns who is there. */
export interface PresenceOptions<ListenEvents extends object, Key, Member> extends FetchOptions {
  /** What each event says; `undefined` if nothing. */
  events: Readers<ListenEvents, PresenceChange<Key, Member>>;
  /**
   * Asks who is there: first, and after each gap. Without it that is known when an event says `all`, and
   * counted from nobody.
   */
  list?: ((signal: AbortSignal) => Awaitable<Members<Key, Member>>) | undefined;
}

/**
 * Keeps a map of who is there, made anew with each change; after a gap it is asked for again.
 *
 * @throws {SockeyeError} `reserved_event`.
 * @example
 * const users = presence(client, {
 *   events: {
 *     "user:joined": (user) => ({ joined: [[user.id, user]] }),
 *     "user:left": ({ id }) => ({ left: [id] }),
 *   },
 *   list: async () => (await client.request("users")).map((user) => [user.id, user]),
 * });
 * users.subscribe(({ value }) => show(value?.size ?? 0));
 */
export function presence<
  ListenEvents extends object,
  EmitEvents extends object,
  Key = string,
  Member = unknown,
>(
  client: NamespaceClient<ListenEvents, EmitEvents>,
  options: PresenceOptions<ListenEvents, Key, Member>,
): StateObservable<LiveState<ReadonlyMap<Key, Member>>> {
  type Value = ReadonlyMap<Key, Member>;
  type Change = PresenceChange<Key, Member>;
  const { list, events } = options;
  return new Synced<Value, Change, Members<Key, Member>, LiveState<Value>>({
    client: client as unknown as NamespaceClient,
    sources: readEvents(client, events),
    fetch: list,
    restore: (fetched) => new Map(fetched),
    apply: after,
    whole: { initial: new Map(), isWhole: (change) => "all" in change },
    show: (state) => state,
    options,
  }).observable;
}

function after<Key, Member>(
  before: ReadonlyMap<Key, Member>,
  change: PresenceChange<Key, Member>,
): ReadonlyMap<Key, Member> {
  if ("all" in change) return new Map(change.all);
  const members = new Map(before);
  if ("joined" in change) for (const [key, member] of change.joined) members.set(key, member);
  else for (const key of change.left) members.delete(key);
  return members;
}
