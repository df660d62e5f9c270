/** Events as lines to read. */
import type { PrimesEvents } from "../events";
import { formatCount } from "../format";
import type { PrimesEvent } from "./primesState";

export interface FeedEntry {
  id: number;
  at: number;
  name: keyof PrimesEvents;
  text: string;
}

/** Says in a few words what came with an event. */
export function describeEvent({ name, payload }: PrimesEvent): string {
  switch (name) {
    case "welcome":
      return payload.message;
    case "subscription:confirmed":
      return `${payload.type}: ${payload.subscribed ? "subscribed" : "unsubscribed"}`;
    case "batch:added":
    case "batch:updated":
      return payload.batch.id;
    case "job:started":
      return `${payload.jobId}, process ${payload.pid}`;
    case "job:completed":
      return `${payload.jobId}, exit code ${payload.exitCode}`;
    case "job:failed":
      return `${payload.jobId}, ${payload.error ?? `exit code ${payload.exitCode}`}`;
    case "job:status_changed":
      return `${payload.jobId} ${payload.status}`;
    case "solution:found":
      return formatCount(payload.solution.prime);
    case "error":
      return payload.message;
  }
}
