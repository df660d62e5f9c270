/** The timer functions of a manager: those of the moment, or those there were before anybody faked them. */

type Timer = ReturnType<typeof setTimeout>;

/** The functions that start and stop a timer. */
export interface Timers {
  /** Calls `callback` after `delayMs`. */
  setTimeoutFn: (callback: () => void, delayMs: number) => Timer;
  /** Keeps the callback from being called. */
  clearTimeoutFn: (timer: Timer) => void;
}

const nativeSetTimeout = globalThis.setTimeout;
const nativeClearTimeout = globalThis.clearTimeout;

/** Returns the functions that are there when the package is loaded (`useNativeTimers`), or now. */
export function timers(useNativeTimers: boolean | undefined): Timers {
  return useNativeTimers
    ? bind(nativeSetTimeout, nativeClearTimeout)
    : bind(globalThis.setTimeout, globalThis.clearTimeout);
}

/** Browsers refuse to run them as methods of anything else. */
const bind = (set: typeof setTimeout, clear: typeof clearTimeout): Timers => ({
  setTimeoutFn: (callback, delayMs) => set.call(globalThis, callback, delayMs),
  clearTimeoutFn: (timer) => clear.call(globalThis, timer),
});

/** Lets Node.js end although the timer is running. */
export function unref(timer: Timer): void {
  if (typeof timer === "object") timer.unref();
}
