/** How a page that is about to be frozen leaves its worker the time to act. */

const LEAVING_MS = 100;

/** A worker is frozen with its page, also in the middle of what it was told: it gets the time to leave the server. */
export function standStill(): void {
  const end = performance.now() + LEAVING_MS;
  while (performance.now() < end);
}
