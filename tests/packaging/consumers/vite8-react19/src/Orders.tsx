import { useState } from "react";
import { useAction, useEvents, useLatest, useSockeye, useStatus } from "./desk";

export function Orders() {
  const client = useSockeye();
  const status = useStatus();
  const news = useLatest("news");
  const ticks = useEvents("tick", { limit: 10_000 });
  const order = useAction("order");
  const [answer, setAnswer] = useState<number>();
  return (
    <main>
      <p data-testid="status">{status.state}</p>
      {status.state === "disconnected" && status.cause && (
        <p data-testid="problem">{`${status.cause.code}: ${status.cause.hint}`}</p>
      )}
      <p data-testid="news">{news}</p>
      <button
        data-testid="double"
        onClick={async () => setAnswer(await client.request("double", 21))}
      >
        Double 21
      </button>
      <p data-testid="answer">{answer}</p>
      <button data-testid="order" onClick={() => order.run("salmon")}>
        Order salmon
      </button>
      <p data-testid="order-state">{order.status?.state}</p>
      <button data-testid="burst" onClick={() => client.emit("burst", 10_000)}>
        Burst
      </button>
      <p data-testid="ticks">
        {`${ticks.length} ticks, sum ${ticks.reduce((sum, tick) => sum + tick, 0)}`}
      </p>
    </main>
  );
}
