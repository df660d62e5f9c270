import { useReducer } from "react";
import { fetchHistory, HttpError, type Update } from "../api";
import { jobs as client } from "../clients";
import { useEvent } from "../hooks/useEvent";
import { isFinished, type Job, reduceJobs } from "./jobsState";

export interface Jobs {
  jobs: readonly Job[];
  /** Asks the server what became of a job. */
  refresh: (jobId: string) => Promise<void>;
  /** Asks that of all jobs that seem to be running. */
  catchUp: () => void;
}

/** Collects what the jobs server reports. */
export function useJobs(): Jobs {
  const [jobs, apply] = useReducer(reduceJobs, []);
  const receive = (update: Update) => apply([update]);

  useEvent(client, "job:update", (payload) => receive({ event: "job:update", payload }));
  useEvent(client, "job:progress", (payload) => receive({ event: "job:progress", payload }));
  useEvent(client, "job:completed", (payload) => receive({ event: "job:completed", payload }));
  useEvent(client, "job:error", (payload) => receive({ event: "job:error", payload }));

  const refresh = async (jobId: string) => apply(await fetchHistory(jobId));
  const catchUp = () => {
    for (const job of jobs) {
      if (isFinished(job)) continue;
      refresh(job.id).catch((error: unknown) => {
        // Without an answer the job stays as it was last seen.
        if (error instanceof HttpError && error.status === 404) apply({ forgotten: job.id });
      });
    }
  };
  return { jobs, refresh, catchUp };
}
