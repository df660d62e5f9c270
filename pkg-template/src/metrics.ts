/** Figures about a client: what is counted while somebody wants to know. */
import type { Connection } from "./connection.js";
import type { SockeyeErrorCode } from "./errors.js";
import { type Observer, StateObservable, Subject } from "./observable.js";
import type { ClientStatus } from "./status.js";
import type { Direction, PassageKind, Watch } from "./watches.js";

/** How often something happened, by the code of its error. */
export type CountsByCode = Readonly<Partial<Record<SockeyeErrorCode, number>>>;

/** What went over the wire in one direction. */
export interface TrafficMetrics {
  /** Events, requests, actions and acknowledgements that the application has to do with. */
  readonly events: number;
  /** Bytes of all frames. */
  readonly bytes: number;
}

/** What `client.metrics` tells. Everything is counted from the first use of that on. */
export interface Metrics {
  readonly roundTrip: {
    /** From the last request to its answer. */
    readonly lastMs: number | undefined;
    /** The same, smoothed: each one counts for an eighth. */
    readonly smoothedMs: number | undefined;
    /** From the last sign of life that was asked for to its coming. */
    readonly probeMs: number | undefined;
  };
  /** How often a namespace has lost its connection and tries again, by cause. */
  readonly reconnections: CountsByCode;
  readonly outbox: {
    /** How many actions have not ended. */
    readonly depth: number;
    /** How old the oldest of them is. */
    readonly oldestMs: number | undefined;
  };
  /** Events that were dropped because they had been delivered before, since the client was made. */
  readonly duplicates: number;
  /** What interceptors have stopped. */
  readonly vetoed: number;
  readonly received: TrafficMetrics;
  readonly sent: TrafficMetrics;
  /** What `client.errors` has told. */
  readonly errors: CountsByCode;
}

/** Tells whoever wants to know when somebody observes it, and when nobody does any more. */
class SampledSubject extends Subject<Metrics> {
  readonly #handleObserved: (isObserved: boolean) => void;

  constructor(report: (error: unknown) => void, handleObserved: (isObserved: boolean) => void) {
    super(report);
    this.#handleObserved = handleObserved;
  }

  override add(observer: Observer<Metrics>): () => void {
    const remove = super.add(observer);
    this.#handleObserved(this.isObserved);
    return () => {
      remove();
      this.#handleObserved(this.isObserved);
    };
  }
}

export class Meter implements Watch {
  readonly observable: StateObservable<Metrics>;
  readonly #connection: Connection;
  readonly #outboxDepth: () => number;
  readonly #events = { in: 0, out: 0 };
  readonly #reconnections: Partial<Record<SockeyeErrorCode, number>> = {};
  readonly #errors: Partial<Record<SockeyeErrorCode, number>> = {};
  #vetoed = 0;
  #lastMs: number | undefined;
  #smoothedMs: number | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `outboxDepth` counts the actions before the core is there. */
  constructor(connection: Connection, outboxDepth: () => number) {
    this.#connection = connection;
    this.#outboxDepth = outboxDepth;
    const subject = new SampledSubject(
      (error) => connection.report(error),
      (isObserved) => this.#sample(isObserved, subject),
    );
    this.observable = new StateObservable(() => this.#read(), subject);
    connection.errors.add({
      next: ({ code }) => add(this.#errors, code),
      complete: () => subject.complete(),
    });
    connection.watches.add(this);
    this.handleLoaded();
  }

  passed(direction: Direction, _kind: PassageKind): void {
    this.#events[direction]++;
  }

  status(_namespace: string, status: ClientStatus): void {
    if (status.state === "waiting" && status.reason && status.cause) {
      add(this.#reconnections, status.cause.code);
    }
  }

  answered(elapsedMs: number): void {
    this.#lastMs = elapsedMs;
    this.#smoothedMs = (this.#smoothedMs ?? elapsedMs) * 0.875 + elapsedMs * 0.125;
  }

  vetoed(): void {
    this.#vetoed++;
  }

  /** From now on bytes are counted. */
  handleLoaded(): void {
    this.#connection.core?.traffic();
  }

  #sample(isObserved: boolean, subject: Subject<Metrics>): void {
    if (isObserved === (this.#timer !== undefined)) return;
    clearInterval(this.#timer);
    const { metricsIntervalMs } = this.#connection.options;
    this.#timer = isObserved
      ? setInterval(() => subject.next(this.#read()), metricsIntervalMs)
      : undefined;
  }

  #read(): Metrics {
    const { core, namespaces, services } = this.#connection;
    const asked = core && services?.readFigures(core, namespaces.length);
    const { probeMs, outbox, duplicates = 0, bytes } = asked ?? {};
    return {
      roundTrip: { lastMs: this.#lastMs, smoothedMs: this.#smoothedMs, probeMs },
      reconnections: { ...this.#reconnections },
      outbox: outbox ?? { depth: this.#outboxDepth(), oldestMs: undefined },
      duplicates,
      vetoed: this.#vetoed,
      received: { events: this.#events.in, bytes: bytes?.received ?? 0 },
      sent: { events: this.#events.out, bytes: bytes?.sent ?? 0 },
      errors: { ...this.#errors },
    };
  }
}

function add(counts: Partial<Record<SockeyeErrorCode, number>>, code: SockeyeErrorCode): void {
  counts[code] = (counts[code] ?? 0) + 1;
}
