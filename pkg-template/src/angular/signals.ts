/** Streams and current values as signals. */
import { DestroyRef, inject, type Signal, signal, untracked } from "@angular/core";
import type { Observable, StateObservable, Subscription } from "../observable.js";

/** Returns the current value and its changes, until the injector is destroyed. */
export function signalOfState<Value>(state: StateObservable<Value>): Signal<Value> {
  return signalOf(state, state.value);
}

/** Returns the newest value, until the injector is destroyed. */
export function signalOf<Value, Initial>(
  values: Observable<Value>,
  initial: Initial,
): Signal<Value | Initial> {
  const newest = signal<Value | Initial>(initial);
  untilDestroyed(values.subscribe((value) => untracked(() => newest.set(value))));
  return newest.asReadonly();
}

/** Ends a subscription with the injector. */
export function untilDestroyed(subscription: Subscription): void {
  inject(DestroyRef).onDestroy(() => subscription.unsubscribe());
}
