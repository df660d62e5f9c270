/** The enqueued actions that come over one socket. */
import { type Actions, type Answer, type Report, retryAnswer } from "./actions.js";
import { type Acknowledge, attempt, callListeners, dispatch } from "./dispatch.js";
import { fingerprint } from "./encoding.js";
import { type Envelope, takeEnvelope } from "./envelope.js";
import { joined } from "./names.js";
import { type Event, type Middleware, type Next, runAll, type ServerSocket } from "./socketio.js";
import type { Transaction } from "./store.js";

/** What the application's work is told besides the event's arguments. */
export interface WorkContext<Tx> {
  /** The transaction of the decision; `undefined` with a store that has none. */
  readonly tx: Tx;
  /** The action's key; `undefined` for an event that was sent without one. */
  readonly key: string | undefined;
  /** What `identify` returned. */
  readonly identity: string;
  /**
   * Calls `tell` when the work is committed, before the client gets its answer: for events that tell
   * others of it. It is not called if the work is rolled back, nor if the process ends in between.
   */
  readonly afterCommit: (tell: () => unknown) => void;
}

/** The application's work; what it returns is the acknowledgement's argument. */
export type Work<Tx, Args extends unknown[] = unknown[]> = (
  context: WorkContext<Tx>,
  ...args: Args
) => unknown;

/** What all sockets share. */
export interface SocketSettings<Tx> {
  readonly actions: Actions<Tx>;
  readonly transaction: Transaction<Tx> | undefined;
  readonly keepMs: number;
  readonly report: Report;
  /** Returns whose actions come over a socket. */
  identify(socket: ServerSocket): string;
}

/** Takes the envelopes off before a handler sees them, and answers. */
export class SocketActions<Tx> {
  readonly #socket: ServerSocket;
  readonly #settings: SocketSettings<Tx>;
  /** The application's: they come after the envelope was taken off. */
  readonly #middlewares: Middleware[] = [];
  readonly #works = new Map<string, Work<Tx>>();
  #waiting = 0;

  constructor(socket: ServerSocket, settings: SocketSettings<Tx>) {
    this.#socket = socket;
    this.#settings = settings;
    socket.use((event, next) => this.#onEvent(event, next));
    socket.use = (middleware) => {
      this.#middlewares.push(middleware);
      return socket;
    };
  }

  /** Does `work` for each event of that name, in the transaction of the decision. */
  handle(event: string, work: Work<Tx>): void {
    if (this.#works.has(event)) throw new Error(`there is a handler for "${event}" on this socket`);
    this.#works.set(event, work);
    this.#socket.on(event, (...args) => {
      this.#doPlainly(work, args).catch(this.#settings.report);
    });
  }

  #onEvent(event: Event, next: Next): void {
    const taken = takeEnvelope(event);
    if (!taken) {
      runAll(this.#middlewares, event, next);
      return;
    }
    const acknowledge = takeAcknowledgement(event);
    if ("problem" in taken) {
      refuse(acknowledge, taken.key, taken.problem);
      return;
    }
    const { envelope } = taken;
    const answer = ({ status, args }: Answer) =>
      acknowledge({ $sockeye: { k: envelope.key, ...status } }, ...args);
    if (this.#waiting >= mostWaiting) {
      answer(retryAnswer(1));
      return;
    }
    const hash = fingerprintOf(event);
    if (hash === undefined) {
      refuse(acknowledge, envelope.key, "the payload is nested too deeply");
      return;
    }
    this.#waiting += 1;
    void this.#do({ event, envelope, hash, answer, next }).finally(() => (this.#waiting -= 1));
  }

  async #do({ event, envelope, hash, answer, next }: Arrival): Promise<void> {
    const { actions, report, keepMs } = this.#settings;
    const work = this.#works.get(event[0]);
    const tellings = new Tellings(report);
    try {
      const identity = this.#identity();
      const { nsp } = this.#socket;
      await actions.do({
        action: { identity: joined(nsp.name, identity), envelope, hash, keepMs },
        isTransactional: work !== undefined,
        isWanted: () => this.#socket.connected,
        perform: (tx) => {
          const { afterCommit } = tellings.restart();
          const context = { tx: tx as Tx, key: envelope.key, identity, afterCommit };
          return this.#perform(event, next, context);
        },
        committed: () => tellings.tellAll(),
        answer,
      });
    } catch (error) {
      report(error);
      answer(retryAnswer(1));
    }
  }

  #perform(event: Event, next: Next, context: WorkContext<Tx>): Promise<readonly unknown[]> {
    return dispatch({
      event,
      middlewares: this.#middlewares,
      vetoed: next,
      report: this.#settings.report,
      run: (whole, acknowledge, fail) => {
        const work = this.#works.get(whole[0]);
        if (!work) {
          callListeners(this.#socket, whole, fail);
          return;
        }
        const args = whole.slice(1, -1);
        attempt(() => work(context, ...args)).then(
          (value) => acknowledge(...asArguments(value)),
          fail,
        );
      },
    });
  }

  /** For clients that know nothing of keys. */
  async #doPlainly(work: Work<Tx>, args: unknown[]): Promise<void> {
    const acknowledge = takeAcknowledgement(args);
    const { transaction, report } = this.#settings;
    const identity = this.#identity();
    const tellings = new Tellings(report);
    const { afterCommit } = tellings;
    const run = (tx: Tx) =>
      attempt(() => work({ tx, key: undefined, identity, afterCommit }, ...args));
    const value = await (transaction ? transaction(run) : run(undefined as Tx));
    tellings.tellAll();
    acknowledge(...asArguments(value));
  }

  #identity(): string {
    const identity: unknown = this.#settings.identify(this.#socket);
    if (typeof identity === "string") return identity;
    throw new TypeError("identify must return a string");
  }
}

/** What work wants to be done after its commit. */
class Tellings {
  readonly #report: Report;
  #waiting: (() => unknown)[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  readonly afterCommit = (tell: () => unknown): void => void this.#waiting.push(tell);

  /** Forgets what earlier work wanted, which was rolled back. */
  restart(): this {
    this.#waiting = [];
    return this;
  }

  tellAll(): void {
    for (const tell of this.#waiting) attempt(tell).catch(this.#report);
  }
}

interface Arrival {
  readonly event: Event;
  readonly envelope: Envelope;
  readonly hash: string;
  readonly answer: (answer: Answer) => void;
  readonly next: Next;
}

/** Takes the acknowledgement off the end; a client that wants none gets none. */
function takeAcknowledgement(args: unknown[]): Acknowledge {
  return typeof args.at(-1) === "function" ? (args.pop() as Acknowledge) : () => {};
}

/** No honest client gets this. Nothing is stored, because nothing is known about the sender. */
function refuse(acknowledge: Acknowledge, key: string, message: string): void {
  acknowledge({ $sockeye: { k: key, s: "rejected" } }, { code: "invalid_envelope", message });
}

function fingerprintOf(event: Event): string | undefined {
  try {
    return fingerprint(event);
  } catch {
    return undefined;
  }
}

const asArguments = (value: unknown): unknown[] => (value === undefined ? [] : [value]);

/** More actions than these wait for nothing: each is asked to come again. */
const mostWaiting = 1_000;
