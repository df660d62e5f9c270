import { jobs } from "../clients";
import { useStatus } from "../hooks/useStatus";
import { Badge } from "../ui/Badge";
import type { Following } from "./useFollow";

/** Which jobs are reported, and whether the server has confirmed that. */
export function FollowBar({ follow, room, error, setFollow }: Following) {
  const isConnected = useStatus(jobs).state === "connected";
  const state = room === undefined ? (error ? "refused" : "unconfirmed") : "subscribed";
  return (
    <div className="topics">
      <div className="topic">
        <div role="status">
          <span className="topic-name">
            {follow.jobId === undefined ? "all jobs" : <code>{follow.jobId}</code>}
          </span>{" "}
          <Badge state={isConnected ? state : "offline"} />{" "}
          {error ?? (
            <span className="room">
              room <code data-testid="followed">{room ?? "–"}</code>
            </span>
          )}
        </div>
        <button
          type="button"
          className="small"
          disabled={follow.jobId === undefined}
          onClick={() => setFollow({})}
          data-testid="follow-all"
        >
          Follow all
        </button>
      </div>
    </div>
  );
}
