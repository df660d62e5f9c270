/** What a component keeps from one rendering to the next. */
import { useInsertionEffect, useRef, useState } from "react";

/**
 * Returns what `make` returned when one of `on` last changed. React may forget memos; this it keeps.
 * `on` must not be made anew by each rendering.
 */
export function useKept<Kept>(make: () => Kept, ...on: unknown[]): Kept {
  const [kept, keep] = useState(() => ({ on, value: make() }));
  if (on.every((one, index) => Object.is(one, kept.on[index]))) return kept.value;
  const next = { on, value: make() };
  keep(next);
  return next.value;
}

/** Returns what holds the `value` of the rendering that is on the page: for callbacks, not for rendering. */
export function useNewest<Value>(value: Value): { readonly current: Value } {
  const newest = useRef(value);
  useInsertionEffect(() => {
    newest.current = value;
  });
  return newest;
}
