import { useEffect, useState } from "react";
import { fetchHistory, type Update } from "../api";

export interface History {
  updates: readonly Update[] | undefined;
  error: string | undefined;
}

/** The server's history of a job, fetched anew whenever `version` changes. */
export function useHistory(jobId: string, version: string): History {
  const [history, setHistory] = useState<History>({ updates: undefined, error: undefined });
  useEffect(() => {
    const controller = new AbortController();
    fetchHistory(jobId, controller.signal).then(
      (updates) => setHistory({ updates, error: undefined }),
      (error: unknown) => {
        if (controller.signal.aborted) return;
        const text = error instanceof Error ? error.message : String(error);
        setHistory(({ updates }) => ({ updates, error: text }));
      },
    );
    return () => controller.abort();
  }, [jobId, version]);
  return history;
}
