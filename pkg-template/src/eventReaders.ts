/** Reading what events are known by. Loaded with the core. */
import type { IdentityOptions, InEvent } from "./dedupPort.js";
import { fail } from "./errors.js";
import { ownField } from "./ownField.js";

/** Finds something in an event: `args` starts with its name. */
export type Reader = (args: readonly unknown[]) => unknown;

/** What `src/web/identity.js` of the crate reads events with. */
export interface Readers {
  id?: Reader;
  stream?: Reader | undefined;
  order?: Reader | undefined;
}

export class EventReaders {
  readonly readers: Readers;
  readonly #onThrow: (error: unknown) => void;
  #hasFunctions = false;
  #isReading = false;

  constructor(options: IdentityOptions, onThrow: (error: unknown) => void) {
    this.#onThrow = onThrow;
    this.readers = this.#toReaders(options);
  }

  /**
   * Returns a port that throws while a function of the application reads an event: the core is in the
   * middle of something then, and would not survive to be called.
   */
  guard<Port extends { destroy(): void }>(port: Port): Port {
    if (!this.#hasFunctions) return port;
    const guarded = Object.entries(port).map(([name, method]: [string, unknown]) => [
      name,
      (...args: unknown[]) => {
        if (!this.#isReading) return (method as (...args: unknown[]) => unknown)(...args);
        this.#refuse(name, port);
        return undefined;
      },
    ]);
    return Object.fromEntries(guarded) as Port;
  }

  #refuse(method: string, port: { destroy(): void }): void {
    if (method !== "destroy") {
      const hint = "have it only read the event's arguments";
      throw fail("invalid_option", "a function of `dedup` used the client", hint);
    }
    queueMicrotask(() => port.destroy());
  }

  #toReaders({ id, stream, order, only }: IdentityOptions): Readers {
    if (id === undefined && order === undefined) return {};
    const names = only && new Set(only);
    const ofNames = (read: Reader | undefined): Reader | undefined =>
      names && read ? (args) => (names.has(String(args[0])) ? read(args) : undefined) : read;
    return {
      id: ofNames(this.#toReader(id)) ?? (() => undefined),
      stream: this.#toReader(stream),
      order: ofNames(this.#toReader(order)),
    };
  }

  #toReader(where: InEvent<unknown> | undefined): Reader | undefined {
    if (where === undefined) return undefined;
    if (typeof where === "function") return this.#toGuarded(where);
    const [field = "", ...more] = where.split(".");
    return more.length === 0
      ? (args) => ownField(args[1], field)
      : (args) => more.reduce(ownField, ownField(args[1], field));
  }

  /** What a function throws is told once: it would be thrown for each event. */
  #toGuarded(read: (event: string, ...args: unknown[]) => unknown): Reader {
    this.#hasFunctions = true;
    let isTold = false;
    return (args) => {
      this.#isReading = true;
      try {
        return read(...(args as [string, ...unknown[]]));
      } catch (error) {
        // Whoever hears of it may use the client.
        if (!isTold) queueMicrotask(() => this.#onThrow(error));
        isTold = true;
        return undefined;
      } finally {
        this.#isReading = false;
      }
    };
  }
}
