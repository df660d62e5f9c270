/** Lists that do not grow without end. */

/** Puts an item first and drops the oldest beyond `max`. */
export function prepend<Item>(items: readonly Item[], item: Item, max: number): Item[] {
  return [item, ...items.slice(0, max - 1)];
}

/** Replaces the item of the same id where it is, or puts it first. */
export function upsert<Item extends { id: string }>(
  items: readonly Item[],
  item: Item,
  max: number,
): Item[] {
  if (!items.some(({ id }) => id === item.id)) return prepend(items, item, max);
  return items.map((other) => (other.id === item.id ? item : other));
}
