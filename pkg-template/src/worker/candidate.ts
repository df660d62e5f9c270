/** A page that wants to have what the leading one has, or to lead. */
import { randomId } from "../randomId.js";
import { HeldLock } from "./heldLock.js";
import { type Join, isJoin, leadership, leads, soon } from "./leadership.js";
import type { Leader } from "./link.js";
import type { Call, Hello, Told } from "./messages.js";

/** How often a page asks again that has no answer. */
const ASK_MS = 1_000;
/** So often nobody may answer: who holds the lock is frozen or hangs then, and loses it. */
const MAX_ASKED = 3;

export class Candidate implements Leader {
  /** Where whoever leads answers. */
  readonly channel = new BroadcastChannel(`sockeye-tab ${randomId()}`);
  /** Held by the page that leads. */
  readonly lock = new HeldLock(
    leadership,
    () => this.#handleHeld(),
    () => this.#handleLeft(),
  );
  readonly #hello: Hello;
  readonly #ended = new AbortController();
  #rendezvous: BroadcastChannel | undefined;
  /** Ends the wait for the one or the other. */
  #settle: ((told: Told | undefined) => void) | undefined;
  #asked = 0;
  #isElected = false;
  #handleLeft = () => {};

  constructor(hello: Hello) {
    this.#hello = hello;
  }

  /** Resolves with the first that the leading page's worker says, or with nothing if this page is to lead. */
  async stand(): Promise<Told | undefined> {
    const told = await new Promise<Told | undefined>((resolve) => {
      this.#settle = resolve;
      this.channel.addEventListener("message", ({ data: [told] }: MessageEvent<Told[]>) => {
        if (this.#settle) this.#settle(told);
        // Who knows the page already says nothing when it asks again: it is another one that leads now.
        else if (told?.[0] === "ready") this.#handleLeft();
      });
      this.#listen();
      this.#askAgain();
    });
    this.#settle = undefined;
    return told;
  }

  /** `handleLeft` is called when another page leads, or is to. */
  watch(handleLeft: () => void): void {
    this.#handleLeft = handleLeft;
    if (this.#isElected && !this.lock.isHeld) queueMicrotask(handleLeft);
    const handleHidden = ({ persisted }: PageTransitionEvent) => persisted || this.#leave();
    globalThis.addEventListener("pagehide", handleHidden, { signal: this.#ended.signal });
  }

  /** A page that waits for a lock, or hears what is said to all, is not kept in the back/forward cache. */
  suspend(): void {
    this.lock.release();
    this.silence();
  }

  /** It may be another one that leads by now. */
  resume(handleBack: () => void): void {
    this.#listen();
    handleBack();
  }

  #listen(): void {
    if (this.#rendezvous) return;
    this.#rendezvous = new BroadcastChannel(leadership);
    this.#rendezvous.onmessage = ({ data }: MessageEvent<unknown>) => this.#hear(data);
    this.lock.hold();
    this.#join();
  }

  /** It asks nothing any more. */
  silence(): void {
    this.#rendezvous?.close();
    this.#rendezvous = undefined;
  }

  /** It has what it wanted. What was said before is still taken in. */
  end(): void {
    this.suspend();
    this.#ended.abort();
    this.#handleLeft = () => {};
  }

  /** There may be a core for it already, or yet be made, for which there is nobody. */
  withdraw(): void {
    if (this.#ended.signal.aborted) return;
    this.#leave();
    this.end();
    this.channel.close();
  }

  #leave(): void {
    this.channel.postMessage([["destroy"]] satisfies Call[]);
  }

  #join(): void {
    const join: Join = { hello: this.#hello, channel: this.channel.name };
    this.#rendezvous?.postMessage(join);
  }

  #hear(said: unknown): void {
    if (said === leads) this.#join();
    if (said === soon) this.#asked = 0;
    // It leads as soon as its worker is there.
    if (isJoin(said) && this.#isElected) this.#rendezvous?.postMessage(soon);
  }

  #askAgain(): void {
    const timer = setInterval(() => {
      if (!this.#settle || this.#ended.signal.aborted) clearInterval(timer);
      else if (this.#asked++ < MAX_ASKED) this.#join();
      else this.lock.steal();
    }, ASK_MS);
  }

  /** Nobody leads, but this page if that has done so before. */
  #handleHeld(): void {
    if (this.#isElected) return;
    this.#isElected = this.#settle !== undefined;
    if (!this.#settle) {
      this.#handleLeft();
      return;
    }
    // Who has waited as long as this page would steal the lock next.
    this.#rendezvous?.postMessage(soon);
    this.#settle(undefined);
  }
}
