/** The life of one job. */
import type { SockeyeError } from "../errors.js";
import type { NamespaceClient } from "../namespaceClient.js";
import type { StateObservable } from "../observable.js";
import type { Awaitable } from "../outboxStore.js";
import type { AnyTopicOptions } from "../topics.js";
import { readEvents } from "./readers.js";
import { type FetchOptions, type LiveState, Synced } from "./synced.js";
import { type Joining, retainUnconfirmed } from "./unconfirmed.js";

/** How a job is. The last three are final. */
export type JobStatus = "unknown" | "queued" | "running" | "succeeded" | "failed" | "cancelled";

/** What is known of a job. */
export interface JobState<Result = unknown> {
  readonly id: string;
  readonly status: JobStatus;
  /** In percent, as the server counts. */
  readonly progress: number | undefined;
  /** What is being done. */
  readonly message: string | undefined;
  /** With `succeeded`: what came of it. */
  readonly result: Result | undefined;
  /** With `failed`: why, as the server says it. */
  readonly error: unknown;
  /** When that was, as the server says it. */
  readonly at: string | number | undefined;
  /** Whether nothing was missed, as far as can be known. */
  readonly isCurrent: boolean;
  /** Why the history could not be fetched, if so; that is tried again. */
  readonly fetchError: SockeyeError | undefined;
}

/** What the server says about a job; what it does not say stays as it was. */
export interface JobUpdate<Result = unknown> {
  readonly jobId: string;
  readonly status?: JobStatus | undefined;
  readonly progress?: number | undefined;
  readonly message?: string | undefined;
  readonly result?: Result | undefined;
  readonly error?: unknown;
  /** By which older updates are told from newer ones: a time that `Date.parse` reads, or a number. */
  readonly at?: string | number | undefined;
}

/** How a server speaks of its jobs. */
export interface JobDialect<Result = unknown> {
  /** What has to be joined to be told about the job, at a server that acknowledges or confirms that. */
  readonly topic?: ((jobId: string) => AnyTopicOptions) | undefined;
  /** The same at a server that does not: what is sent on each connection. */
  readonly unconfirmed?: ((jobId: string) => Joining) | undefined;
  /** What each event says, about whichever job. */
  readonly events: Readonly<Record<string, (value: never) => JobUpdate<Result> | undefined>>;
  /** Asks what was said about the job before, oldest first: at the start, and after each gap. */
  readonly history?:
    ((jobId: string, signal: AbortSignal) => Awaitable<readonly JobUpdate<Result>[]>) | undefined;
}

/**
 * Follows one job: its status, progress, result and error, as one state. Completes when the job has ended.
 *
 * The history comes first, where the server has one, and again after each gap; without one the state is not
 * `isCurrent` after a gap, until the server says something about the job. What is joined for it is left when
 * nobody subscribes.
 *
 * @throws {SockeyeError} `reserved_event`, or what `client.topic` throws.
 * @example
 * job(client.namespace("/jobs"), jobId, nestJobs({ url: "/api/jobs" })).subscribe({
 *   next: ({ status, progress }) => show(status, progress),
 *   complete: () => console.log("done"),
 * });
 */
export function job<Result = unknown, Listen extends object = object, Emit extends object = object>(
  client: NamespaceClient<Listen, Emit>,
  jobId: string,
  dialect: JobDialect<Result>,
  options: Omit<FetchOptions, "topic"> = {},
): StateObservable<JobState<Result>> {
  type Update = JobUpdate<Result>;
  const { history, events, unconfirmed } = dialect;
  const untyped = client as unknown as NamespaceClient;
  const topic = dialect.topic && untyped.topic(dialect.topic(jobId) as never);
  const initial = unknown<Result>(jobId);
  const isMine = (update: Update) => update.jobId === jobId;
  return new Synced<Known<Result>, Update, readonly Update[], JobState<Result>>({
    client: untyped,
    join: unconfirmed && (() => retainUnconfirmed(untyped, unconfirmed(jobId))),
    sources: readEvents(untyped, events as never),
    fetch: history && ((signal) => history(jobId, signal)),
    restore: (told, before = initial) => told.filter(isMine).reduce(after, before),
    apply: (known, update) => (isMine(update) ? after(known, update) : known),
    whole: { initial, isWhole: isMine },
    isOver: ({ status }) => isFinal(status),
    show: (state) => shown(state, initial),
    options: { ...options, topic },
  }).observable;
}

type Known<Result> = Omit<JobState<Result>, "isCurrent" | "fetchError">;

function unknown<Result>(id: string): Known<Result> {
  const nothing = { progress: undefined, message: undefined, result: undefined, error: undefined };
  return { id, status: "unknown", ...nothing, at: undefined };
}

const isFinal = (status: JobStatus) =>
  status === "succeeded" || status === "failed" || status === "cancelled";

/** The end is the end; else what is older than what is known has been told already. */
function after<Result>(known: Known<Result>, update: JobUpdate<Result>): Known<Result> {
  if (isFinal(known.status)) return known;
  const isEnd = update.status !== undefined && isFinal(update.status);
  if (!isEnd && isOlder(update.at, known.at)) return known;
  const implied = update.progress === undefined ? known.status : "running";
  return {
    id: known.id,
    status: update.status ?? implied,
    progress: update.progress ?? known.progress,
    message: update.message ?? known.message,
    result: update.result ?? known.result,
    error: update.error ?? known.error,
    at: update.at ?? known.at,
  };
}

type At = string | number | undefined;

/** Servers write one time in several ways; what is no time is compared as it is. */
function isOlder(one: At, other: At): boolean {
  if (one === undefined || other === undefined) return false;
  const [time, otherTime] = [toTime(one), toTime(other)];
  return Number.isNaN(time) || Number.isNaN(otherTime) ? one < other : time < otherTime;
}

const toTime = (at: string | number) => (typeof at === "number" ? at : Date.parse(at));

function shown<Result>(
  { state, value, error }: LiveState<Known<Result>>,
  initial: Known<Result>,
): JobState<Result> {
  const known = value ?? initial;
  return { ...known, isCurrent: state === "live" || isFinal(known.status), fetchError: error };
}
