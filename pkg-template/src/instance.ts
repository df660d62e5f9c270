/**
 * An instance of the wasm module, which ends with the first failure in it.
 *
 * A trap, like anything else that is thrown through Rust, leaves it in the middle of something: whatever
 * is called next would find a borrow that never ends. So it is never called again. Loaded with the core.
 */
import { type Exports, type Glue, makeGlue } from "./wasm/glue.js";

/** Something that has to be closed from this side when an instance has failed. */
export interface Abandoned {
  abandon(): void;
}

/** Closes what a core has open that can close nothing any more. */
export function abandon(open: Iterable<Abandoned>): void {
  for (const one of [...open]) one.abandon();
}

/** What is told why an instance has failed, at once: whatever called it may still be on the stack. */
export type FailureHandler = (cause: unknown) => void;

/** What nobody waits for: timers, and the garbage collector. How the compiler is called decides what follows in the names. */
const isCalledByNobody = (name: string) =>
  name.startsWith("wasm_bindgen_") || name.endsWith("_free") || name.endsWith("destroy_closure");

export class Instance {
  readonly glue: Glue;
  #isAlive = true;
  #cause: unknown;
  readonly #handlers = new Set<FailureHandler>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor() {
    this.glue = makeGlue((exports) => this.#guard(exports), this.#timing());
    const { Client, Engine, Decoder } = this.glue;
    for (const { prototype } of [Client, Engine, Decoder]) this.#contain(prototype);
  }

  /** Whether nothing has failed in it. What is called after that does nothing and returns undefined. */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Has `handle` called when the instance fails; returns what takes that back. */
  onFailed(handle: FailureHandler): () => void {
    this.#handlers.add(handle);
    return () => void this.#handlers.delete(handle);
  }

  /** Throws if the instance has failed, so that what is left of it on the stack ends, too. */
  assertAlive(): void {
    if (!this.#isAlive) throw this.#cause;
  }

  /** Returns listeners that tell nothing of an instance that has failed. */
  hear<Listeners extends object>(listeners: Listeners): Listeners {
    const heard = Object.entries(listeners).map(([name, tell]: [string, Tell]) => [
      name,
      (...args: unknown[]) => {
        this.assertAlive();
        tell(...args);
        // The listener may have called the client.
        this.assertAlive();
      },
    ]);
    return Object.fromEntries(heard) as Listeners;
  }

  /** Notices what is thrown out of the instance. What throws before it gets there harms nothing. */
  #guard(exports: Exports): Exports {
    const guarded = Object.entries(exports).map(([name, value]) => [
      name,
      typeof value === "function" ? this.#guarded(name, value as Call) : value,
    ]);
    return Object.fromEntries(guarded) as Exports;
  }

  #guarded(name: string, call: Call): Call {
    const isQuiet = isCalledByNobody(name);
    return (...args) => {
      try {
        this.assertAlive();
        return call(...args);
      } catch (error) {
        // That of an object that was freed: Rust does not get as far as to begin.
        if (this.#isAlive && args[0] === 0) throw error;
        this.#fail(error);
        if (!isQuiet) throw error;
        return undefined;
      }
    };
  }

  /** Nobody is to see what the instance throws when it fails, or afterwards. */
  #contain(prototype: object): void {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      if (name === "constructor") continue;
      const method = (prototype as Record<string, Call>)[name] as Call;
      const instance = this as Instance;
      (prototype as Record<string, Call>)[name] = function (this: unknown, ...args) {
        try {
          return method.apply(this, args);
        } catch (error) {
          if (instance.#isAlive) throw error;
          return undefined;
        }
      };
    }
  }

  #fail(cause: unknown): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#cause = cause;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const handle of [...this.#handlers]) handle(cause);
  }

  #timing() {
    return {
      setTimeout: (callback: () => void, delayMs: number) => {
        const timer = setTimeout(() => {
          this.#timers.delete(timer);
          callback();
        }, delayMs);
        this.#timers.add(timer);
        return timer;
      },
      clearTimeout: (timer: unknown) => {
        this.#timers.delete(timer as ReturnType<typeof setTimeout>);
        clearTimeout(timer as ReturnType<typeof setTimeout>);
      },
    };
  }
}

type Tell = (...args: unknown[]) => void;
type Call = (this: unknown, ...args: unknown[]) => unknown;
