import { useReducer } from "react";
import type { AnyClient } from "../clients";
import { useStatus } from "../hooks/useStatus";
import { useStatusChange } from "../hooks/useStatusChange";
import { Cause } from "./Cause";
import { ConnectionActions } from "./ConnectionActions";
import { addStatus, emptyLog } from "./connectionLog";
import { LogList } from "./LogList";
import { Metrics } from "./Metrics";

interface Props {
  /** The contract, as in the test ids. */
  name: string;
  client: AnyClient;
  /** The HTTP path that the client connects to. */
  path: string;
}

/** How a client is doing, and buttons to make its life harder. */
export function ConnectionCard({ name, client, path }: Props) {
  const status = useStatus(client);
  const [log, add] = useReducer(addStatus, emptyLog);
  useStatusChange(client, (next) => add({ status: next, at: Date.now() }));
  return (
    <section
      className="card connection"
      aria-labelledby={`connection-title-${name}`}
      data-state={status.state}
      data-testid={`connection-${name}`}
    >
      <header className="connection-head">
        <h3 id={`connection-title-${name}`}>Connection</h3>
        <span className="address">
          <code title="namespace">{client.name}</code> via <code title="path">{path}</code>
        </span>
        <p className="state" role="status">
          <span className="visually-hidden">{name} client: </span>
          <span data-testid={`status-${name}`}>{status.state}</span>
        </p>
      </header>
      <Metrics status={status} log={log} />
      <Cause status={status} />
      <LogList entries={log.entries} />
      <ConnectionActions name={name} client={client} />
    </section>
  );
}
