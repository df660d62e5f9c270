import { useState } from "react";
import { useNow } from "../hooks/useNow";

/** The seconds until an attempt, and a bar that runs out with them. */
export function Countdown({ retryAt }: { retryAt: number }) {
  const [startedAt] = useState(Date.now);
  const leftMs = Math.max(0, retryAt - useNow(100));
  const share = leftMs / Math.max(1, retryAt - startedAt);
  return (
    <span role="timer">
      {(leftMs / 1000).toFixed(1)} s
      <span className="countdown-bar" style={{ transform: `scaleX(${Math.min(1, share)})` }} />
    </span>
  );
}
