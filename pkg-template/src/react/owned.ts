/** Clients that belong to a provider. */
import { useEffect, useState } from "react";
import type { Address } from "../address.js";
import type { AnyClient } from "../public.js";
import { createClient } from "../index.js";
import type { ClientOptions } from "../options.js";

/** What a provider makes its client of. */
export interface Source {
  url: Address;
  options?: ClientOptions | undefined;
}

/**
 * Returns a client that connects when the component is on the page, and is destroyed when it has left.
 * `source` counts once; without one there is no client.
 */
export function useOwnedClient(source: Source | undefined): AnyClient | undefined {
  const [owned, setOwned] = useState(() => source && new OwnedClient(source));
  useEffect(() => {
    if (!owned) return;
    if (owned.isDestroyed) setOwned(new OwnedClient(owned.source));
    else return owned.hold();
  }, [owned]);
  return owned?.client;
}

class OwnedClient {
  readonly source: Source;
  readonly client: AnyClient;
  isDestroyed = false;
  #leaving: ReturnType<typeof setTimeout> | undefined;

  constructor(source: Source) {
    this.source = source;
    this.client = createClient(source.url, { ...source.options, autoConnect: false });
  }

  /** Connects; what is returned lets go. Strict mode lets go and holds again in one go: that is nothing. */
  hold(): () => void {
    clearTimeout(this.#leaving);
    if (this.source.options?.autoConnect !== false) void this.client.connect();
    return () => {
      this.#leaving = setTimeout(() => {
        this.isDestroyed = true;
        void this.client.destroy();
      });
    };
  }
}
