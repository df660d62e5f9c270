/** Keeping what listeners throw away from the wasm, which would never recover from it. */

/** Returns a function that calls `tell` and throws later whatever that throws. */
export function safely<Args extends unknown[]>(
  tell: (...args: Args) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      tell(...args);
    } catch (error) {
      throwLater(error);
    }
  };
}

/** Throws when the stack is empty, so that the error is reported as an uncaught one. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
