/** A namespace of the core: connected as long as some page wants it. */
import { clientDisconnect } from "../../callErrors.js";
import type { ContinuityData } from "../../continuityPort.js";
import type { CoreEvents } from "../../port.js";
import type { HubScope } from "./hub.js";
import { SharedOutbox } from "./sharedOutbox.js";
import { SharedTopics } from "./sharedTopics.js";
import { type Guest, type NamespaceWishes, toPageConnection } from "./wishes.js";

type Status =
  Parameters<CoreEvents["status"]> extends [socket: number, ...rest: infer Rest] ? Rest : never;

export class SharedNamespace {
  readonly name: string;
  /** By which the core knows it. */
  readonly socket: number;
  readonly topics: SharedTopics;
  readonly outbox: SharedOutbox;
  readonly #hub: HubScope;
  #isWanted = false;
  /** How often it has begun to be wanted by somebody. */
  #term = 0;
  /** What the core has told last, and when; the rest only while that connection lasts. */
  #status: { told: Status; at: number } | undefined;
  #accepted: [id: string, recovered: boolean] | undefined;
  #verdict: ContinuityData | undefined;
  /** In how many verdicts something was missed. */
  #gaps = 0;

  constructor(hub: HubScope, name: string, socket: number) {
    this.#hub = hub;
    this.name = name;
    this.socket = socket;
    this.topics = new SharedTopics(hub, name);
    this.outbox = new SharedOutbox(hub, name);
  }

  get isConnected(): boolean {
    return this.#status?.told[0] === "connected";
  }

  /** A page wants it connected, and is told how it stands. */
  connect(guest: Guest, wishes: NamespaceWishes): void {
    const isFirst = this.#hub.wanting(this.socket).length === 1;
    wishes.isUpToDate = isFirst && wishes.lastTerm === this.#term;
    if (isFirst) this.#term += 1;
    if (this.#isWanted) this.#greet(guest, wishes);
    else {
      this.#isWanted = true;
      this.#hub.core.connect(this.socket);
    }
  }

  /** A page wants it connected no more, or has gone. */
  handleLeft(wishes: NamespaceWishes): void {
    const isLast = this.#hub.wanting(this.socket).length === 0;
    this.#noteProgress(wishes);
    wishes.lastTerm = isLast ? this.#term : -1;
    wishes.coreConnection = undefined;
  }

  /** Disconnects it unless somebody wants it connected. */
  rest(): void {
    if (!this.#isWanted || this.#hub.wanting(this.socket).length > 0) return;
    this.#isWanted = false;
    this.#hub.core.disconnect(this.socket);
  }

  handleStatus(...told: Status): void {
    const [state, , , cause] = told;
    this.#status = { told, at: performance.now() };
    if (state !== "connected") this.#accepted = this.#verdict = undefined;
    const wanting = this.#hub.wanting(this.socket);
    if (state === "disconnected") {
      // Who disconnected it was told so, and whoever came meanwhile is yet to be.
      if (cause?.code === clientDisconnect.code) return;
      this.#isWanted = false;
      for (const [, wishes] of wanting) {
        wishes.isWanted = false;
        wishes.lastTerm = this.#term;
        this.#noteProgress(wishes);
      }
    }
    for (const [guest, { socket }] of wanting) guest.events.status(socket, ...told);
  }

  handleAccepted(id: string, recovered: boolean): void {
    this.#accepted = [id, recovered];
    for (const [guest, { socket }] of this.#hub.wanting(this.socket))
      guest.events.accepted(socket, id, recovered);
  }

  /** Who was not there before has another verdict than the others. */
  handleVerdict(verdict: ContinuityData): void {
    this.#verdict = verdict;
    if (verdict.kind === "gap") this.#gaps += 1;
    for (const [guest, wishes] of this.#hub.wanting(this.socket)) {
      const own = wishes.isUpToDate ? verdict : this.#judge(wishes, verdict);
      this.#tellVerdict(guest, wishes, own);
      // The core asks for what it has missed itself only.
      if (own.kind === "gap" && verdict.kind !== "gap") this.#hub.hooks.tellGap(guest, wishes);
      this.#hub.listening.greet(guest, wishes);
    }
  }

  /** Tells a page what the others know. */
  #greet(guest: Guest, wishes: NamespaceWishes): void {
    if (!this.#status) return;
    const { told, at } = this.#status;
    const [state, attempt, retryInMs, ...rest] = told;
    const left = Math.max(0, retryInMs - (performance.now() - at));
    if (this.#accepted) guest.events.accepted(wishes.socket, ...this.#accepted);
    guest.events.status(wishes.socket, state, attempt, left, ...rest);
    if (!this.#accepted) return;
    this.#hub.hooks.greet(guest, wishes);
    if (!this.#verdict) return;
    const own = this.#judge(wishes, this.#verdict);
    this.#tellVerdict(guest, wishes, own);
    if (own.kind === "gap") this.#hub.hooks.tellGap(guest, wishes);
    this.#hub.listening.greet(guest, wishes);
  }

  #tellVerdict(guest: Guest, wishes: NamespaceWishes, verdict: ContinuityData): void {
    const connection = toPageConnection(wishes, verdict.connection);
    Object.assign(wishes, { isUpToDate: true, hadConnection: true });
    wishes.hasGap = verdict.kind === "gap";
    guest.events.continuity(wishes.socket, { ...verdict, connection });
  }

  /** What the connection continues for who was not there: nothing, or what it was told before it left. */
  #judge(wishes: NamespaceWishes, verdict: ContinuityData): ContinuityData {
    const { positions, hadConnection, progress } = wishes;
    const { connection } = verdict;
    if (!hadConnection && positions.length === 0)
      return { kind: "fresh", connection, isLate: false };
    return positions.length > 0 && progress === this.#progress
      ? { kind: "resumed", connection, isLate: false }
      : { kind: "gap", cause: "no_proof", connection, isLate: false };
  }

  /** How much has come that has a number or an id, and how often something was missed: it never becomes less. */
  get #progress(): number {
    return this.#hub.core.dedupStatistics(this.socket).identified + this.#gaps;
  }

  #noteProgress(wishes: NamespaceWishes): void {
    wishes.positions = this.#hub.core.positions(this.socket);
    wishes.progress = this.#progress;
  }
}
