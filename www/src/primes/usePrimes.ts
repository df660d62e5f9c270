import { useReducer } from "react";
import { primes } from "../clients";
import { useEvent } from "../hooks/useEvent";
import { useStatusChange } from "../hooks/useStatusChange";
import { emptyPrimes, type PrimesEvent, type PrimesState, reducePrimes } from "./primesState";

/** Collects everything that the primes server sends. */
export function usePrimes(): PrimesState {
  const [state, dispatch] = useReducer(reducePrimes, emptyPrimes);
  const receive = (event: PrimesEvent) => dispatch({ ...event, at: Date.now() });

  useEvent(primes, "welcome", (payload) => receive({ name: "welcome", payload }));
  useEvent(primes, "subscription:confirmed", (payload) =>
    receive({ name: "subscription:confirmed", payload }),
  );
  useEvent(primes, "batch:added", (payload) => receive({ name: "batch:added", payload }));
  useEvent(primes, "batch:updated", (payload) => receive({ name: "batch:updated", payload }));
  useEvent(primes, "job:started", (payload) => receive({ name: "job:started", payload }));
  useEvent(primes, "job:completed", (payload) => receive({ name: "job:completed", payload }));
  useEvent(primes, "job:failed", (payload) => receive({ name: "job:failed", payload }));
  useEvent(primes, "job:status_changed", (payload) =>
    receive({ name: "job:status_changed", payload }),
  );
  useEvent(primes, "solution:found", (payload) => receive({ name: "solution:found", payload }));
  useEvent(primes, "error", (payload) => receive({ name: "error", payload }));

  useStatusChange(primes, ({ state }) => {
    if (state !== "connected") dispatch({ name: "lost" });
  });
  return state;
}
