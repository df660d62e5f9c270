/** What `enqueue` returns: one action, from accepted to answered. */
import { Deferred } from "./deferred.js";
import type { SockeyeError } from "./errors.js";
import type { StateObservable } from "./observable.js";
import type { ActionState } from "./outboxPort.js";
import { State } from "./state.js";
import { toValue } from "./toValue.js";

/** Where an action is. `docs/outbox.md` has all states and their order. */
export interface ActionStatus {
  readonly state: ActionState;
  /** How many times it was sent. */
  readonly attempts: number;
  /** Why it ended, if not `applied`. */
  readonly error?: SockeyeError;
}

/** How an action is kept and sent. */
export interface ActionOptions {
  /** Actions of one lane are sent one after the other, lanes beside each other. Default `default`. */
  lane?: string | undefined;
  /** How long it may wait to be sent, from now on. Then it is `expired`. Default: for ever. */
  ttlMs?: number | undefined;
  /** How long its answer may take from each sending on, before it is sent again. Default: `requestTimeoutMs`. */
  ackTimeoutMs?: number | undefined;
  /** Replaces the action of the same key and lane that was never sent, if there is one. */
  coalesceKey?: string | undefined;
  /** The field of the first argument that the action's id is written to, for the server to know it by. */
  keyField?: string | undefined;
  /**
   * Whether it is sent again although the server may have applied it, if the server has no helper that
   * would know. Otherwise it ends as `unknown`. Default true.
   */
  resend?: boolean | undefined;
}

/** What an action is made of. */
export interface ActionSource {
  id: string;
  event: string;
  lane: string;
  args: readonly unknown[] | undefined;
}

/** The states from which only `retry()` leads out. */
const retryable = ["quarantined", "unknown"];
const endings = ["applied", "rejected", "expired", "cancelled", "conflict", ...retryable];

/** Says whether an action goes no further by itself. */
export const isEnding = (state: ActionState): boolean => endings.includes(state);

/** Says whether an action has ended without being sent by anybody. */
const hasStayed = ({ state, attempts }: ActionStatus): boolean =>
  state === "cancelled" || (attempts === 0 && (state === "expired" || state === "rejected"));

/**
 * An action in the outbox.
 *
 * Its promises may be ignored: nothing is reported when nobody looks at them.
 *
 * @example
 * const action = client.enqueue("order:cancel", { orderId });
 * action.status.subscribe(({ state }) => badge.set(state));
 * await action.accepted; // stored
 * const answer = await action.result; // answered
 */
export class Action<Ack = unknown> {
  /** Unlike that of any other action: `client.outbox.get(id)` finds it again. */
  readonly id: string;
  /** The event's name. */
  readonly event: string;
  readonly lane: string;
  /** What is sent; `undefined` if the action was stored by another page. */
  readonly args: readonly unknown[] | undefined;
  readonly #state: State<ActionStatus>;
  readonly #accepted = new Deferred();
  readonly #handleCancel: (action: Action) => void;
  #result = new Deferred<Ack>();
  /** Whether the result is that of a retry which the store has yet to note. */
  #isRenewed = false;
  #cancelling: Deferred<boolean> | undefined;
  /** Nothing more is heard of it. */
  #isClosed = false;

  /** @internal */
  constructor(
    { id, event, lane, args }: ActionSource,
    handleCancel: (action: Action) => void,
    report: (error: unknown) => void,
  ) {
    this.id = id;
    this.event = event;
    this.lane = lane;
    this.args = args;
    this.#handleCancel = handleCancel;
    this.#state = new State<ActionStatus>({ state: "storing", attempts: 0 }, report);
  }

  /** The current {@link ActionStatus} and its changes; completes when the action has ended for good. */
  get status(): StateObservable<ActionStatus> {
    return this.#state.observable;
  }

  /** How many times it was sent. */
  get attempts(): number {
    return this.#state.value.attempts;
  }

  /**
   * Resolves when the action is stored. Rejects with the {@link SockeyeError} for which it is not:
   * `outbox_full`, `payload_too_large`, `not_durable`, `storage_full`, `storage_failed`.
   */
  get accepted(): Promise<void> {
    return this.#accepted.promise;
  }

  /**
   * Resolves with the server's acknowledgement: its one argument, otherwise the tuple of all. Rejects with
   * the {@link SockeyeError} of how it ended instead; `action_rejected` has what the server said as `data`.
   *
   * After `retry()` this is another promise.
   */
  get result(): Promise<Ack> {
    return this.#result.promise;
  }

  /**
   * Takes the action out of the outbox. Resolves with `true` if it was never sent, and will not be; with
   * `false` if it was: the server may apply it, and its status goes on to tell.
   */
  cancel(): Promise<boolean> {
    const status = this.#state.value;
    if (isEnding(status.state) || this.#isClosed) return Promise.resolve(hasStayed(status));
    if (this.#cancelling) return this.#cancelling.promise;
    const { promise } = (this.#cancelling = new Deferred());
    this.#handleCancel(this as Action);
    return promise;
  }

  /** @internal It is in the store, whatever has become of it. */
  handleStored(): void {
    this.#accepted.settle();
  }

  /** @internal Takes what the core says. */
  handleStatus(status: ActionStatus, args: readonly unknown[]): void {
    const previous = this.#state.value.state;
    const { state, error } = status;
    if (previous === "storing" && state !== "storing") this.#accepted.settle(error);
    if (isEnding(previous) && !isEnding(state)) this.#renew();
    if (isEnding(state)) {
      this.#result.settle(error, toValue(args, 0) as Ack);
      this.#isRenewed = false;
      this.handleCancelled(hasStayed(status));
    }
    this.#state.set(status);
    if (isEnding(state) && !retryable.includes(state)) this.#state.complete();
  }

  /** @internal It is about to be queued again: whoever asks for the result now wants the next one. */
  handleRetry(): void {
    if (!this.#isRenewed) this.#result = new Deferred();
    this.#isRenewed = true;
  }

  #renew(): void {
    if (!this.#isRenewed) this.#result = new Deferred();
    this.#isRenewed = false;
  }

  /** @internal Whether somebody waits to hear that it could be cancelled. */
  get isCancelling(): boolean {
    return this.#cancelling !== undefined;
  }

  /** @internal */
  handleCancelled(wasNeverSent: boolean): void {
    this.#cancelling?.settle(undefined, wasNeverSent);
    this.#cancelling = undefined;
  }

  /** @internal Nothing more is heard of it: the client ends, or the action is forgotten. */
  close(error: SockeyeError): void {
    this.#isClosed = true;
    this.#accepted.settle(error);
    this.#result.settle(error);
    this.handleCancelled(false);
    this.#state.complete();
  }
}
