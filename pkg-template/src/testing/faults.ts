/** Faults that a test makes, at once or by rule. */
import { CountedRule, type FaultRule, type Moment, type Verdict } from "./faultRules.js";
import type { Direction } from "./frames.js";
import type { Link } from "./link.js";
import type { Random } from "./random.js";

/**
 * What goes wrong between the clients and the server.
 *
 * @example
 * server.faults.add({ on: { event: { name: "order" } }, times: 1, do: { cut: {} } });
 */
export class Faults {
  readonly #links: ReadonlySet<Link>;
  readonly #random: Random;
  readonly #stalled = new Set<Direction>();
  #rules: CountedRule[] = [];
  #number = 0;

  /** @internal */
  constructor(links: ReadonlySet<Link>, random: Random) {
    this.#links = links;
    this.#random = random;
  }

  /**
   * Adds a rule behind the others; returns its id.
   *
   * @throws {SockeyeError} `invalid_option` for what is no rule.
   */
  add(rule: FaultRule): string {
    this.#number += 1;
    const id = rule.id ?? `rule-${this.#number}`;
    this.#rules.push(new CountedRule(rule, id, this.#random));
    return id;
  }

  /** Takes a rule away. */
  remove(id: string): void {
    this.#rules = this.#rules.filter((rule) => rule.id !== id);
  }

  /** Takes all rules away, and lets everything go on that stands still. */
  clear(): void {
    this.#rules = [];
    this.release();
  }

  /** Ends all connections as a network does; returns how many there were. */
  cut(): number {
    const links = [...this.#links];
    for (const link of links) link.cut();
    return links.length;
  }

  /** Lets nothing through in a direction, or both, also on connections that come. Nothing is closed. */
  stall(direction?: Direction): void {
    const directions = direction ? [direction] : (["clientToServer", "serverToClient"] as const);
    for (const each of directions) {
      this.#stalled.add(each);
      for (const link of this.#links) link.stall(each);
    }
  }

  /** Lets everything go on that stands still, also by rule. */
  release(): void {
    this.#stalled.clear();
    for (const link of this.#links) link.release();
  }

  /** @internal A connection has come. */
  welcome(link: Link): void {
    for (const direction of this.#stalled) link.stall(direction);
  }

  /** @internal Every rule counts; the first that fits decides. */
  judge(moment: Moment): Verdict | undefined {
    const fitting = this.#rules.filter((rule) => rule.fits(moment));
    return fitting[0]?.apply();
  }
}
