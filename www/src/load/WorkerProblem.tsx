import { useEffect, useState } from "react";
import type { Client, SockeyeError } from "sockeye-client";

/** Why the client runs in the page although it was to have a worker. */
export function WorkerProblem({ client }: { client: Pick<Client, "errors"> }) {
  const [error, setError] = useState<SockeyeError>();
  useEffect(() => {
    const subscription = client.errors.subscribe((next) => {
      if (next.code === "worker_failed") setError(next);
    });
    return () => subscription.unsubscribe();
  }, [client]);
  if (!error) return null;
  return (
    <p className="outcome failed" role="alert" data-testid="worker-problem">
      No worker, so the core runs in the page: {error.message}
    </p>
  );
}
