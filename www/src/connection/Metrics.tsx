import type { ClientStatus } from "sockeye-client";
import { formatDuration } from "../format";
import type { ConnectionLog } from "./connectionLog";
import { Countdown } from "./Countdown";
import { Uptime } from "./Uptime";

interface Props {
  status: ClientStatus;
  log: ConnectionLog;
}

/** The numbers of a connection. Each keeps its place, so that nothing jumps. */
export function Metrics({ status, log }: Props) {
  const { connectedAt, reconnections, lastOutageMs } = log;
  const attempt = "attempt" in status ? status.attempt : undefined;
  return (
    <dl className="metrics">
      <div>
        <dt>Connected for</dt>
        <dd>
          {status.state === "connected" && connectedAt !== undefined ? (
            <Uptime since={connectedAt} />
          ) : (
            "–"
          )}
        </dd>
      </div>
      <div className={attempt === undefined ? "" : "lively"}>
        <dt>Attempt</dt>
        <dd data-testid="attempt">{attempt ?? "–"}</dd>
      </div>
      <div className={status.state === "waiting" ? "lively" : ""}>
        <dt>Next attempt</dt>
        <dd data-testid="countdown">
          {status.state === "waiting" ? (
            <Countdown key={status.attempt} retryAt={status.retryAt} />
          ) : (
            "–"
          )}
        </dd>
      </div>
      <div>
        <dt>Reconnected</dt>
        <dd>
          {reconnections}×
          {lastOutageMs !== undefined && <small> after {formatDuration(lastOutageMs)}</small>}
        </dd>
      </div>
    </dl>
  );
}
