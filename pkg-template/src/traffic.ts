/** What passes through a namespace: who may change or stop it, and who watches. */
import type { Connection } from "./connection.js";
import { fail, isSockeyeError, type SockeyeError } from "./errors.js";
import type { AnyEvent } from "./events.js";
import { Observable, Subject, type Subscription } from "./observable.js";
import type { ClientStatus } from "./status.js";
import type { Direction, PassageKind } from "./watches.js";

/** Other arguments, `false` to stop what passes, nothing to leave it as it is. */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- an interceptor may return nothing
export type Intercepted = readonly unknown[] | false | undefined | void;

/** What stands between an application and the wire. Each function is optional, and must not wait. */
export interface Interceptor {
  /** An event has come, before anybody is told. */
  inbound?: (event: string, args: readonly unknown[]) => Intercepted;
  /** An event is about to be sent: by `emit`, `request`, `enqueue`, `emitLatest` or a topic. */
  outbound?: (event: string, args: readonly unknown[]) => Intercepted;
  /** An acknowledgement of `event` has come, or is about to be sent. */
  ack?: (event: string, args: readonly unknown[], direction: Direction) => Intercepted;
}

export class Traffic {
  readonly outgoing: Subject<AnyEvent>;
  readonly #connection: Connection;
  readonly #namespace: string;
  #interceptors: readonly Interceptor[] | undefined;

  constructor(connection: Connection, namespace: string) {
    this.#connection = connection;
    this.#namespace = namespace;
    this.outgoing = new Subject((error) => connection.report(error));
  }

  use(interceptor: Interceptor): Subscription {
    const used = { ...interceptor };
    const { eventNumbers } = this.#connection;
    eventNumbers.retainWhole();
    this.#interceptors = [...(this.#interceptors ?? []), used];
    const subscription = new Observable<never>(() => () => {
      const others = this.#interceptors?.filter((other) => other !== used) ?? [];
      this.#interceptors = others.length > 0 ? others : undefined;
      eventNumbers.releaseWhole();
    });
    return subscription.subscribe({});
  }

  /** Returns what is sent instead of these arguments. Throws `vetoed`. */
  send(event: string, args: unknown[]): unknown[] {
    return this.#interceptors ? this.#pass("outbound", event, args) : args;
  }

  /** An event has been taken to be sent. */
  handleSent(kind: PassageKind, event: string, args: readonly unknown[]): void {
    this.#watched("out", kind, event, args);
    if (this.outgoing.isObserved) this.outgoing.next({ event, args });
  }

  /**
   * Returns what is told instead of an event: `args` starts with its name. Nothing is told of it if that is
   * no array but whether it counts as delivered.
   */
  receive(args: readonly unknown[]): readonly unknown[] | boolean {
    if (!this.#connection.watches.all && !this.#interceptors) return args;
    const [name, ...rest] = args;
    const event = String(name);
    this.#watched("in", "event", event, rest);
    if (!this.#interceptors) return args;
    try {
      return [name, ...this.#pass("inbound", event, rest)];
    } catch (error) {
      return this.#isDropped((error as SockeyeError).cause);
    }
  }

  /** What is not valid will not be so when it comes again; where an interceptor failed, it may be. */
  #isDropped(cause: unknown): boolean {
    const isInvalid = isSockeyeError(cause) && cause.code === "invalid_event";
    if (isInvalid) this.#connection.errors.next(cause);
    else if (cause !== undefined) this.#connection.report(cause);
    return isInvalid || cause === undefined;
  }

  /** Returns when a request is sent, if anybody wants to know how long it takes. */
  start(isConnected: boolean): number | undefined {
    return this.#connection.watches.all && isConnected ? performance.now() : undefined;
  }

  /** Returns what is told instead of the server's answer. Throws `vetoed`. */
  answered(event: string, args: readonly unknown[], startedAt?: number): readonly unknown[] {
    this.#watched("in", "ack", event, args);
    if (startedAt !== undefined) {
      const elapsedMs = performance.now() - startedAt;
      this.#connection.watches.all?.forEach((watch) => watch.answered?.(elapsedMs));
    }
    return this.#interceptors ? this.#pass("ack", event, [...args], "in") : args;
  }

  /** Returns what is sent instead of the answer to an event of the server; nothing if it is stopped. */
  answer(event: string, args: unknown[]): unknown[] | undefined {
    let passed = args;
    try {
      if (this.#interceptors) passed = this.#pass("ack", event, args, "out");
    } catch (error) {
      const { cause } = error as SockeyeError;
      if (cause !== undefined) this.#connection.report(cause);
      return undefined;
    }
    this.#watched("out", "ack", event, passed);
    return passed;
  }

  handleStatus(status: ClientStatus): void {
    this.#connection.watches.all?.forEach((watch) => watch.status(this.#namespace, status));
  }

  #watched(direction: Direction, kind: PassageKind, event: string, args: readonly unknown[]): void {
    this.#connection.watches.all?.forEach((watch) =>
      watch.passed(direction, kind, this.#namespace, event, args),
    );
  }

  /** One after the other; each gets what the one before it has made. */
  #pass(
    kind: keyof Interceptor,
    event: string,
    args: unknown[],
    direction: Direction = "in",
  ): unknown[] {
    let passed: readonly unknown[] = args;
    for (const interceptor of this.#interceptors ?? []) {
      let made;
      try {
        made = interceptor[kind]?.(event, passed, direction);
      } catch (error) {
        throw this.#vetoed(event, error);
      }
      if (made === false) throw this.#vetoed(event);
      if (Array.isArray(made)) passed = made as unknown[];
    }
    return [...passed];
  }

  #vetoed(event: string, cause?: unknown): SockeyeError {
    this.#connection.watches.all?.forEach((watch) => watch.vetoed?.());
    const hint = "what it threw, if it did, is the `cause`";
    return fail("vetoed", `an interceptor stopped "${event}"`, hint, cause);
  }
}
