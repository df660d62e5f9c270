import type { ApplicationRef } from "@angular/core";

/**
 * What the tests read: how often a subscriber was called, how often Angular has checked its views, and what
 * there was before it ran.
 */
export const measured: { heard: number; ticks: number; prerendered?: Element | null } = {
  heard: 0,
  ticks: 0,
};

/** Counts the checks of an application, also those that Angular does of its own. */
export function measure(application: ApplicationRef): void {
  const inside = application as unknown as { _tick: () => void };
  const tick = inside._tick.bind(application);
  inside._tick = () => {
    measured.ticks += 1;
    tick();
  };
}
