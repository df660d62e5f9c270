/** The events of the contracts, in the form in which socket.io types them. */

export const topics = ["batches", "jobs", "solutions"] as const;
export type Topic = (typeof topics)[number];

/** Beyond `id` the fields depend on where the server's batches come from. */
export interface Batch {
  id: string;
  status?: string;
  jobs?: number | string;
  solutions?: number | string;
}

export interface Solution {
  id: string;
  jobId: string;
  prime: number;
}

interface Timed {
  timestamp: string;
}

interface Ended extends Timed {
  jobId: string;
  exitCode: number;
  error?: string;
}

/** What the primes server sends. */
export interface PrimesEvents {
  welcome: (welcome: Timed & { message: string; clientId: string }) => void;
  "subscription:confirmed": (change: Timed & { type: Topic; subscribed: boolean }) => void;
  "batch:added": (added: Timed & { batch: Batch }) => void;
  "batch:updated": (updated: Timed & { batch: Batch }) => void;
  "job:started": (started: Timed & { jobId: string; pid: number }) => void;
  "job:completed": (completed: Ended) => void;
  "job:failed": (failed: Ended) => void;
  "job:status_changed": (change: Timed & { jobId: string; status: string }) => void;
  "solution:found": (found: Timed & { solution: Solution }) => void;
  error: (error: { message: string; code?: string }) => void;
}

/** What the primes server understands: `subscribe:batches`, `unsubscribe:batches`, … */
export type PrimesCommands = Record<`${"subscribe" | "unsubscribe"}:${Topic}`, () => void>;

/** What the jobs server sends. Its history has the same payloads. */
export interface JobsEvents {
  "job:update": (
    update: Timed & {
      jobId: string;
      status: "queued" | "started";
      data: { userId: string | null; steps: number };
    },
  ) => void;
  "job:progress": (
    step: Timed & { jobId: string; status: "in_progress"; progress: number; message?: string },
  ) => void;
  "job:completed": (
    completed: Timed & { jobId: string; status: "completed"; result: Record<string, unknown> },
  ) => void;
  "job:error": (failed: Timed & { jobId: string; status: "failed"; error: string }) => void;
}

/** What a share costs. */
export interface Quote extends Timed {
  symbol: string;
  price: number;
  /** By how much that is more than when the market opened. */
  change: number;
  volume: number;
}

/** What the craft server sends, as far as it is shown. */
export interface QuotesEvents {
  "finance:quote": (quote: Quote) => void;
}

/** One job, or all of them. */
export interface Follow {
  jobId?: string;
}

type FollowAck = (answer: { success: boolean; room: string | null; message: string }) => void;

/** What the jobs server understands and acknowledges. */
export interface JobsCommands {
  "subscribe:jobs": (follow: Follow, ack: FollowAck) => void;
  "unsubscribe:jobs": (follow: Follow, ack: FollowAck) => void;
}

/** Any event of a map with its one argument, told apart by `name`. */
export type Received<Events extends object> = {
  [Name in keyof Events]: Events[Name] extends (payload: infer Payload) => void
    ? { name: Name; payload: Payload }
    : never;
}[keyof Events];
