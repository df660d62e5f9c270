import { useNow } from "../hooks/useNow";
import type { PrimesState } from "./primesState";

const SECONDS = 60;
const HEIGHT = 24;

/** The events of each of the last sixty seconds as bars. */
export function Activity({ activity }: Pick<PrimesState, "activity">) {
  const now = Math.floor(useNow(1000) / 1000);
  const recent = activity.filter(({ second }) => second > now - SECONDS);
  const most = Math.max(4, ...recent.map(({ count }) => count));
  const total = recent.reduce((sum, { count }) => sum + count, 0);
  return (
    <svg
      className="activity"
      viewBox={`0 0 ${SECONDS * 2} ${HEIGHT}`}
      role="img"
      aria-label={`${total} events in the last minute`}
    >
      <title>Events per second in the last minute</title>
      {recent.map(({ second, count }) => {
        const height = (count / most) * HEIGHT;
        const x = (SECONDS - 1 - (now - second)) * 2;
        return <rect key={second} x={x} y={HEIGHT - height} width="1.5" height={height} />;
      })}
      <rect className="baseline" y={HEIGHT - 1} width={SECONDS * 2} height="1" />
    </svg>
  );
}
