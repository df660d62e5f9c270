import { useState } from "react";

/** What a button does that has to wait for the server, and how it went. */
export interface Action {
  run: () => void;
  isPending: boolean;
  /** What to tell about the last run. */
  outcome: { text: string; failed: boolean } | undefined;
}

/** Runs `act` on demand; it resolves with what to tell the user. */
export function useAction(act: () => Promise<string>): Action {
  const [isPending, setPending] = useState(false);
  const [outcome, setOutcome] = useState<Action["outcome"]>();
  const run = async () => {
    setPending(true);
    try {
      setOutcome({ text: await act(), failed: false });
    } catch (error) {
      setOutcome({ text: error instanceof Error ? error.message : String(error), failed: true });
    } finally {
      setPending(false);
    }
  };
  return { run: () => void run(), isPending, outcome };
}
