import type { ClientStatus } from "sockeye-client";
import { formatTime } from "../format";
import type { LogEntry } from "./connectionLog";

/** The latest changes of a client's status. */
export function LogList({ entries }: { entries: readonly LogEntry[] }) {
  return (
    // Scrolls, so the keyboard must reach it.
    <ol className="log" aria-label="Status changes, the latest first" tabIndex={0}>
      {entries.map(({ id, at, status }) => (
        <li key={id} data-state={status.state}>
          <time dateTime={new Date(at).toISOString()}>{formatTime(at)}</time>
          <span className="log-state">{status.state}</span>
          <span className="log-detail">{describe(status)}</span>
        </li>
      ))}
    </ol>
  );
}

function describe(status: ClientStatus): string {
  if (status.state === "connecting") return `attempt ${status.attempt}`;
  if (status.state === "waiting") return status.cause?.code ?? `attempt ${status.attempt} next`;
  return status.state === "disconnected" ? status.cause.code : "";
}
