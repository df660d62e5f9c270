/** What can go wrong between a client and the server, and the rules that say when. */
import { answersConnect, checkRule } from "./checkRule.js";
import type { MalformedName } from "./malformed.js";
import type { Direction, PacketName, Passage } from "./frames.js";
import type { Random } from "./random.js";

/** Whether something happens before a message, which then does not go through, or after it. Default: before. */
export interface Order {
  readonly when?: "before" | "after" | undefined;
}

/**
 * What happens, in the words of `sockeye-mock`.
 *
 * To a message, which is a packet with its attachments:
 *
 * - `"pass"`: nothing but an entry in the log.
 * - `"drop"`, `"duplicate"`: it does not go through, or twice.
 * - `{ reorder: {} }`: it goes through after the next one.
 * - `{ delay: { ms } }`: it and what follows it waits; the order stays.
 * - `{ stall: {} }`: it and what follows it waits until `faults.release()`.
 * - `{ replace: { text } }`: this text comes in its place.
 * - `{ malformed: { name, when } }`: the client gets what no server should send: `instead` of it (the default),
 *   `before` or `after` it.
 * - `{ cut: { when } }`: both sides lose the connection.
 * - `{ halfClose: { when } }`: the receiver loses the connection, and the sender does not notice.
 * - `{ disconnect: { when, close } }`: the server disconnects the socket, with `close` also its connection.
 * - `{ restart: { loseMemory } }`: the server restarts, before it.
 *
 * To a CONNECT, the `packet` of the type `connect`:
 *
 * - `{ connectError: { message, data } }`: the server refuses the namespace.
 * - `"expiredToken"`: it does so with the message and the `data.code` `expired`.
 *
 * To a client that comes: `"pass"`, and
 *
 * - `"refuse"`: nothing answers.
 * - `{ respond: { status, retryAfter } }`, with `on: { request: {} }`: an HTTP status answers, and says in how many
 *   seconds to come again.
 */
export type Fault =
  | "pass"
  | "drop"
  | "duplicate"
  | "refuse"
  | "expiredToken"
  | { readonly reorder: Readonly<Record<string, never>> }
  | { readonly stall: Readonly<Record<string, never>> }
  | { readonly delay: { readonly ms: number } }
  | { readonly replace: { readonly text: string } }
  | { readonly malformed: Malformed }
  | { readonly cut: Order }
  | { readonly halfClose: Order }
  | { readonly disconnect: Order & { readonly close?: boolean | undefined } }
  | { readonly connectError: { readonly message: string; readonly data?: unknown } }
  | { readonly restart: { readonly loseMemory?: boolean | undefined } }
  | { readonly respond: Refusal };

/** Which malformed frames come, and where. */
export interface Malformed {
  readonly name: MalformedName;
  readonly when?: "before" | "after" | "instead" | undefined;
}

/** What the server, or what stands before it, says in place of a connection. */
export interface Refusal {
  /** The HTTP status: 429, 503. */
  readonly status: number;
  /** What the header `Retry-After` says, in seconds. */
  readonly retryAfter?: number | undefined;
}

/** Which events a rule is about. Without a field: any. */
export interface EventMatch {
  readonly name?: string | undefined;
  /** `/` is the main one. */
  readonly namespace?: string | undefined;
  /** Only the nth that fits, on each connection and in each direction. */
  readonly nth?: number | undefined;
}

/** Which packets a rule is about. Without a field: any. */
export interface PacketMatch {
  readonly type?: PacketName | undefined;
  /** `/` is the main one. */
  readonly namespace?: string | undefined;
  /** Only the nth that fits, on each connection and in each direction. */
  readonly nth?: number | undefined;
}

/** Which requests for a connection a rule is about. */
export interface RequestMatch {
  /** With it only WebSockets are refused, and who asks over HTTP is answered as ever. */
  readonly transport?: "websocket" | undefined;
}

/** The moment that a rule waits for. */
export type Trigger =
  | "connection"
  | { readonly request: RequestMatch }
  | { readonly event: EventMatch }
  | { readonly packet: PacketMatch };

/** When a fault happens. The first rule that fits a moment decides it; the others count on. */
export interface FaultRule {
  /** Its name in the log. Default: `rule-1`, `rule-2` … */
  readonly id?: string | undefined;
  /** Only on the nth connection since the server was made. */
  readonly connection?: number | undefined;
  /** Only in this direction. Default: both. */
  readonly direction?: Direction | undefined;
  /** What it is about: messages, or that a client comes. */
  readonly on: Trigger;
  /** How often it applies, over all connections. Default: always. */
  readonly times?: number | undefined;
  /** At which share of the moments it applies, from 0 to 1; drawn from the server's `seed`. Default 1. */
  readonly share?: number | undefined;
  /** What happens. */
  readonly do: Fault;
}

/** What a rule decides. */
export interface Verdict {
  readonly rule: string;
  readonly fault: Fault;
  /** Only WebSockets are meant. */
  readonly isForWebSockets: boolean;
}

/** A moment that rules may be about. */
export interface Moment {
  readonly connection: number;
  readonly direction: Direction;
  /** Undefined when a client comes. */
  readonly passage: Passage | undefined;
}

/** A rule, and what it has counted. */
export class CountedRule {
  readonly id: string;
  readonly #rule: FaultRule;
  readonly #random: Random;
  readonly #seen = new Map<string, number>();
  #applied = 0;

  /** @throws {SockeyeError} `invalid_option` for what is no rule. */
  constructor(rule: FaultRule, id: string, random: Random) {
    checkRule(rule);
    this.id = id;
    this.#rule = rule;
    this.#random = random;
  }

  /** Counts a moment that fits; says whether the rule would apply to it. */
  fits(moment: Moment): boolean {
    if (!this.#isAbout(moment)) return false;
    const lane = `${moment.connection} ${moment.direction}`;
    const seen = (this.#seen.get(lane) ?? 0) + 1;
    this.#seen.set(lane, seen);
    const { on, times = Infinity, share = 1 } = this.#rule;
    if (seen !== (nthOf(on) ?? seen) || this.#applied >= times) return false;
    return share === 1 || this.#random.next() < share;
  }

  /** The rule applies. */
  apply(): Verdict {
    this.#applied += 1;
    const { on, do: fault } = this.#rule;
    const isForWebSockets =
      typeof on === "object" && "request" in on && on.request.transport !== undefined;
    return {
      rule: this.id,
      fault: fault === "expiredToken" ? expiredToken : fault,
      isForWebSockets,
    };
  }

  #isAbout({ connection, direction, passage }: Moment): boolean {
    const { on, connection: only = connection } = this.#rule;
    const { direction: way = answersConnect(this.#rule.do) ? "clientToServer" : direction } =
      this.#rule;
    if (only !== connection || way !== direction) return false;
    if (!passage) return on === "connection" || "request" in on;
    if (on === "connection" || "request" in on) return false;
    if ("event" in on) return passage.packet === "event" && isWanted(on.event, passage);
    return isWanted(on.packet, passage) && (on.packet.type ?? passage.packet) === passage.packet;
  }
}

const nthOf = (on: Trigger): number | undefined => {
  if (on === "connection" || "request" in on) return undefined;
  return "event" in on ? on.event.nth : on.packet.nth;
};

/** Whether the name and the namespace are those that are meant. */
const isWanted = (match: EventMatch, { event, namespace }: Passage): boolean =>
  (match.name ?? event) === event && (match.namespace ?? namespace) === namespace;

/** What clients ask for another token after, by default. */
const expiredToken = { connectError: { message: "expired", data: { code: "expired" } } };
