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
      <h1>Orders</h1>
      <p>
        The client is <b data-testid="status">{status.state}</b>.
      </p>
      {status.state === "disconnected" && status.cause && (
        <p data-testid="problem">{`${status.cause.code}: ${status.cause.hint}`}</p>
      )}
      <p>
        News: <b data-testid="news">{news}</b>
      </p>
      <p>
        <button
          data-testid="double"
          onClick={async () => setAnswer(await client.request("double", 21))}
        >
          Double 21
        </button>
        <b data-testid="answer">{answer}</b>
      </p>
      <p>
        <button data-testid="order" onClick={() => order.run("salmon")}>
          Order salmon
        </button>
        <b data-testid="order-state">{order.status?.state}</b>
      </p>
      <p>
        <button data-testid="burst" onClick={() => client.emit("burst", 10_000)}>
          Burst
        </button>
        <b data-testid="ticks">
          {`${ticks.length} ticks, sum ${ticks.reduce((sum, tick) => sum + tick, 0)}`}
        </b>
      </p>
    </main>
  );
}
