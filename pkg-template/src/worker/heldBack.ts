/** What of an event waits in the worker until the page asks for more of it. */
import { readPath } from "../ownField.js";
import type { Pace } from "../pacing.js";
import { toValue } from "../toValue.js";
import type { Told } from "./messages.js";

/** An event that the page is told of. */
export type Delivered = Extract<Told, readonly ["delivered", ...unknown[]]>;

/** With so much the page gets it although it has not asked, as it may have no frames for long. */
const MAX_HELD = 10_000;

export class HeldBack {
  readonly #pace: Pace;
  readonly #handleLeftOut: (delivered: Delivered) => void;
  /** The newest for each key, by namespace. */
  readonly #held = new Map<number, Map<unknown, Delivered>>();
  #count = 0;
  #total = 0;
  /** Whether the page has got something and will ask for more. */
  #isAwaited = false;

  /** `handleLeftOut` is told of each event that the page does not get, because there is a newer one. */
  constructor(pace: Pace, handleLeftOut: (delivered: Delivered) => void) {
    this.#pace = pace;
    this.#handleLeftOut = handleLeftOut;
  }

  /** Returns what the page is to be told now. */
  add(delivered: Delivered): readonly Delivered[] {
    if (!this.#isAwaited) {
      this.#isAwaited = true;
      return [delivered];
    }
    const [, socket, , args] = delivered;
    const held = this.#held.get(socket) ?? new Map<unknown, Delivered>();
    this.#held.set(socket, held);
    const key = this.#keyOf(args);
    const older = held.get(key);
    if (older) this.#handleLeftOut(older);
    else this.#count += 1;
    held.set(key, delivered);
    return this.#count < MAX_HELD ? [] : this.take();
  }

  /** The page asks for more. */
  take(): readonly Delivered[] {
    const taken = [...this.#held.values()].flatMap((held) => [...held.values()]);
    this.#held.clear();
    this.#count = 0;
    this.#isAwaited = taken.length > 0;
    return taken;
  }

  #keyOf(args: readonly unknown[]): unknown {
    const { keep, key } = this.#pace;
    if (keep === "all") return this.#total++;
    return key === undefined ? undefined : readPath(toValue(args, 1), key);
  }
}
