/** What the primes dashboard knows, as a function of the events that came. */
import { prepend, upsert } from "../bounded";
import type { Batch, PrimesEvents, Received, Solution } from "../events";
import { describeEvent, type FeedEntry } from "./feed";

export type PrimesEvent = Received<PrimesEvents>;

/** `lost` says that from here on events may be missed. */
export type PrimesAction = (PrimesEvent & { at: number }) | { name: "lost" };

export interface PrimeJob {
  id: string;
  /** `unknown` ran when the client lost sight of it. */
  state: "running" | "completed" | "failed" | "unknown";
  pid?: number;
  startedAt?: string;
  endedAt?: string;
  error?: string;
}

export interface PrimesState {
  received: number;
  batches: readonly Batch[];
  jobs: readonly PrimeJob[];
  solutions: readonly Solution[];
  feed: readonly FeedEntry[];
  /** How many events came in which second, the latest first. */
  activity: readonly { second: number; count: number }[];
  totals: { completed: number; failed: number; solutions: number; largestPrime: number };
}

const MAX_ROWS = 50;
const MAX_FEED = 100;
const MAX_SECONDS = 90;

export const emptyPrimes: PrimesState = {
  received: 0,
  batches: [],
  jobs: [],
  solutions: [],
  feed: [],
  activity: [],
  totals: { completed: 0, failed: 0, solutions: 0, largestPrime: 0 },
};

export function reducePrimes(state: PrimesState, action: PrimesAction): PrimesState {
  if (action.name === "lost") return loseSight(state);
  const received = state.received + 1;
  const entry = { id: received, at: action.at, name: action.name, text: describeEvent(action) };
  return {
    ...apply(state, action),
    received,
    feed: prepend(state.feed, entry, MAX_FEED),
    activity: countSecond(state.activity, Math.floor(action.at / 1000)),
  };
}

function apply(state: PrimesState, { name, payload }: PrimesEvent): PrimesState {
  switch (name) {
    case "subscription:confirmed":
      return payload.type === "jobs" && !payload.subscribed ? loseSight(state) : state;
    case "batch:added":
    case "batch:updated":
      return { ...state, batches: upsert(state.batches, payload.batch, MAX_ROWS) };
    case "job:started": {
      const { jobId: id, pid, timestamp: startedAt } = payload;
      return withJob(state, { id, state: "running", pid, startedAt });
    }
    case "job:completed":
      return endJob(state, "completed", payload);
    case "job:failed":
      return endJob(state, "failed", payload);
    case "solution:found":
      return addSolution(state, payload.solution);
    case "job:status_changed":
    case "welcome":
    case "error":
      return state;
  }
}

const withJob = (state: PrimesState, job: PrimeJob): PrimesState => ({
  ...state,
  jobs: upsert(state.jobs, job, MAX_ROWS),
});

function endJob(
  state: PrimesState,
  end: "completed" | "failed",
  { jobId: id, timestamp: endedAt, error }: { jobId: string; timestamp: string; error?: string },
): PrimesState {
  const known = state.jobs.find((job) => job.id === id);
  const job = { ...known, id, state: end, endedAt, ...(error && { error }) };
  const totals = { ...state.totals, [end]: state.totals[end] + 1 };
  return withJob({ ...state, totals }, job);
}

function addSolution(state: PrimesState, solution: Solution): PrimesState {
  const solutions = state.totals.solutions + 1;
  const largestPrime = Math.max(state.totals.largestPrime, solution.prime);
  return {
    ...state,
    solutions: upsert(state.solutions, solution, MAX_ROWS),
    totals: { ...state.totals, solutions, largestPrime },
  };
}

/** The server does not repeat what was missed: jobs that ran may have ended unseen. */
function loseSight(state: PrimesState): PrimesState {
  const jobs = state.jobs.map((job): PrimeJob => {
    return job.state === "running" ? { ...job, state: "unknown" } : job;
  });
  return { ...state, jobs };
}

function countSecond(activity: PrimesState["activity"], second: number): PrimesState["activity"] {
  const [latest, ...earlier] = activity;
  if (latest?.second !== second) return prepend(activity, { second, count: 1 }, MAX_SECONDS);
  return [{ second, count: latest.count + 1 }, ...earlier];
}
