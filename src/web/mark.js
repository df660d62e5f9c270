// What a server helper and the client put beside an application's arguments: objects with one key.

const MARK = "$sockeye";

/**
 * Removes the marked object at an end of an array, and returns what stands under its key.
 *
 * `skip` items at the front are not looked at.
 */
export function takeMark(items, last, skip) {
  return Array.isArray(items) ? takeMarkAt(items, last ? items.length - 1 : skip, skip) : undefined;
}

/** Removes the marked object at an index that is not below `skip`. */
export function takeMarkAt(items, index, skip) {
  const marked = index >= skip ? items[index] : undefined;
  if (!isMarked(marked)) return undefined;
  items.splice(index, 1);
  return marked[MARK];
}

/** Adds an item, given as JSON, to the end of an array that is JSON, too. */
export const append = (array, item) =>
  array === "[]" ? `[${item}]` : `${array.slice(0, -1)},${item}]`;

function isMarked(value) {
  if (typeof value !== "object" || value === null) return false;
  return Object.hasOwn(value, MARK) && Object.keys(value).length === 1;
}
