/** Who watches what a client does. */
import type { ClientStatus } from "./status.js";

/** `in` comes from the server, `out` goes there. */
export type Direction = "in" | "out";

/** What is sent and received. */
export type PassageKind = "event" | "request" | "action" | "ack";

/** Somebody who watches all namespaces of a client. */
export interface Watch {
  passed(
    direction: Direction,
    kind: PassageKind,
    namespace: string,
    event: string,
    args: readonly unknown[],
  ): void;
  status(namespace: string, status: ClientStatus): void;
  /** A request was answered after this time. */
  answered?(elapsedMs: number): void;
  /** An interceptor has stopped something. */
  vetoed?(): void;
}

export class Watches {
  /** Undefined if there are none, so that nothing has to be done for them. */
  all: readonly Watch[] | undefined;

  add(watch: Watch): void {
    this.all = [...(this.all ?? []), watch];
  }

  remove(watch: Watch): void {
    const others = this.all?.filter((other) => other !== watch) ?? [];
    this.all = others.length > 0 ? others : undefined;
  }
}
