/** The requests of all pages, under numbers of their own. */
import type { ErrorData } from "../../errors.js";
import type { WorkerCore } from "../../port.js";
import { nextTicket } from "./tickets.js";
import type { Guest } from "./wishes.js";

interface Open {
  readonly guest: Guest;
  /** The number of the namespace in the core. */
  readonly socket: number;
  /** By which the page knows it. */
  readonly request: number;
}

export class SharedRequests {
  readonly #core: () => Pick<WorkerCore, "cancel">;
  readonly #open = new Map<number, Open>();

  constructor(core: () => Pick<WorkerCore, "cancel">) {
    this.#core = core;
  }

  /** `send` is given the number of the request, and returns why it is not taken, if so. */
  add(
    guest: Guest,
    socket: number,
    request: number,
    send: (number: number) => ErrorData | undefined,
  ): ErrorData | undefined {
    const number = nextTicket();
    this.#open.set(number, { guest, socket, request });
    const error = send(number);
    if (error) this.#open.delete(number);
    return error;
  }

  settle(number: number, error: ErrorData | undefined, args: readonly unknown[]): void {
    const open = this.#open.get(number);
    this.#open.delete(number);
    open?.guest.events.settled(open.request, error, args);
  }

  cancel(guest: Guest, request: number): void {
    for (const [number, open] of this.#open) {
      if (open.guest === guest && open.request === request) this.#cancel(number, open);
    }
  }

  /** Those of a page, of all namespaces or of one, end with `error`. */
  end(guest: Guest, error: ErrorData, socket?: number): void {
    for (const [number, open] of [...this.#open]) {
      if (open.guest !== guest || (socket !== undefined && open.socket !== socket)) continue;
      this.#cancel(number, open);
      guest.events.settled(open.request, error, []);
    }
  }

  #cancel(number: number, { socket }: Open): void {
    this.#open.delete(number);
    this.#core().cancel(socket, number);
  }
}
