/**
 * How far numbered events were delivered, kept for the page that comes next in the same tab.
 *
 * Each tab has a connection and a position of its own, so it is the tab's storage that keeps it: other tabs
 * never see it, and what is written while a page is left is there. A database's transaction may not end then.
 */
import type { StreamPosition } from "../dedupPort.js";
import type { CoreOptions } from "../port.js";

/** The part of `globalThis` that belongs to a tab. Workers have none of it. */
export interface KeepScope {
  readonly document?: (EventTarget & { readonly visibilityState: string }) | undefined;
  readonly sessionStorage?: Pick<Storage, "getItem" | "setItem" | "removeItem"> | undefined;
  readonly self?: unknown;
  readonly top?: unknown;
  readonly addEventListener?: EventTarget["addEventListener"] | undefined;
}

/** What is stored for a namespace. */
interface Kept {
  readonly v: 1;
  readonly identity: string;
  readonly positions: readonly StreamPosition[];
}

/** A namespace whose position this client keeps. */
interface Owned {
  readonly socket: number;
  readonly key: string;
}

/** A page that crashes tells so much of its last events to the next one again. */
const WRITE_AFTER_MS = 1_000;

/** So much is not worth a tab's storage, which is small. */
const MAX_LENGTH = 100_000;

/** The names that clients of this page write to: one by each, also with two copies of this package. */
const OWNERS: unique symbol = Symbol.for("sockeye.positions");

export class KeptPositions {
  readonly #server: string;
  readonly #read: (socket: number) => readonly StreamPosition[];
  readonly #storage: KeepScope["sessionStorage"];
  readonly #owned: Owned[] = [];
  readonly #leaving = new AbortController();
  #identity = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `read` returns the positions of a namespace, by its number. */
  constructor(
    server: string,
    read: (socket: number) => readonly StreamPosition[],
    scope: KeepScope = globalThis,
  ) {
    this.#server = server;
    this.#read = read;
    this.#storage = storageOf(scope);
    if (!this.#storage) return;
    const { signal } = this.#leaving;
    const { document } = scope;
    const write = () => this.#write();
    scope.addEventListener?.("pagehide", write, { signal });
    document?.addEventListener("freeze", write, { signal });
    // Of a hidden page that is discarded nothing more is heard.
    const hide = () => document?.visibilityState === "hidden" && write();
    document?.addEventListener("visibilitychange", hide, { signal });
  }

  /** Begins to keep a namespace, unless another client does. Returns what the page before has left. */
  add(socket: number, namespace: string): readonly StreamPosition[] | undefined {
    const key = `sockeye:delivered ${JSON.stringify([this.#server, namespace])}`;
    if (!this.#storage || owners().has(key)) return undefined;
    owners().add(key);
    this.#owned.push({ socket, key });
    return this.#load(key);
  }

  /** Another user knows nothing of what this one was told. */
  setIdentity(identity: string): void {
    if (identity !== this.#identity) this.#remove();
    this.#identity = identity;
  }

  /** Something was delivered. */
  touch(): void {
    if (this.#timer !== undefined || this.#owned.length === 0) return;
    this.#timer = setTimeout(() => this.#write(), WRITE_AFTER_MS);
  }

  /** Keeps nothing any more: the client has ended, or nobody knows how far it got. */
  forget(): void {
    this.#leaving.abort();
    clearTimeout(this.#timer);
    this.#remove();
    for (const { key } of this.#owned.splice(0)) owners().delete(key);
  }

  #load(key: string): readonly StreamPosition[] | undefined {
    try {
      const kept = JSON.parse(this.#storage?.getItem(key) ?? "null") as Kept | null;
      const isOurs = kept?.v === 1 && kept.identity === this.#identity;
      return isOurs && Array.isArray(kept.positions) ? kept.positions : undefined;
    } catch {
      return undefined; // Somebody else has written it, or the user forbids to read.
    }
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { socket, key } of this.#owned) {
      const positions = this.#read(socket);
      const kept: Kept = { v: 1, identity: this.#identity, positions };
      const text = JSON.stringify(kept);
      if (positions.length === 0 || text.length > MAX_LENGTH) this.#removeItem(key);
      else this.#setItem(key, text);
    }
  }

  #remove(): void {
    for (const { key } of this.#owned) this.#removeItem(key);
  }

  /** An older position has events told again; none would have them lost. */
  #setItem(key: string, text: string): void {
    try {
      this.#storage?.setItem(key, text);
    } catch {
      // There is no room. It is tried again after the next event.
    }
  }

  #removeItem(key: string): void {
    try {
      this.#storage?.removeItem(key);
    } catch {
      // What cannot be reached is no use to the next page, either.
    }
  }
}

/** Of a server whose address is asked for nobody knows whether the next page has the same. */
export function keepPositions(
  { keepPositions, addressOnDemand, webSocketUrl }: CoreOptions,
  read: (socket: number) => readonly StreamPosition[],
): KeptPositions | undefined {
  if (!keepPositions || addressOnDemand) return undefined;
  const { host, pathname } = new URL(webSocketUrl);
  return new KeptPositions(host + pathname, read);
}

/** Frames share the storage of their tab: only the page itself has a position in it. */
function storageOf(scope: KeepScope): KeepScope["sessionStorage"] {
  if (!scope.document || scope.top !== scope.self) return undefined;
  try {
    return scope.sessionStorage;
  } catch {
    return undefined; // The user forbids it.
  }
}

function owners(): Set<string> {
  const holder = globalThis as unknown as { [OWNERS]: Set<string> | undefined };
  return (holder[OWNERS] ??= new Set());
}
