/** What is fetched first and then kept current, as signals. */
import {
  computed,
  effect,
  inject,
  NgZone,
  PLATFORM_ID,
  type Signal,
  signal,
  untracked,
} from "@angular/core";
import type { NamespaceClient } from "../namespaceClient.js";
import type { StateObservable } from "../observable.js";
import { type FetchOptions, job, type JobDialect, type JobState } from "../streams.js";

/**
 * Returns the value of what `live`, `presence` or another function makes in `make`, until the component is
 * destroyed. `make` may read signals: when they change, the next one is made; `undefined` follows nothing. It
 * runs outside of Angular's zone, and not where a page is rendered on a server.
 *
 * @example
 * readonly order = injectLive(() =>
 *   live(this.client, (signal) => fetchOrder(this.id(), signal), "order:changed", merge),
 * );
 */
export function injectLive<Value>(make: () => StateObservable<Value>): Signal<Value>;
export function injectLive<Value>(
  make: () => StateObservable<Value> | undefined,
): Signal<Value | undefined>;
export function injectLive<Value>(
  make: () => StateObservable<Value> | undefined,
): Signal<Value | undefined> {
  const zone = inject(NgZone);
  const followed = computed(make);
  const told = signal<{ of: unknown; value: Value } | undefined>(undefined);
  if (inject(PLATFORM_ID) !== "server") {
    effect((onCleanup) => {
      const state = followed();
      const tell = (value: Value) => untracked(() => told.set({ of: state, value }));
      const subscription = zone.runOutsideAngular(() => untracked(() => state?.subscribe(tell)));
      onCleanup(() => subscription?.unsubscribe());
    });
  }
  return computed(() => {
    const [state, last] = [followed(), told()];
    return last && last.of === state ? last.value : state?.value;
  });
}

/**
 * Follows a job until the component is destroyed. A function may read signals: when they change, the next job
 * is followed; `undefined` follows none.
 *
 * @example
 * readonly state = injectJob(injectSockeye(), () => this.jobId(), roomJobs);
 */
export function injectJob<
  Result = unknown,
  Listen extends object = object,
  Emit extends object = object,
>(
  client: NamespaceClient<Listen, Emit>,
  jobId: string | (() => string | undefined),
  dialect: JobDialect<Result>,
  options: Omit<FetchOptions, "topic"> = {},
): Signal<JobState<Result> | undefined> {
  return injectLive(() => {
    const id = typeof jobId === "function" ? jobId() : jobId;
    return id === undefined ? undefined : untracked(() => job(client, id, dialect, options));
  });
}
