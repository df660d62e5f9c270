import { useEffect, useState } from "react";
import { countConnections, fetchRate, setRate } from "../api";

const everyMs = 1_000;

export interface ServerSide {
  /** The connections of quotes' clients, of all tabs; `undefined` as long as the server has not answered. */
  connections: number | undefined;
  /** How many quotes a second it sends to each of them. */
  perSecond: number | undefined;
  change: (perSecond: number) => void;
  /** Why a change was refused. */
  problem: string | undefined;
}

/** Asks the server once a second, as long as the page is seen. */
export function useServer(): ServerSide {
  const [connections, setConnections] = useState<number>();
  const [perSecond, setPerSecond] = useState<number>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const leave = new AbortController();
    const ask = async () => {
      if (document.visibilityState !== "visible") return;
      const answers = await Promise.all([
        countConnections("craft", leave.signal),
        fetchRate(leave.signal),
      ]).catch(() => [undefined, undefined] as const);
      if (leave.signal.aborted) return;
      setConnections(answers[0]);
      setPerSecond(answers[1]);
    };
    const askNow = () => void ask();
    askNow();
    const timer = setInterval(askNow, everyMs);
    document.addEventListener("visibilitychange", askNow, { signal: leave.signal });
    return () => {
      clearInterval(timer);
      leave.abort();
    };
  }, []);
  const change = (wanted: number) => {
    setProblem(undefined);
    setPerSecond(wanted); // what it comes to be is asked again soon
    setRate(wanted).then(setPerSecond, (error: unknown) =>
      setProblem(error instanceof Error ? error.message : String(error)),
    );
  };
  return { connections, perSecond, change, problem };
}
