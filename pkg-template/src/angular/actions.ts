/** Actions that are not lost, as signals. */
import { computed, DestroyRef, inject, type Signal, signal } from "@angular/core";
import { type Action, type ActionOptions, type ActionStatus, isEnding } from "../action.js";
import type { SockeyeError } from "../errors.js";
import type { NamespaceClient } from "../namespaceClient.js";
import type { Subscription } from "../observable.js";

/** What `injectAction` returns. The signals are about the action that `run` made last. */
export interface ActionSignals<Args extends unknown[], Ack> {
  /** Enqueues the event. */
  run: (...args: Args) => Action<Ack>;
  action: Signal<Action<Ack> | undefined>;
  status: Signal<ActionStatus | undefined>;
  /** What the server has answered. */
  value: Signal<Ack | undefined>;
  /** Why it ended, if not `applied`. */
  error: Signal<SockeyeError | undefined>;
  /** Whether it has yet to end. */
  isPending: Signal<boolean>;
  /** Forgets the action; what becomes of it does not change. */
  reset: () => void;
}

/** Returns what enqueues an event, in an injection context. */
export function actionSignals<Args extends unknown[], Ack>(
  client: NamespaceClient,
  event: string,
  options: ActionOptions = {},
): ActionSignals<Args, Ack> {
  const newest = new NewestAction<Ack>();
  inject(DestroyRef).onDestroy(() => newest.follow(undefined));
  const { action, status, value } = newest;
  return {
    run: (...args) => {
      const made = client.with(options).enqueue(event, ...args) as Action<Ack>;
      newest.follow(made);
      return made;
    },
    reset: () => newest.follow(undefined),
    action: action.asReadonly(),
    status: status.asReadonly(),
    value: value.asReadonly(),
    error: computed(() => status()?.error),
    isPending: computed(() => {
      const current = status();
      return current !== undefined && !isEnding(current.state);
    }),
  };
}

/** The action that was made last, and what is known of it. */
class NewestAction<Ack> {
  readonly action = signal<Action<Ack> | undefined>(undefined);
  readonly status = signal<ActionStatus | undefined>(undefined);
  readonly value = signal<Ack | undefined>(undefined);
  #subscription: Subscription | undefined;

  follow(action: Action<Ack> | undefined): void {
    this.#subscription?.unsubscribe();
    this.action.set(action);
    this.status.set(undefined);
    this.value.set(undefined);
    this.#subscription = action?.status.subscribe((status) => {
      this.status.set(status);
      if (status.state === "applied") void this.#takeResult(action);
    });
  }

  async #takeResult(action: Action<Ack>): Promise<void> {
    const value = await action.result;
    if (this.action() === action) this.value.set(value);
  }
}
