/** A browser with several tabs, as far as tabs know of each other: Web Locks and broadcasts. */
import type { TabChannel, TabScope } from "../../src/ports/tabScope.js";

interface Waiting {
  tab: FakeTab;
  run: () => void;
}

interface Held {
  tab: FakeTab;
  lose: () => void;
}

/** All tabs of one origin. */
export class FakeBrowser {
  readonly channels = new Set<FakeChannel>();
  readonly held = new Map<string, Held>();
  readonly waiting = new Map<string, Waiting[]>();

  /** Opens a tab; without `hasLocks` it is as in a page that did not come over TLS. */
  open({ hasLocks = true } = {}): FakeTab {
    return new FakeTab(this, hasLocks);
  }

  /** Says something in all tabs, as another program of the origin. */
  say(name: string, message: unknown): void {
    for (const channel of this.channels) if (channel.name === name) channel.hear(message);
  }

  queueOf(name: string): Waiting[] {
    const queue = this.waiting.get(name) ?? [];
    this.waiting.set(name, queue);
    return queue;
  }

  /** Gives a lock that nobody has to the first that waits for it. */
  grantNext(name: string): void {
    if (!this.held.has(name)) this.queueOf(name).shift()?.run();
  }
}

export class FakeChannel implements TabChannel {
  onmessage: ((event: MessageEvent) => unknown) | null = null;
  readonly name: string;
  readonly #tab: FakeTab;

  constructor(tab: FakeTab, name: string) {
    this.#tab = tab;
    this.name = name;
    tab.browser.channels.add(this);
  }

  postMessage(message: unknown): void {
    const { browser, isDeaf } = this.#tab;
    if (!browser.channels.has(this)) throw new DOMException("closed", "InvalidStateError");
    const copy: unknown = structuredClone(message);
    for (const other of browser.channels) {
      if (other !== this && other.name === this.name && !isDeaf)
        queueMicrotask(() => other.hear(copy));
    }
  }

  hear(data: unknown): void {
    const isOpen = this.#tab.browser.channels.has(this);
    if (isOpen && !this.#tab.isDeaf) this.onmessage?.({ data } as MessageEvent);
  }

  close(): void {
    this.#tab.browser.channels.delete(this);
  }
}

/** A tab, as `globalThis` of what runs in it. */
export class FakeTab extends EventTarget implements TabScope {
  readonly browser: FakeBrowser;
  readonly navigator: { locks?: LockManager };
  readonly BroadcastChannel: new (name: string) => TabChannel;
  readonly document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  /** Whether messages from it and to it are lost. */
  isDeaf = false;

  constructor(browser: FakeBrowser, hasLocks: boolean) {
    super();
    this.browser = browser;
    this.navigator = hasLocks ? { locks: new FakeLocks(this) as unknown as LockManager } : {};
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the class below has another `this`
    const tab = this;
    this.BroadcastChannel = class extends FakeChannel {
      constructor(name: string) {
        super(tab, name);
      }
    };
  }

  /** Ends the tab without a word to it: nothing of it is heard any more, and its locks are free. */
  crash(): void {
    this.isDeaf = true;
    for (const [name, queue] of this.browser.waiting) {
      this.browser.waiting.set(
        name,
        queue.filter(({ tab }) => tab !== this),
      );
    }
    for (const [name, { tab }] of [...this.browser.held]) {
      if (tab !== this) continue;
      this.browser.held.delete(name);
      this.browser.grantNext(name);
    }
  }
}

/** The standard's rules for exclusive locks. */
class FakeLocks {
  readonly #tab: FakeTab;

  constructor(tab: FakeTab) {
    this.#tab = tab;
  }

  request(
    name: string,
    { signal, steal, ifAvailable }: LockOptions,
    callback: (lock: Lock | null) => unknown,
  ): Promise<unknown> {
    const { browser } = this.#tab;
    if (ifAvailable && browser.held.has(name)) return Promise.resolve(null).then(callback);
    return new Promise((resolve, reject) => {
      const run = () => {
        const held: Held = {
          tab: this.#tab,
          lose: () => reject(new DOMException("stolen", "AbortError")),
        };
        browser.held.set(name, held);
        queueMicrotask(() => {
          void Promise.resolve(callback({ name, mode: "exclusive" })).then((result) => {
            resolve(result);
            if (browser.held.get(name) !== held) return;
            browser.held.delete(name);
            browser.grantNext(name);
          });
        });
      };
      if (steal) {
        const before = browser.held.get(name);
        browser.held.delete(name);
        before?.lose();
        run();
        return;
      }
      const waiting = { tab: this.#tab, run };
      browser.queueOf(name).push(waiting);
      signal?.addEventListener("abort", () => {
        const queue = browser.queueOf(name);
        const place = queue.indexOf(waiting);
        if (place < 0) return;
        queue.splice(place, 1);
        reject(signal.reason as Error);
      });
      browser.grantNext(name);
    });
  }
}
