/** Whether what is known is still known to the same user. */
import type { NamespaceClient } from "../namespaceClient.js";

interface Users {
  /** Another number for each user, one after the other. */
  readonly count: number;
}

const known = new WeakMap<NamespaceClient, Users>();

/** @internal Counts the users of a client from the first call on, as long as there is the client. */
export function usersOf(client: NamespaceClient): Users {
  const found = known.get(client);
  if (found) return found;
  const users = { count: 0 };
  known.set(client, users);
  client.continuity.subscribe((verdict) => {
    if (!verdict) users.count += 1;
  });
  return users;
}
