import { useState } from "react";
import { prepend } from "../bounded";
import { jobs as client } from "../clients";
import { ConnectionCard } from "../connection/ConnectionCard";
import { FollowBar } from "./FollowBar";
import { JobHistory } from "./JobHistory";
import { JobList } from "./JobList";
import { StartJob } from "./StartJob";
import { useFollow } from "./useFollow";
import { useJobs } from "./useJobs";

/** The monitor of the jobs contract: progress live, the past from the history. */
export function JobsMonitor() {
  const { jobs, refresh, catchUp } = useJobs();
  const following = useFollow(catchUp);
  const [chosen, setChosen] = useState<string>();
  const [started, setStarted] = useState<readonly string[]>([]);
  const onStarted = (jobId: string) => {
    setStarted((before) => prepend(before, jobId, 50));
    return refresh(jobId);
  };
  return (
    <section className="column" id="jobs" aria-labelledby="jobs-title">
      <header className="column-head">
        <h2 id="jobs-title">Jobs monitor</h2>
        <StartJob onStarted={onStarted} />
      </header>
      <ConnectionCard name="jobs" client={client} path="/jobs/socket.io" />
      <FollowBar {...following} />
      <JobList
        jobs={jobs}
        follow={following.follow}
        chosen={chosen}
        started={started}
        onFollow={(jobId) => following.setFollow({ jobId })}
        onChoose={setChosen}
      />
      {chosen !== undefined && (
        <JobHistory
          key={chosen}
          jobId={chosen}
          job={jobs.find(({ id }) => id === chosen)}
          onClose={() => setChosen(undefined)}
        />
      )}
    </section>
  );
}
