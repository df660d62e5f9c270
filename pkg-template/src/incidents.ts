/** What happens to all stores of a client at the same time, and is told once. */

/** The incidents that a client has told. */
const told = new WeakMap<object, Set<string>>();

/** Whether an error is to be told by this client. Stores give errors of one incident the same `incident`. */
export function isNews(client: object, { cause }: { readonly cause?: unknown }): boolean {
  const { incident } = (cause ?? {}) as { incident?: unknown };
  if (typeof incident !== "string") return true;
  const before = told.get(client) ?? new Set();
  told.set(client, before);
  return before.size < before.add(incident).size;
}
