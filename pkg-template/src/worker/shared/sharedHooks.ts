/** The hooks of all pages: the core waits for each page that has one. */
import type { HubScope } from "./hub.js";
import { type Asked, Rounds } from "./rounds.js";
import type { Guest, NamespaceWishes } from "./wishes.js";

export class SharedHooks {
  readonly rounds = new Rounds();
  readonly #hub: HubScope;

  constructor(hub: HubScope) {
    this.#hub = hub;
  }

  /** A page has other hooks, or has gone. */
  update(namespace: string): void {
    const all = this.#hub.having(namespace).map(([, { hooks }]) => hooks);
    const prologue = all.some((hooks) => hooks.prologue);
    const gap = all.some((hooks) => hooks.gap);
    this.#hub.core.setHooks(this.#hub.socketOf(namespace), { prologue, gap });
  }

  handlePrologueNeeded(socket: number, ticket: number): void {
    const { core } = this.#hub;
    const asked = this.#hub.wanting(socket).filter(([, { hooks }]) => hooks.prologue);
    this.rounds.begin(ticket, asked.map(toPrologue), () => core.prologueDone(socket, ticket));
  }

  /** Who was not there before has missed something else, and was told so. */
  handleGapHookNeeded(socket: number, ticket: number): void {
    const { core } = this.#hub;
    const isConcerned = ({ hooks, hasGap }: NamespaceWishes) => hooks.gap && hasGap;
    const asked = this.#hub.wanting(socket).filter(([, wishes]) => isConcerned(wishes));
    this.rounds.begin(ticket, asked.map(toGapHook), () => core.gapDone(socket, ticket));
  }

  /** A page has come to a connection that is there: nobody else waits for it. */
  greet(guest: Guest, wishes: NamespaceWishes): void {
    if (wishes.hooks.prologue)
      this.rounds.begin(undefined, [toPrologue([guest, wishes])], () => {});
  }

  /** The same where it has missed something. */
  tellGap(guest: Guest, wishes: NamespaceWishes): void {
    if (wishes.hooks.gap) this.rounds.begin(undefined, [toGapHook([guest, wishes])], () => {});
  }
}

const toPrologue = ([guest, { socket }]: [Guest, NamespaceWishes]): Asked => ({
  guest,
  ask: (ticket) => guest.events.prologueNeeded(socket, ticket),
});

const toGapHook = ([guest, { socket }]: [Guest, NamespaceWishes]): Asked => ({
  guest,
  ask: (ticket) => guest.events.gapHookNeeded(socket, ticket),
});
