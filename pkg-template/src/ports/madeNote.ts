/** The page's note that a database was made: what the browser destroys of itself is only the database. */
import type { TabScope } from "./tabScope.js";

/** Before the names of databases, locks and channels, which all scripts of the origin share. */
export const PREFIX = "sockeye:";

type NoteScope = Pick<TabScope, "localStorage">;

/**
 * Notes that the database of this name, with the prefix, was made; returns whether one had been made before. When a
 * user clears the site's data the note goes with it.
 */
export function noteMade(name: string, scope: NoteScope): boolean {
  const wasMade = readMade(name, scope);
  try {
    scope.localStorage?.setItem(name, "made");
  } catch {
    // It is forbidden, or full.
  }
  return wasMade;
}

/** Returns whether that is noted. */
export function readMade(name: string, scope: NoteScope): boolean {
  try {
    return typeof scope.localStorage?.getItem(name) === "string";
  } catch {
    return false; // It is forbidden.
  }
}
