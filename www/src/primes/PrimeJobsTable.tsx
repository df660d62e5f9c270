import { formatDuration, formatTime } from "../format";
import { Badge } from "../ui/Badge";
import { ListCard } from "../ui/ListCard";
import type { PrimeJob } from "./primesState";

/** Running and finished jobs. */
export function PrimeJobsTable({ jobs }: { jobs: readonly PrimeJob[] }) {
  return (
    <ListCard title="Jobs" count={jobs.length} empty="No job yet. Start one, or wait for the next.">
      <table>
        <thead>
          <tr>
            <th scope="col">Job</th>
            <th scope="col">State</th>
            <th scope="col">Started</th>
            <th scope="col" className="number">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <tr key={job.id} data-testid="prime-job-row" data-id={job.id}>
              <th scope="row">
                <code>{job.id}</code>
              </th>
              <td>
                <Badge state={job.state} title={job.state === "unknown" ? unseen : job.error} />
              </td>
              <td>{job.startedAt === undefined ? "–" : formatTime(job.startedAt)}</td>
              <td className="number">{took(job)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ListCard>
  );
}

const unseen = "It ran when the events stopped coming; its end may have been missed.";

function took({ startedAt, endedAt }: PrimeJob): string {
  if (startedAt === undefined || endedAt === undefined) return "–";
  return formatDuration(Date.parse(endedAt) - Date.parse(startedAt));
}
