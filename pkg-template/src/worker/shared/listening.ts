/** Who gets which events. */
import { Answers } from "./answers.js";
import { Deliveries } from "./deliveries.js";
import type { HubScope } from "./hub.js";
import { LastValues } from "./lastValues.js";
import { type Guest, type NamespaceWishes, toPageConnection } from "./wishes.js";

/** A page that gets an event, and the number under which. */
type Hearer = [guest: Guest, wishes: NamespaceWishes, event: number];

export class Listening {
  readonly deliveries: Deliveries;
  readonly answers = new Answers();
  readonly #hub: HubScope;
  /** The numbers under which the core delivers events. */
  readonly #numbers = new Map<string, number>();
  readonly #last = new LastValues();
  #any: number | undefined;
  #next = 0;

  constructor(hub: HubScope) {
    this.#hub = hub;
    this.deliveries = new Deliveries(() => hub.core);
  }

  /** Somebody listens to events of this name, or does so no more. */
  update(name: string): void {
    const { core } = this.#hub;
    const isHeard = this.#hub.present().some(({ wishes }) => wishes.names.has(name));
    if (isHeard === this.#numbers.has(name)) return;
    if (isHeard) {
      this.#numbers.set(name, this.#next);
      core.listen(name, this.#next++);
    } else {
      this.#numbers.delete(name);
      core.unlisten(name);
    }
  }

  updateAny(): void {
    const { core } = this.#hub;
    const isHeard = this.#hub.present().some(({ wishes }) => wishes.any !== undefined);
    if (isHeard === (this.#any !== undefined)) return;
    this.#any = isHeard ? this.#next++ : undefined;
    if (this.#any === undefined) core.unlistenAny();
    else core.listenAny(this.#any);
  }

  /** A page wants another pace of events of this name: of which it wants only the newest it gets the last one. */
  updatePace(name: string, guest: Guest): void {
    this.#last.setKept(name, this.#hub.present().some(wantsNewest(name)));
    if (!guest.isPresent || !wantsNewest(name)(guest)) return;
    for (const wishes of guest.wishes.namespaces)
      if (wishes.isWanted) this.#tellLast(guest, wishes, name);
  }

  /** All that a page listens to. */
  updateAll(guest: Guest): void {
    const { names } = guest.wishes;
    for (const name of names.keys()) {
      this.update(name);
      this.updatePace(name, guest);
    }
    this.updateAny();
  }

  handleLeft(guest: Guest): void {
    this.updateAll(guest);
    this.#last.handleLeft(guest);
  }

  /** A page has come to a namespace. */
  greet(guest: Guest, wishes: NamespaceWishes): void {
    for (const name of guest.wishes.names.keys()) {
      if (wantsNewest(name)(guest)) this.#tellLast(guest, wishes, name);
    }
  }

  /** Returns the number under which the core delivers events of this name. */
  numberOf(name: string | undefined): number | undefined {
    return name === undefined ? undefined : this.#numbers.get(name);
  }

  deliver(socket: number, args: readonly unknown[], connection: number, ackId: number): void {
    const name = String(args[0]);
    const hearers = this.#hearersOf(socket, name);
    if (ackId >= 0 && hearers.length > 1) this.answers.note(socket, connection, ackId);
    const guests = hearers.map(([guest]) => guest);
    this.#last.note(socket, name, args, guests);
    this.deliveries.deliver(() => {
      for (const [guest, wishes, event] of hearers) {
        const own = toPageConnection(wishes, connection);
        guest.events.delivered(wishes.socket, event, args, own, ackId);
      }
    });
  }

  confirming(socket: number, args: readonly unknown[]): void {
    for (const [guest, wishes, event] of this.#hearersOf(socket, String(args[0])))
      guest.events.confirming(wishes.socket, event, args);
  }

  #hearersOf(socket: number, name: string): Hearer[] {
    return this.#hub.wanting(socket).flatMap(([guest, wishes]) => {
      const event = guest.wishes.numberOf(name);
      return event === undefined ? [] : [[guest, wishes, event] satisfies Hearer];
    });
  }

  #tellLast(guest: Guest, wishes: NamespaceWishes, name: string): void {
    const event = guest.wishes.names.get(name);
    const socket = this.#hub.socketOf(wishes.name);
    const args = event !== undefined && this.#last.take(socket, name, guest);
    if (args) guest.events.delivered(wishes.socket, event, args, wishes.connection, -1);
  }
}

const wantsNewest =
  (name: string) =>
  ({ wishes }: Guest): boolean => {
    const event = wishes.names.get(name);
    return event !== undefined && wishes.paces.get(event)?.keep === "newest";
  };
