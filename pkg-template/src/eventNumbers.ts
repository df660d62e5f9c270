/** The numbers under which the core delivers events, for as long as somebody listens to them. */
import type { Pace } from "./pacing.js";
import type { CorePort } from "./port.js";

interface EventNumber {
  id: number;
  /** What each who listens wants; undefined stands for each event by itself. */
  paces: (Pace | undefined)[];
  /** What the core was told of it. */
  told: Pace | undefined;
}

export class EventNumbers {
  readonly #named = new Map<string, EventNumber>();
  #any: { id: number; count: number } | undefined;
  /** How many have to see each event. */
  #whole = 0;
  #next = 0;
  #core: CorePort | undefined;

  /** Tells the core of everything that is listened to, and from now on of each change. */
  start(core: CorePort): void {
    this.#core = core;
    for (const [name, event] of this.#named) {
      core.listen(name, event.id);
      event.told = undefined;
      this.#tellPace(event);
    }
    if (this.#any) core.listenAny(this.#any.id);
  }

  /** The core is no more. */
  stop(): void {
    this.#core = undefined;
  }

  /** Returns the number under which events of this name come. Each call needs a {@link release}. */
  retain(name: string, pace?: Pace): number {
    let event = this.#named.get(name);
    if (!event) {
      event = { id: this.#next++, paces: [], told: undefined };
      this.#named.set(name, event);
      this.#core?.listen(name, event.id);
    }
    event.paces.push(pace);
    this.#tellPace(event);
    return event.id;
  }

  /** `pace` is that of the {@link retain}. */
  release(name: string, pace?: Pace): void {
    const event = this.#named.get(name);
    if (!event) return;
    event.paces.splice(event.paces.indexOf(pace), 1);
    if (event.paces.length === 0) {
      this.#named.delete(name);
      if (event.told) this.#core?.pace?.(event.id, undefined);
      this.#core?.unlisten(name);
    } else this.#tellPace(event);
  }

  /** Has events delivered that no name is retained for. Each call needs a {@link releaseAny}. */
  retainAny(): void {
    if (!this.#any) {
      this.#any = { id: this.#next++, count: 0 };
      this.#core?.listenAny(this.#any.id);
    }
    this.#any.count++;
    this.retainWhole();
  }

  releaseAny(): void {
    this.releaseWhole();
    if (this.#any && --this.#any.count === 0) {
      this.#any = undefined;
      this.#core?.unlistenAny();
    }
  }

  /** Has each event come, whoever listens to it. Each call needs a {@link releaseWhole}. */
  retainWhole(): void {
    if (this.#whole++ === 0) this.#tellPaces();
  }

  releaseWhole(): void {
    if (--this.#whole === 0) this.#tellPaces();
  }

  #tellPaces(): void {
    for (const event of this.#named.values()) this.#tellPace(event);
  }

  /** What the core leaves out nobody may want. */
  #tellPace(event: EventNumber): void {
    const [first, ...others] = event.paces;
    const isCommon = this.#whole === 0 && others.every((pace) => isSame(pace, first));
    const pace = isCommon ? first : undefined;
    if (isSame(pace, event.told)) return;
    event.told = pace;
    this.#core?.pace?.(event.id, pace);
  }
}

function isSame(one: Pace | undefined, other: Pace | undefined): boolean {
  return one?.every === other?.every && one?.keep === other?.keep && one?.key === other?.key;
}
