// Attachments of received packets: what of them needs JavaScript.

/**
 * Puts attachments in the places of their placeholders in a parsed payload.
 *
 * Returns false if a placeholder names no attachment; the payload is of no use then. Iterative, because
 * `JSON.parse` takes deeper values than the stack.
 */
export function fillPlaceholders(payload, attachments) {
  const open = [payload];
  for (let container = open.pop(); container !== undefined; container = open.pop()) {
    const keys = Array.isArray(container) ? container.keys() : Object.keys(container);
    for (const key of keys) {
      const item = container[key];
      if (typeof item !== "object" || item === null) continue;
      if (item._placeholder !== true) {
        open.push(item);
      } else if (isIndex(item.num, attachments.length)) {
        // The key is the parsed object's own, so even `__proto__` meets no setter here.
        container[key] = attachments[item.num];
      } else {
        return false;
      }
    }
  }
  return true;
}

/** A name like "splice" would find a function. */
const isIndex = (number, length) => Number.isInteger(number) && number >= 0 && number < length;
