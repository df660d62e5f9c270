import { formatCount } from "../format";
import type { PrimesState } from "./primesState";

/** The numbers since the page was opened. */
export function Counters({
  received,
  jobs,
  totals,
}: Pick<PrimesState, "received" | "jobs" | "totals">) {
  const running = jobs.filter(({ state }) => state === "running").length;
  return (
    <dl className="counters">
      <div>
        <dt>Events</dt>
        <dd data-testid="event-count">{received}</dd>
      </div>
      <div>
        <dt>Running</dt>
        <dd>{formatCount(running)}</dd>
      </div>
      <div>
        <dt>Completed</dt>
        <dd>{formatCount(totals.completed)}</dd>
      </div>
      <div>
        <dt>Failed</dt>
        <dd>{formatCount(totals.failed)}</dd>
      </div>
      <div>
        <dt>Solutions</dt>
        <dd>{formatCount(totals.solutions)}</dd>
      </div>
      <div>
        <dt>Largest prime</dt>
        <dd>{totals.largestPrime === 0 ? "–" : formatCount(totals.largestPrime)}</dd>
      </div>
    </dl>
  );
}
