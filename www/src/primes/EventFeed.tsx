import { useState } from "react";
import { formatTime } from "../format";
import { ListCard } from "../ui/ListCard";
import { Activity } from "./Activity";
import type { PrimesState } from "./primesState";

/** The events as they come. It can be held still for reading. */
export function EventFeed({ feed, activity }: Pick<PrimesState, "feed" | "activity">) {
  const [held, setHeld] = useState<PrimesState["feed"]>();
  const entries = held ?? feed;
  const missed = (feed[0]?.id ?? 0) - (entries[0]?.id ?? 0);
  return (
    <ListCard
      title="Events"
      count={entries.length}
      empty="No event yet. Subscribe to a topic."
      aside={
        <>
          <Activity activity={activity} />
          <button
            type="button"
            className="small"
            aria-pressed={held !== undefined}
            onClick={() => setHeld(held ? undefined : feed)}
          >
            Pause{missed > 0 && ` (+${missed})`}
          </button>
        </>
      }
    >
      <ol className="feed">
        {entries.map(({ id, at, name, text }) => (
          <li key={id}>
            <time dateTime={new Date(at).toISOString()}>{formatTime(at)}</time>
            <code data-kind={name.split(":")[0]}>{name}</code>
            <span>{text}</span>
          </li>
        ))}
      </ol>
    </ListCard>
  );
}
