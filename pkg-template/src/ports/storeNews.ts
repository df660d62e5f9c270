/**
 * What clients of a store tell each other, over all tabs: hints. Those who may have missed some are told
 * that, and read the store.
 */
import type { StoreChange } from "../outboxStore.js";
import { randomId } from "../randomId.js";
import { MESSAGE_VERSION, type TabChannel, type TabScope } from "./tabScope.js";

/** What clients tell each other. */
export interface StoreNews {
  /** Tells all others. */
  tell(changes: readonly StoreChange[]): void;
  close(): void;
}

interface Message {
  readonly v: typeof MESSAGE_VERSION;
  /** Who says it, and how many it has said with this one. */
  readonly from: string;
  readonly number: number;
  readonly changes: readonly StoreChange[];
}

/** Of so many clients it is known which message was their last. */
const MAX_SENDERS = 100;

const missed: readonly StoreChange[] = [{ type: "missed" }];

/**
 * Hears and tells the news of what is called `name`. Needs to be there before the store is read for the
 * first time: then nothing is missed in between.
 *
 * @example
 * const news = openStoreNews("shop /", (changes) => show(changes));
 * news.tell([{ type: "removed", key }]);
 */
export function openStoreNews(
  name: string,
  handle: (changes: readonly StoreChange[]) => void,
  scope: TabScope = globalThis,
): StoreNews {
  return new TabNews(`${name} news`, handle, scope);
}

class TabNews implements StoreNews {
  readonly #name: string;
  readonly #handle: (changes: readonly StoreChange[]) => void;
  readonly #scope: TabScope;
  readonly #id = randomId();
  readonly #last = new Map<string, number>();
  readonly #closing = new AbortController();
  #told = 0;
  #channel: TabChannel | undefined;

  constructor(name: string, handle: (changes: readonly StoreChange[]) => void, scope: TabScope) {
    this.#name = name;
    this.#handle = handle;
    this.#scope = scope;
    this.#open();
    const { document } = scope;
    const { signal } = this.#closing;
    const reopen = ({ persisted }: Partial<PageTransitionEvent>) => persisted && this.#reopen();
    document?.addEventListener("visibilitychange", () => this.#onVisibility(), { signal });
    document?.addEventListener("resume", () => this.#handle(missed), { signal });
    scope.addEventListener?.("pagehide", () => this.#hide(), { signal });
    scope.addEventListener?.("pageshow", reopen, { signal });
  }

  tell(changes: readonly StoreChange[]): void {
    const head = { v: MESSAGE_VERSION, from: this.#id, number: (this.#told += 1) } as const;
    try {
      this.#channel?.postMessage({ ...head, changes });
    } catch {
      // An answer of the server may hold what cannot be copied.
      this.#channel?.postMessage({ ...head, changes: missed });
    }
  }

  close(): void {
    this.#closing.abort();
    this.#hide();
  }

  /** Whoever looks at the page sees what is true. */
  #onVisibility(): void {
    if (this.#scope.document?.visibilityState === "visible") this.#handle(missed);
  }

  /** A page that is kept to come back hears nothing; the browser would throw it away for what is said to it. */
  #hide(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }

  #reopen(): void {
    this.#hide();
    this.#open();
    this.#handle(missed);
  }

  #open(): void {
    const { BroadcastChannel } = this.#scope;
    if (!BroadcastChannel) return;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }) => this.#hear(data as Message | undefined);
  }

  #hear(message: Message | undefined): void {
    if (message?.v !== MESSAGE_VERSION) {
      this.#handle(missed);
      return;
    }
    const { from, number, changes } = message;
    const last = this.#last.get(from) ?? number - 1;
    this.#remember(from, number);
    this.#handle(number === last + 1 ? changes : [...changes, ...missed]);
  }

  #remember(from: string, number: number): void {
    this.#last.delete(from);
    this.#last.set(from, number);
    const [oldest] = this.#last.keys();
    if (oldest !== undefined && this.#last.size > MAX_SENDERS) this.#last.delete(oldest);
  }
}
