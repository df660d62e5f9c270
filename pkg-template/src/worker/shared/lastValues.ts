/** The last event of each name of which some page shows only the newest: who joins gets it. */
import type { Guest } from "./wishes.js";

interface LastValue {
  readonly args: readonly unknown[];
  /** Who knows it. */
  readonly told: Set<Guest>;
}

/** Of so many names and namespaces; the one that was quiet for the longest time is forgotten. */
const MAX_VALUES = 1_000;

export class LastValues {
  /** By name and namespace. */
  readonly #values = new Map<string, LastValue>();
  readonly #names = new Set<string>();

  /** From now on, or no more, the last value of events of this name is kept. */
  setKept(name: string, isKept: boolean): void {
    if (isKept) this.#names.add(name);
    else if (this.#names.delete(name)) {
      const keys = [...this.#values].filter(([, { args }]) => args[0] === name);
      for (const [key] of keys) this.#values.delete(key);
    }
  }

  /** These have got an event. */
  note(socket: number, name: string, args: readonly unknown[], told: readonly Guest[]): void {
    if (!this.#names.has(name)) return;
    const key = toKey(socket, name);
    this.#values.delete(key);
    this.#values.set(key, { args, told: new Set(told) });
    const [oldest] = this.#values.keys();
    if (this.#values.size > MAX_VALUES && oldest !== undefined) this.#values.delete(oldest);
  }

  /** Returns the last event, if the page does not know it yet: it is taken to be told. */
  take(socket: number, name: string, guest: Guest): readonly unknown[] | undefined {
    const value = this.#values.get(toKey(socket, name));
    if (!value || value.told.has(guest)) return undefined;
    value.told.add(guest);
    return value.args;
  }

  /** A page has gone. */
  handleLeft(guest: Guest): void {
    for (const { told } of this.#values.values()) told.delete(guest);
  }
}

const toKey = (socket: number, name: string) => `${socket} ${name}`;
