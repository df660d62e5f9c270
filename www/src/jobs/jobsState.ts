/** What the jobs monitor knows, as a function of updates: live ones, and those of the history. */
import type { Update } from "../api";
import { upsert } from "../bounded";

export interface Job {
  id: string;
  /** `unknown`: nobody can tell any more, as after a restart of the server. */
  status: "queued" | "started" | "in_progress" | "completed" | "failed" | "unknown";
  progress: number;
  steps?: number;
  userId?: string | null;
  /** What the job last said: a step, a result or an error. */
  message?: string;
}

const MAX_JOBS = 30;

export const isFinished = ({ status }: Job) => ranks[status] === ranks.completed;

/** Updates of jobs, or a job that the server does not know. */
export type JobsAction = readonly Update[] | { forgotten: string };

export function reduceJobs(jobs: readonly Job[], action: JobsAction): readonly Job[] {
  if (!("forgotten" in action)) return applyUpdates(jobs, action);
  const message = "the server no longer knows it";
  return jobs.map((job) => {
    return job.id === action.forgotten ? advance(job, { status: "unknown", message }) : job;
  });
}

/** Applies updates in any order, some perhaps twice: a job only ever moves forward. */
function applyUpdates(jobs: readonly Job[], updates: readonly Update[]): readonly Job[] {
  return updates.reduce((before, update) => {
    const id = update.payload.jobId;
    const job = before.find((other) => other.id === id) ?? { id, status: "queued", progress: 0 };
    return upsert(before, applyUpdate(job, update), MAX_JOBS);
  }, jobs);
}

function applyUpdate(job: Job, { event, payload }: Update): Job {
  if (event === "job:update")
    return { ...advance(job, { status: payload.status }), ...payload.data };
  if (event === "job:progress") {
    const { status, progress, message = "" } = payload;
    return progress < job.progress ? job : advance(job, { status, progress, message });
  }
  const { status } = payload;
  if (event === "job:error") return advance(job, { status, message: payload.error });
  return advance(job, { status, progress: 100, message: describeResult(payload.result) });
}

function advance(job: Job, change: Partial<Job> & Pick<Job, "status">): Job {
  return ranks[change.status] < ranks[job.status] ? job : { ...job, ...change };
}

const ranks: Record<Job["status"], number> = {
  queued: 0,
  started: 1,
  in_progress: 2,
  completed: 3,
  failed: 3,
  unknown: 3,
};

/** `{steps: 5, items: 317}` reads "steps 5, items 317". */
export function describeResult(result: Record<string, unknown>): string {
  const parts = Object.entries(result).map(([name, value]) => `${name} ${String(value)}`);
  return parts.join(", ");
}
