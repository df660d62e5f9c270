/** Events of which several pages have yet to say whether they could handle them. */
import type { WorkerCore } from "../../port.js";
import { nextTicket } from "./tickets.js";
import type { Guest } from "./wishes.js";

interface Delivery {
  readonly number: number;
  /** Who got it, and who of them has yet to take it in. */
  readonly told: Set<Guest>;
  readonly open: Set<Guest>;
  readonly failed: Set<Guest>;
}

type DeliveringCore = Pick<WorkerCore, "keepDelivery" | "failDelivery" | "releaseDelivery">;

export class Deliveries {
  readonly #core: () => DeliveringCore;
  readonly #open = new Map<number, Delivery>();
  /** That of the event that is being delivered. */
  #current: [ticket: number, delivery: Delivery] | undefined;

  constructor(core: () => DeliveringCore) {
    this.#core = core;
  }

  /** Delivers an event to whom `tell` tells of it. */
  deliver(tell: () => void): void {
    const number = this.#core().keepDelivery();
    const delivery = { number, told: new Set<Guest>(), open: new Set<Guest>() };
    this.#current = number > 0 ? [nextTicket(), { ...delivery, failed: new Set() }] : undefined;
    tell();
    const current = this.#current;
    this.#current = undefined;
    if (!current) return;
    this.#open.set(...current);
    this.#settle(...current);
  }

  /** While it is told of an event: a page may say later that it has failed. Returns the number by which, or 0. */
  keep(guest: Guest): number {
    if (!this.#current) return 0;
    const [ticket, { told, open }] = this.#current;
    told.add(guest);
    open.add(guest);
    return ticket;
  }

  /** It has failed only if that is so wherever it was delivered: others must not get it again. */
  fail(guest: Guest, ticket: number): void {
    const delivery = this.#open.get(ticket);
    if (!delivery?.open.has(guest)) return;
    delivery.failed.add(guest);
    if (delivery.failed.size === delivery.told.size) this.#core().failDelivery(delivery.number);
  }

  release(guest: Guest, ticket: number): void {
    const delivery = this.#open.get(ticket);
    delivery?.open.delete(guest);
    if (delivery) this.#settle(ticket, delivery);
  }

  /** What a page that has gone did not take in was not delivered to it. */
  handleLeft(guest: Guest): void {
    for (const [ticket, { open }] of [...this.#open]) {
      if (!open.has(guest)) continue;
      this.fail(guest, ticket);
      this.release(guest, ticket);
    }
  }

  #settle(ticket: number, { open, number }: Delivery): void {
    if (open.size > 0) return;
    this.#open.delete(ticket);
    this.#core().releaseDelivery(number);
  }
}
