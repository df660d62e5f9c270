import type { ClientStatus } from "sockeye-client";

/** Why there is no connection, in the client's own words; and what is to be expected if there is. */
export function Cause({ status }: { status: ClientStatus }) {
  const cause = "cause" in status ? status.cause : undefined;
  if (!cause) return <p className="cause calm">{calm[status.state]}</p>;
  const isWanted = cause.code === "client_disconnect";
  return (
    <div className={isWanted ? "cause calm" : "cause"} data-testid="cause">
      <p>
        <strong>{cause.message}</strong> <code>{cause.code}</code>
      </p>
      <p>What to do: {cause.hint}</p>
    </div>
  );
}

const calm: Record<ClientStatus["state"], string> = {
  idle: "Nobody has asked for a connection yet.",
  connecting: "Connecting …",
  connected: "Events flow. Cut the connection to see the client find its way back.",
  waiting: "The next attempt is on its way.",
  disconnected: "The client stays away until it is told to connect.",
  closed: "The client was destroyed.",
};
