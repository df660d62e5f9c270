/** Functions that are asked one after the other, as socket.io asks them. */
import type { Next } from "./types.js";

/** Calls `end` when all have gone on, or with the first error. */
export function runAll<Subject>(
  middlewares: readonly ((subject: Subject, next: Next) => unknown)[],
  subject: Subject,
  end: Next,
): void {
  const [first, ...others] = middlewares;
  if (!first) {
    end();
    return;
  }
  first(subject, (error) => (error ? end(error) : runAll(others, subject, end)));
}
