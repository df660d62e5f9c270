import { Badge } from "../ui/Badge";
import { isFinished, type Job } from "./jobsState";

interface Props {
  job: Job;
  isFollowed: boolean;
  isFollowedAlone: boolean;
  /** It was started on this page. */
  isOurs: boolean;
  isChosen: boolean;
  onFollow: () => void;
  onChoose: () => void;
}

/** One job: how far it is, what it said last, and what can be asked about it. */
export function JobRow(props: Props) {
  const { job, isFollowed, isFollowedAlone, isOurs, isChosen, onFollow, onChoose } = props;
  const isUnseen = !isFollowed && !isFinished(job);
  return (
    <li
      className={`job ${isOurs ? "ours" : ""} ${isUnseen ? "unseen" : ""}`}
      data-testid="job-row"
      data-id={job.id}
      data-state={job.status}
    >
      <div className="job-title">
        <code>{job.id}</code> <Badge state={job.status} />
        {job.userId && <small>{job.userId}</small>}
        {isOurs && <small className="ours-mark">started here</small>}
      </div>
      <div className="job-progress">
        <progress
          max={100}
          value={job.progress}
          aria-label={`Progress of ${job.id}`}
          data-testid="progress"
        />
        <span className="percent">{job.progress} %</span>
      </div>
      <p className="job-message">
        {isUnseen ? "not followed" : (job.message ?? (job.steps ? `${job.steps} steps` : ""))}
      </p>
      <div className="job-actions">
        <button
          type="button"
          className="small"
          disabled={isFollowedAlone || isFinished(job)}
          aria-label={`Follow only ${job.id}`}
          onClick={onFollow}
          data-testid="follow-job"
        >
          Follow only
        </button>
        <button
          type="button"
          className="small"
          aria-pressed={isChosen}
          aria-label={`History of ${job.id}`}
          onClick={onChoose}
          data-testid="history-job"
        >
          History
        </button>
      </div>
    </li>
  );
}
