/**
 * What a page or worker tells of its own life: that it is frozen, left, back, seen, offline, or has slept.
 *
 * Never `beforeunload` or `unload`: a page that listens to them is not kept in the back/forward cache.
 */

/** What is told to a core. */
export interface PageListener {
  /** The page is about to stand still: it is frozen when this returns, or has been left. */
  suspend(isFrozen: boolean): void;
  /**
   * The page goes on, is seen again, has another network, or its clocks have jumped: what was connected may
   * not be any more. `asleepMs` is for how long the monotonic clock stood still.
   */
  resume(asleepMs: number): void;
}

/** Where events come from. */
export interface PageEventTarget {
  /** As that of `EventTarget`. */
  addEventListener(type: string, listener: (event: Event) => void): void;
  /** As that of `EventTarget`. */
  removeEventListener(type: string, listener: (event: Event) => void): void;
}

/** A window or the global scope of a worker, which has no document. */
export interface PageScope extends PageEventTarget {
  readonly document?: (PageEventTarget & { readonly visibilityState: string }) | undefined;
}

/** How often the clocks are looked at, while the page is seen. */
const TICK_MS = 2_000;
/** So much later than it was due a tick says that everything stood still. */
const LATE_MS = 5_000;
/** So far two clocks may drift apart between ticks, and be set right. */
const DRIFT_MS = 1_000;

/** Watches what tells of the life of a page or worker, if anything is to; `true` stands for that itself. */
export function watchLife(
  scope: boolean | PageScope | undefined,
  listener: PageListener,
): (() => void) | undefined {
  return scope ? watchPage(scope === true ? globalThis : scope, listener) : undefined;
}

/** Tells `listener` until the function that it returns is called. */
export function watchPage(scope: PageScope, listener: PageListener): () => void {
  const { document } = scope;
  const clock = new Clock((asleepMs) => listener.resume(asleepMs));
  const isSeen = () => document?.visibilityState !== "hidden";
  const suspend = (isFrozen: boolean) => {
    clock.stop();
    listener.suspend(isFrozen);
  };
  const resume = () => {
    if (isSeen()) clock.start();
    listener.resume(0);
  };
  // Each page is shown once without having been away.
  const pageshow = (event: Event) => (event as Partial<PageTransitionEvent>).persisted && resume();
  const visibilitychange = () => (isSeen() ? resume() : clock.stop());
  const unlisten = [
    listen(scope, { pagehide: () => suspend(false), pageshow, online: resume, offline: resume }),
    listen(document, { freeze: () => suspend(true), resume, visibilitychange }),
  ];
  if (isSeen()) clock.start();
  return () => {
    for (const end of unlisten) end();
    clock.stop();
  };
}

/** Returns what ends it. */
function listen(
  target: PageEventTarget | undefined,
  listeners: Record<string, (event: Event) => void>,
): () => void {
  for (const [type, call] of Object.entries(listeners)) target?.addEventListener(type, call);
  return () => {
    for (const [type, call] of Object.entries(listeners)) target?.removeEventListener(type, call);
  };
}

/**
 * Notices that the machine has slept, of which nothing tells.
 *
 * The monotonic clock may stop meanwhile, and the other one may be set: together they only raise a doubt.
 */
class Clock {
  readonly #handleJump: (asleepMs: number) => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  #monotonic = 0;
  #wall = 0;

  constructor(handleJump: (asleepMs: number) => void) {
    this.#handleJump = handleJump;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#look();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const { monotonic, wall } = this.#look();
    if (Math.max(monotonic, wall) < TICK_MS + LATE_MS) return;
    const asleep = wall - monotonic;
    this.#handleJump(asleep > DRIFT_MS ? asleep : 0);
  }

  /** Returns what has passed since the last look. */
  #look(): { monotonic: number; wall: number } {
    const [monotonic, wall] = [performance.now(), Date.now()];
    const passed = { monotonic: monotonic - this.#monotonic, wall: wall - this.#wall };
    this.#monotonic = monotonic;
    this.#wall = wall;
    return passed;
  }
}
