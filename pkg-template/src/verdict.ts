/** What the core is to do when the server has refused or disconnected a namespace. */
import type { SockeyeError } from "./errors.js";
import { field, type Policies } from "./policies.js";

/** What the core is to do. A time that is not negative is what a retry waits at least. */
export interface Verdict {
  verdict: "stop" | "retry" | "refresh";
  afterMs: number;
}

const stop: Verdict = { verdict: "stop", afterMs: -1 };
const retry: Verdict = { verdict: "retry", afterMs: -1 };
const refresh: Verdict = { verdict: "refresh", afterMs: -1 };

/**
 * Decides what follows a refusal or a DISCONNECT. What the application's functions throw is reported,
 * and counts as no.
 */
export function decide(
  error: SockeyeError,
  { reconnectOn, isAuthExpired }: Policies,
  canRefresh: boolean,
  report: (error: unknown) => void,
): Verdict {
  const says = (decision: () => boolean) => {
    try {
      return decision();
    } catch (error) {
      report(error);
      return false;
    }
  };
  if (error.code !== "connect_refused") {
    const { serverDisconnect: policy } = reconnectOn;
    return policy === "always" || (typeof policy === "function" && says(policy)) ? retry : stop;
  }
  if (canRefresh && says(() => isAuthExpired(error))) return refresh;
  const { refused: policy } = reconnectOn;
  const afterMs = retryAfterMs(error.data);
  const isWanted =
    typeof policy === "function"
      ? says(() => policy(error))
      : (policy ?? hint(afterMs)) === "always";
  return isWanted ? { ...retry, afterMs } : stop;
}

/** A server that says when to try again wants to be tried again. */
const hint = (afterMs: number) => (afterMs < 0 ? "never" : "always");

/** Returns a negative number if the refusal does not say. */
function retryAfterMs(data: unknown): number {
  const afterMs = field(field(data, "data"), "retryAfterMs");
  return typeof afterMs === "number" && afterMs >= 0 ? afterMs : -1;
}
