/** What is joined at servers that do not say that it is. */
import type { NamespaceClient } from "../namespaceClient.js";
import type { ClientStatus } from "../status.js";

/** What is sent to join something, and to leave it: an event's name and its arguments. */
export interface Joining {
  readonly join: readonly [event: string, ...args: unknown[]];
  readonly leave?: readonly [event: string, ...args: unknown[]] | undefined;
}

/** What is joined already, and by how many: the first one joins, and the last one leaves. */
const joined = new WeakMap<NamespaceClient, Map<string, Membership>>();

/** @internal Joins on each connection, until the last one who wants it unsubscribes. */
export function retainUnconfirmed(client: NamespaceClient, joining: Joining): () => void {
  const memberships = joined.get(client) ?? new Map<string, Membership>();
  joined.set(client, memberships);
  const key = JSON.stringify(joining.join);
  const membership = memberships.get(key) ?? new Membership(client, joining);
  memberships.set(key, membership);
  membership.count += 1;
  return () => {
    membership.count -= 1;
    if (membership.count > 0) return;
    memberships.delete(key);
    membership.leave();
  };
}

class Membership {
  count = 0;
  readonly #client: NamespaceClient;
  readonly #joining: Joining;
  readonly #ends: readonly { unsubscribe(): void }[];
  #isJoined = false;

  constructor(client: NamespaceClient, joining: Joining) {
    this.#client = client;
    this.#joining = joining;
    this.#ends = [
      client.onConnected((first) => {
        first.emit(...joining.join);
        this.#isJoined = true;
      }),
      client.status.subscribe(({ state }) => this.#onStatus(state)),
    ];
  }

  leave(): void {
    for (const end of this.#ends) end.unsubscribe();
    const { leave } = this.#joining;
    if (leave && this.#isJoined) this.#client.emit(...leave);
  }

  /** Who comes when the client is connected has not been asked before. */
  #onStatus(state: ClientStatus["state"]): void {
    if (state !== "connected") this.#isJoined &&= state === "connecting";
    else if (!this.#isJoined) {
      this.#client.emit(...this.#joining.join);
      this.#isJoined = true;
    }
  }
}
