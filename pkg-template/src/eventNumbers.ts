/** The numbers under which the core delivers events, for as long as somebody listens to them. */
import type { CorePort } from "./port.js";

interface EventNumber {
  id: number;
  /** How many listen. */
  count: number;
}

export class EventNumbers {
  readonly #named = new Map<string, EventNumber>();
  #any: EventNumber | undefined;
  #next = 0;
  #core: CorePort | undefined;

  /** Tells the core of everything that is listened to, and from now on of each change. */
  start(core: CorePort): void {
    this.#core = core;
    for (const [name, { id }] of this.#named) core.listen(name, id);
    if (this.#any) core.listenAny(this.#any.id);
  }

  /** The core is no more. */
  stop(): void {
    this.#core = undefined;
  }

  /** Returns the number under which events of this name come. Each call needs a {@link release}. */
  retain(name: string): number {
    let event = this.#named.get(name);
    if (!event) {
      event = { id: this.#next++, count: 0 };
      this.#named.set(name, event);
      this.#core?.listen(name, event.id);
    }
    event.count++;
    return event.id;
  }

  release(name: string): void {
    const event = this.#named.get(name);
    if (event && --event.count === 0) {
      this.#named.delete(name);
      this.#core?.unlisten(name);
    }
  }

  /** Has events delivered that no name is retained for. Each call needs a {@link releaseAny}. */
  retainAny(): void {
    if (!this.#any) {
      this.#any = { id: this.#next++, count: 0 };
      this.#core?.listenAny(this.#any.id);
    }
    this.#any.count++;
  }

  releaseAny(): void {
    if (this.#any && --this.#any.count === 0) {
      this.#any = undefined;
      this.#core?.unlistenAny();
    }
  }
}
