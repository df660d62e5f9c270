/** What is fetched first and then kept current, in components. */
import type { EventName, EventValue } from "../events.js";
import type { NamespaceClient } from "../namespaceClient.js";
import type { Awaitable } from "../outboxStore.js";
import {
  type FetchOptions,
  job,
  type JobDialect,
  type JobState,
  live,
  type LiveOptions,
  type LiveState,
} from "../streams.js";
import { useKept, useNewest } from "./kept.js";
import { itself, useStateOf } from "./states.js";

/**
 * Returns the state of what `live` fetches and keeps current as long as the component is there. It is another
 * one when the client, the event or `key` is another one; the functions are those of the last rendering, the
 * other options count when it is first rendered.
 *
 * @example
 * const { value, state } = useLive(
 *   useSockeye(),
 *   id,
 *   (signal) => fetchOrder(id, signal),
 *   "order:changed",
 *   (order, changed) => (changed.id === id ? { ...order, ...changed } : order),
 * );
 */
export function useLive<
  State,
  ListenEvents extends object,
  EmitEvents extends object,
  Name extends EventName<ListenEvents>,
>(
  client: NamespaceClient<ListenEvents, EmitEvents>,
  key: string | number,
  fetchFirst: (signal: AbortSignal) => Awaitable<State>,
  event: Name,
  merge: (state: State, update: EventValue<ListenEvents, Name>) => State,
  options: LiveOptions<State, EventValue<ListenEvents, Name>> = {},
): LiveState<State> {
  type Update = EventValue<ListenEvents, Name>;
  const newest = useNewest({ fetchFirst, merge, isNewer: options.isNewer });
  const followed = useKept(
    () =>
      live(
        client,
        (signal) => newest.current.fetchFirst(signal),
        event,
        (state, update) => newest.current.merge(state, update),
        {
          ...options,
          isNewer: (update: Update, state) => newest.current.isNewer?.(update, state) !== false,
        },
      ),
    ...[client, event, key],
  );
  return useStateOf<LiveState<State>, LiveState<State>>(followed, loading, itself);
}

const loading: LiveState<never> = { state: "loading", value: undefined, error: undefined };

/**
 * Follows a job as long as the component is there; without an id there is none. The dialect counts when the
 * job is first rendered.
 *
 * @example
 * const state = useJob(useSockeye(), jobId, roomJobs);
 * return <progress value={state?.progress ?? 0} max={100} />;
 */
export function useJob<
  Result = unknown,
  Listen extends object = object,
  Emit extends object = object,
>(
  client: NamespaceClient<Listen, Emit>,
  jobId: string | undefined,
  dialect: JobDialect<Result>,
  options: Omit<FetchOptions, "topic"> = {},
): JobState<Result> | undefined {
  const followed = useKept(
    () => {
      if (jobId === undefined) return undefined;
      const state = job(client, jobId, dialect, options);
      return { state, first: state.value };
    },
    ...[client, jobId],
  );
  return useStateOf<JobState<Result> | undefined, JobState<Result> | undefined>(
    followed?.state,
    followed?.first,
    itself,
  );
}
