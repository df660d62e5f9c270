import { useEffect, useRef } from "react";
import type { Update } from "../api";
import { formatTime } from "../format";
import { describeResult, type Job } from "./jobsState";
import { useHistory } from "./useHistory";

interface Props {
  jobId: string;
  /** Undefined once it is no longer in the list. */
  job: Job | undefined;
  onClose: () => void;
}

/** What the server has kept of one job, up to date while the job is. */
export function JobHistory({ jobId, job, onClose }: Props) {
  const { updates, error } = useHistory(jobId, `${job?.status} ${job?.progress}`);
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    card.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <section
      ref={card}
      className="card list-card history"
      aria-labelledby="history-title"
      data-testid="job-history"
    >
      <header>
        <h3 id="history-title">
          History of <code>{jobId}</code>
        </h3>
        <button type="button" className="small" onClick={onClose}>
          Close
        </button>
      </header>
      {error !== undefined && (
        <p className="outcome failed" role="alert">
          {error}
        </p>
      )}
      <ol className="feed">
        {updates?.map((update, index) => (
          <li key={index} data-testid="history-row">
            <time dateTime={update.payload.timestamp}>{formatTime(update.payload.timestamp)}</time>
            <code data-kind={update.event === "job:error" ? "error" : "job"}>{update.event}</code>
            <span>{describe(update)}</span>
          </li>
        ))}
      </ol>
      {!updates && !error && <p className="empty">Loading …</p>}
    </section>
  );
}

function describe({ event, payload }: Update): string {
  switch (event) {
    case "job:update":
      return payload.status;
    case "job:progress":
      return `${payload.progress} %${payload.message === undefined ? "" : `, ${payload.message}`}`;
    case "job:completed":
      return describeResult(payload.result);
    case "job:error":
      return payload.error;
  }
}
