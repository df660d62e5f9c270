/** The decision about an enqueued action: a pure function of what is stored and what comes. */
import type { Envelope } from "./envelope.js";

/** What became of an action; stored with its key. */
export interface Outcome {
  readonly status: "applied" | "rejected";
  /** The arguments of the application's acknowledgement, or the reason of the rejection. */
  readonly args: readonly unknown[];
}

/** How far a lane has come; a lane that is not known has come to `{ epoch: 0, last: 0 }`. */
export interface LaneState {
  readonly epoch: number;
  /** The `n` of the last action that was applied or rejected. */
  readonly last: number;
}

/** What is stored for a key. Without an outcome the work runs, failed, or was forgotten. */
export interface KnownKey {
  /** The fingerprint of the event and its arguments. */
  readonly hash: string;
  readonly outcome?: Outcome | undefined;
  /** Who works on it; there only as long as the lease lasts. */
  readonly token?: string | undefined;
}

/** What to answer, and which state the lane then has. */
export type Decision =
  /** Apply it, then store the outcome and this state. */
  | { readonly kind: "apply"; readonly state: LaneState }
  /** Answer with this outcome; store the state if there is one. */
  | { readonly kind: "known"; readonly outcome: Outcome; readonly state?: LaneState | undefined }
  /** Certainly not applied now; the lane stands at `epoch` and `last`. */
  | { readonly kind: "renumber" | "gap"; readonly epoch: number; readonly last: number }
  | { readonly kind: "memory"; readonly memory: string }
  | { readonly kind: "conflict" | "retry" };

/**
 * Decides about an action; changes nothing.
 *
 * `memory` is the id of the server's memory. The caller reads `state` and `known` and stores what
 * follows in one transaction.
 *
 * @example
 * decide("m1", { epoch: 1, last: 4 }, undefined, envelope, hash); // { kind: "apply", state: { epoch: 1, last: 5 } }
 */
export function decide(
  memory: string,
  state: LaneState,
  known: KnownKey | undefined,
  envelope: Envelope,
  hash: string,
): Decision {
  if (envelope.memory !== memory) return { kind: "memory", memory };
  if (known && known.hash !== hash) return { kind: "conflict" };
  const next = advance(state, envelope);
  // A known key advances, too: its client numbers anew after its store went back in time.
  if (known?.outcome) return { kind: "known", outcome: known.outcome, state: next };
  if (known?.token !== undefined) return { kind: "retry" };
  if (next) return { kind: "apply", state: next };
  const { epoch, last } = state;
  if (envelope.epoch > epoch) return { kind: "gap", epoch: envelope.epoch, last: 0 };
  const isUsed = envelope.epoch < epoch || envelope.seq <= last;
  return { kind: isUsed ? "renumber" : "gap", epoch, last };
}

/** Returns the lane's state after this action if the action is the next one. */
export function advance(state: LaneState, { epoch, seq }: Envelope): LaneState | undefined {
  const isNext = epoch === state.epoch ? seq === state.last + 1 : epoch > state.epoch && seq === 1;
  return isNext ? { epoch, last: seq } : undefined;
}
