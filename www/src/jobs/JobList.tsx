import { useState } from "react";
import type { Follow } from "../events";
import { ListCard } from "../ui/ListCard";
import { JobRow } from "./JobRow";
import type { Job } from "./jobsState";

interface Props {
  jobs: readonly Job[];
  follow: Follow;
  chosen: string | undefined;
  /** The ids of the jobs that were started on this page. */
  started: readonly string[];
  onFollow: (jobId: string) => void;
  onChoose: (jobId: string | undefined) => void;
}

/** The jobs, the newest first. No row moves while the pointer is over them. */
export function JobList({ jobs, follow, chosen, started, onFollow, onChoose }: Props) {
  const [heldIds, setHeldIds] = useState<ReadonlySet<string>>();
  const shown = heldIds ? jobs.filter(({ id }) => heldIds.has(id)) : jobs;
  const hidden = jobs.length - shown.length;
  return (
    <ListCard
      title="Jobs"
      className="jobs"
      count={jobs.length}
      empty="No job yet. Start one: how many steps it takes, and whether it fails, is up to you."
      aside={
        <span className="count">
          {hidden > 0 ? `${hidden} more when the pointer leaves` : `${jobs.length} shown`}
        </span>
      }
    >
      <ul
        onPointerEnter={() => setHeldIds(new Set(jobs.map(({ id }) => id)))}
        onPointerLeave={() => setHeldIds(undefined)}
      >
        {shown.map((job) => (
          <JobRow
            key={job.id}
            job={job}
            isFollowed={follow.jobId === undefined || follow.jobId === job.id}
            isFollowedAlone={follow.jobId === job.id}
            isOurs={started.includes(job.id)}
            isChosen={chosen === job.id}
            onFollow={() => onFollow(job.id)}
            onChoose={() => onChoose(chosen === job.id ? undefined : job.id)}
          />
        ))}
      </ul>
    </ListCard>
  );
}
