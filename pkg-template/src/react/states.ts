/** Current values in components. */
import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { StateObservable } from "../observable.js";

/**
 * Returns what `select` makes of the current value, and renders again when that changes. On servers, while
 * hydrating, and where there is no state, the value is `fallback`.
 */
export function useStateOf<Value, Selected>(
  state: StateObservable<Value> | undefined,
  fallback: Value,
  select: (value: Value) => Selected,
  isEqual: (one: Selected, other: Selected) => boolean = Object.is,
): Selected {
  const subscribe = useCallback(
    (onChange: () => void) => {
      const subscription = state?.subscribe(onChange);
      return () => subscription?.unsubscribe();
    },
    [state],
  );
  const shown = useRef<{ selected: Selected }>(undefined);
  const read = useMemo(() => {
    let last: { value: Value; selected: Selected } | undefined;
    return (value: Value): Selected => {
      if (last && Object.is(last.value, value)) return last.selected;
      const selected = select(value);
      const { current } = shown;
      const isKept = current !== undefined && isEqual(current.selected, selected);
      last = { value, selected: isKept ? current.selected : selected };
      return last.selected;
    };
  }, [select, isEqual]);
  const selected = useSyncExternalStore(
    subscribe,
    () => read(state ? state.value : fallback),
    () => read(fallback),
  );
  useEffect(() => {
    shown.current = { selected };
  });
  return selected;
}

/** Selects everything. */
export const itself = <Value>(value: Value): Value => value;
