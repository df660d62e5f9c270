import { cut } from "../api";
import { useAction } from "../hooks/useAction";
import type { AnyClient } from "../clients";
import { useStatus } from "../hooks/useStatus";
import { Outcome } from "../ui/Outcome";

interface Props {
  name: string;
  client: AnyClient;
}

/** What can be done to a connection. Only what makes sense in its state is enabled. */
export function ConnectionActions({ name, client }: Props) {
  const { state } = useStatus(client);
  const cutting = useAction(async () => {
    await cut(client.id ?? "");
    return "The server has cut the connection.";
  });
  const isOff = state === "idle" || state === "disconnected";
  return (
    <div className="actions">
      <button
        type="button"
        className="danger"
        disabled={state !== "connected" || cutting.isPending}
        onClick={cutting.run}
        data-testid={`cut-${name}`}
      >
        Cut the connection
      </button>
      <button
        type="button"
        disabled={state !== "waiting"}
        onClick={() => client.reconnectNow()}
        data-testid={`reconnect-${name}`}
      >
        Reconnect now
      </button>
      <button
        type="button"
        disabled={state === "closed"}
        onClick={() => (isOff ? void client.connect() : client.disconnect())}
        data-testid={`toggle-${name}`}
      >
        {isOff ? "Connect" : "Disconnect"}
      </button>
      <Outcome outcome={cutting.outcome?.failed ? cutting.outcome : undefined} />
    </div>
  );
}
