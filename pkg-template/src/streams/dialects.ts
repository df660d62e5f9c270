/** How servers speak of their jobs. */
import { fail } from "../errors.js";
import type { JobDialect, JobStatus, JobUpdate } from "./job.js";

interface RoomJob {
  jobId: string;
  error?: unknown;
  exitCode?: number;
  timestamp?: string;
}

/**
 * Jobs of a server that has a room for all of them: `subscribe:jobs`, confirmed by
 * `subscription:confirmed`; `job:started`, `job:completed`, `job:failed`. The result is the exit code.
 *
 * @example
 * job(client, jobId, roomJobs).subscribe(({ status, result }) => show(status, result));
 */
export const roomJobs: JobDialect<number> = {
  topic: () => ({
    join: ["subscribe:jobs"],
    leave: ["unsubscribe:jobs"],
    confirm: {
      event: "subscription:confirmed",
      match: (told: { type?: unknown; subscribed?: unknown }) =>
        told.type === "jobs" && told.subscribed === true,
    },
  }),
  events: {
    "job:started": ({ jobId, timestamp }: RoomJob) => ({ jobId, status: "running", at: timestamp }),
    "job:completed": ({ jobId, exitCode, timestamp }: RoomJob) => ({
      ...{ jobId, status: "succeeded", result: exitCode, at: timestamp },
    }),
    "job:failed": ({ jobId, error, exitCode, timestamp }: RoomJob) => ({
      ...{ jobId, status: "failed", error: error ?? exitCode, at: timestamp },
    }),
  },
};

interface AgentJob {
  job_id: string;
  status?: string;
  progress?: number;
  message?: string;
  result?: unknown;
  error?: unknown;
  timestamp?: string;
}

/**
 * Jobs of a project: `subscribe_project`, which the server does not confirm; `agent_status` and `agent_progress`.
 *
 * @example
 * job(client, jobId, projectJobs("p1")).subscribe(({ progress }) => draw(progress));
 */
export function projectJobs(projectId: string): JobDialect {
  const read = ({ job_id, status, result, timestamp, ...told }: AgentJob): JobUpdate => {
    const { progress, message, error } = told;
    const said = { progress, message, error: error ?? undefined, result: result ?? undefined };
    return { jobId: job_id, status: toStatus(status), ...said, at: timestamp };
  };
  const project = { project_id: projectId };
  return {
    unconfirmed: () => ({
      join: ["subscribe_project", project],
      leave: ["unsubscribe_project", project],
    }),
    events: { agent_status: read, agent_progress: read },
  };
}

interface NestJob {
  jobId: string;
  status?: string;
  progress?: number;
  message?: string;
  data?: unknown;
  result?: unknown;
  error?: unknown;
  timestamp?: string;
}

/** The events that were sent about a job, oldest first. */
interface NestHistory {
  updates: readonly { event: string; payload: NestJob }[];
}

/** Where {@link nestJobs} asks for the history. */
export interface NestJobsOptions {
  /** The address of the jobs: the history of one is at `<url>/<id>/history`. Without it there is none. */
  url?: string | undefined;
  /** What fetches. Default: `fetch`. */
  fetch?: ((url: string, init: { signal: AbortSignal }) => Promise<Response>) | undefined;
}

/**
 * Jobs with a room for each and a history: `subscribe:jobs`, acknowledged; `job:update`, `job:progress`,
 * `job:completed`, `job:error`; `GET <url>/<id>/history` answers `{ updates: [{ event, payload }] }`.
 *
 * @example
 * const jobs = client.namespace("/jobs");
 * job(jobs, jobId, nestJobs({ url: "https://api.example.com/api/jobs" })).subscribe(render);
 */
export function nestJobs({ url, fetch: get = fetchFrom }: NestJobsOptions = {}): JobDialect {
  return {
    topic: (jobId) => ({
      join: ["subscribe:jobs", { jobId }],
      leave: ["unsubscribe:jobs", { jobId }],
    }),
    events: {
      "job:update": readNest,
      "job:progress": readNest,
      "job:completed": readNest,
      "job:error": readNest,
    },
    history:
      url === undefined
        ? undefined
        : async (jobId, signal) => {
            const response = await get(`${url}/${encodeURIComponent(jobId)}/history`, { signal });
            if (!response.ok) throw httpError(response.status);
            const { updates } = (await response.json()) as NestHistory;
            return updates.map(({ payload }) => readNest(payload));
          },
  };
}

function readNest({ jobId, status, progress, message, result, error, timestamp }: NestJob) {
  return { jobId, status: toStatus(status), progress, message, result, error, at: timestamp };
}

const fetchFrom = (url: string, init: { signal: AbortSignal }) => fetch(url, init);

const httpError = (status: number) =>
  fail("http_error", `the history was answered with HTTP ${status}`, "check the address");

const statuses: Readonly<Record<string, JobStatus>> = {
  queued: "queued",
  pending: "queued",
  waiting: "queued",
  success: "succeeded",
  succeeded: "succeeded",
  completed: "succeeded",
  error: "failed",
  failed: "failed",
  cancelled: "cancelled",
};

/** Whatever else a job does, it runs. */
function toStatus(word: string | undefined): JobStatus | undefined {
  return word === undefined ? undefined : (statuses[word] ?? "running");
}
