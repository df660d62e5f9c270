/** Checks of numbers that an application gives. */
import { fail } from "./errors.js";

/** What a timer can wait at most. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Throws `invalid_option` for a time that no timer can wait. */
export function checkTimes(times: Record<string, number>): void {
  for (const [name, value] of Object.entries(times)) {
    if (!(value >= 1 && value <= MAX_TIMER_MS)) {
      const hint = "give milliseconds from 1 to 2147483647";
      throw fail("invalid_option", `${name} is ${String(value)}`, hint);
    }
  }
}

/** Throws `invalid_option` for what is no whole number from `min` up to `max`. */
export function checkCount(name: string, value: number, max: number, min = 0): void {
  if (!(Number.isInteger(value) && value >= min && value <= max)) {
    throw fail(
      "invalid_option",
      `${name} is ${value}`,
      `give a whole number from ${min} to ${max}`,
    );
  }
}
