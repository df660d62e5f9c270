/**
 * Which one of several tabs drains.
 *
 * The right to drain is a Web Lock. A client asks for it once and waits; whoever has it keeps it until it
 * gives it up or its page is gone, and the browser gives it to the next one at once. A page that is frozen
 * keeps its lock, so those who wait look after whoever has it: see {@link Watch}.
 *
 * Who has lost the right without knowing it does no harm: the store compares epochs.
 */
import type { Candidate } from "../outboxStore.js";
import { randomId } from "../randomId.js";
import { AnnouncedRight, givenUp, LockedRight, type Right } from "./rights.js";
import { MESSAGE_VERSION, type TabChannel, type TabScope } from "./tabScope.js";
import { type Holder, Watch } from "./watch.js";

export interface LeadershipOptions {
  /** How long whoever drains may hear nothing of the server while another could drain. Milliseconds. */
  takeOverMs: number;
  /** Called when clients do not agree on what there is to be sent: the store is to be read again. */
  handleStale: () => void;
}

/** The right to drain, which one client has at a time. */
export interface Leadership {
  /** Resolves when this client has it; rejects with an `AbortError` when `signal` aborts before that. */
  acquire(candidate: Candidate, signal: AbortSignal): Promise<void>;
  /** Gives it up, or waits for it no longer. */
  release(): void;
  close(): void;
}

type Message = { readonly v: typeof MESSAGE_VERSION } &
  /** Somebody could drain, and asks whether the one who has the right gets on. */
  (
    | { type: "probe" }
    | ({ type: "holding" } & Holder)
    /** Nobody has the right any more: those who have no locks learn it from this only. */
    | { type: "free" }
  );

/**
 * Finds the other clients that want the right of this `name`. Without Web Locks the right is announced
 * instead: two may believe for a moment that they have it.
 *
 * @example
 * const leadership = openLeadership("shop /", { takeOverMs: 15_000, handleStale: read });
 * await leadership.acquire(candidate, controller.signal);
 */
export function openLeadership(
  name: string,
  options: LeadershipOptions,
  scope: TabScope = globalThis,
): Leadership {
  return new TabLeadership(name, options, scope);
}

/** From when a client asks for the right until it gives it up, or loses it. */
interface Term {
  readonly candidate: Candidate;
  readonly right: Right;
  readonly channel: TabChannel | undefined;
  readonly watch: Watch;
  /** What the client calls itself since it has the right. */
  holding?: string;
  timer?: ReturnType<typeof setTimeout>;
}

class TabLeadership implements Leadership {
  readonly #name: string;
  readonly #options: LeadershipOptions;
  readonly #scope: TabScope;
  #term: Term | undefined;

  constructor(name: string, options: LeadershipOptions, scope: TabScope) {
    this.#name = name;
    this.#options = options;
    this.#scope = scope;
  }

  async acquire(candidate: Candidate, signal: AbortSignal): Promise<void> {
    this.release();
    if (signal.aborted) throw givenUp();
    const term = this.#begin(candidate);
    const leave = () => this.#end(term);
    signal.addEventListener("abort", leave);
    try {
      await term.right.acquired;
    } catch (error) {
      this.#end(term);
      throw error;
    } finally {
      signal.removeEventListener("abort", leave);
    }
    if (this.#term !== term) throw givenUp();
    clearTimeout(term.timer);
    term.holding = randomId();
    this.#answer(term, term.holding, true);
  }

  release(): void {
    if (this.#term) this.#end(this.#term);
  }

  close(): void {
    this.release();
  }

  #begin(candidate: Candidate): Term {
    const { navigator, BroadcastChannel } = this.#scope;
    const name = this.#name;
    const right = navigator?.locks
      ? new LockedRight(navigator.locks, name, () => this.#end(term))
      : new AnnouncedRight();
    const channel = BroadcastChannel && new BroadcastChannel(name);
    const watch = new Watch(this.#options.takeOverMs);
    const term: Term = { candidate, right, channel, watch };
    this.#term = term;
    if (right.isAnnounced) watch.expectNobody();
    if (channel) channel.onmessage = ({ data }) => this.#hear(term, data as Message | undefined);
    this.#look(term);
    return term;
  }

  /** Leaves the right of a later term alone. */
  #end(term: Term): void {
    if (this.#term !== term) return;
    this.#term = undefined;
    clearTimeout(term.timer);
    term.right.release();
    const isMissed = term.right.isAnnounced && term.holding !== undefined;
    if (isMissed) say(term, { v: MESSAGE_VERSION, type: "free" });
    term.channel?.close();
  }

  /** Does what is due while it waits. */
  #look(term: Term): void {
    const { candidate, right, watch } = term;
    const now = performance.now();
    clearTimeout(term.timer);
    if (!watch.isVacant && !candidate.couldDrain()) {
      watch.rest();
    } else {
      const step = watch.step(now);
      if (step === "probe") say(term, { v: MESSAGE_VERSION, type: "probe" });
      if (step === "take") {
        right.take();
        return;
      }
    }
    term.timer = setTimeout(() => this.#look(term), watch.delay(now));
  }

  #hear(term: Term, message: Message | undefined): void {
    if (message?.v !== MESSAGE_VERSION) return;
    const { holding, candidate, watch, right } = term;
    if (holding !== undefined) {
      if (message.type === "probe") this.#answer(term, holding, false);
      return;
    }
    if (message.type === "holding") {
      watch.note(message, performance.now());
      if (message.isIdle && candidate.couldDrain()) this.#options.handleStale();
    } else if (message.type === "free" && right.isAnnounced) {
      watch.expectNobody();
    } else return;
    this.#look(term);
  }

  /** Says that this client has the right, and whether it gets on. */
  #answer(term: Term, id: string, isNew: boolean): void {
    const { candidate } = term;
    const heard = candidate.heard();
    const isIdle = heard > 0 && !candidate.couldDrain();
    say(term, { v: MESSAGE_VERSION, type: "holding", id, heard, isIdle, isNew });
    // Whoever asks has something to send.
    if (isIdle && !isNew) this.#options.handleStale();
  }
}

const say = ({ channel }: Term, message: Message) => channel?.postMessage(message);
