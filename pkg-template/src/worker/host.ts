/** The worker's side of the border: the core of one page. */
import { describe } from "../descriptions.js";
import type { ErrorData } from "../errors.js";
import type { Pace } from "../pacing.js";
import type { CoreEvents, CoreOptions, WorkerCore } from "../port.js";
import type { MakeCore, StoringCore } from "./storingCore.js";
import { Courier } from "./courier.js";
import { type Delivered, HeldBack } from "./heldBack.js";
import { HeldLock, whenReleased } from "./heldLock.js";
import { HostedStores } from "./hostedStores.js";
import {
  type Call,
  type CrossingOptions,
  type FiguresData,
  type Hello,
  sendings,
  type SocketFigures,
  type Told,
  tellings,
  type Wire,
} from "./messages.js";
import { tellRefusal } from "./refusals.js";

type Calls = Record<string, (...args: unknown[]) => unknown>;
type Handlers = Record<string, ((...args: never[]) => void) | undefined>;

/** How often a page is told figures that have changed. */
const FIGURES_MS = 250;
/** So many events wait for a page that takes nothing in. Then the older half is given up. */
const MAX_WAITING = 20_000;

/** How the worker is to the page. */
export interface Hosting {
  /** Whether it is one of several pages, which goes on while this one is away. Default false. */
  isShared?: boolean;
  /** Whether the page is told nothing while it is away. Default false. */
  isQuiet?: boolean;
  /** Called when the page is told nothing more. */
  handleEnded?: () => void;
}

export class Host {
  readonly #port: Wire;
  readonly #handleEnded: () => void;
  readonly #courier: Courier<Told>;
  readonly #options: CoreOptions;
  readonly #lock: HeldLock;
  readonly #isShared: boolean;
  readonly #isQuiet: boolean;
  readonly #events: CoreEvents;
  readonly #stores: HostedStores;
  readonly #handlers: Handlers;
  /** By the numbers of events. */
  readonly #held = new Map<number, HeldBack>();
  /** By the numbers of namespaces: what was asked last. */
  readonly #asked: number[] = [];
  /** The deliveries that the page has and may yet say of that they failed. */
  #told: number[] = [];
  #core: StoringCore | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #sockets = 0;
  #traffic: CoreOptions["traffic"];
  #figures = "";
  #unwatch: (() => void) | undefined;
  #term = 0;
  #isDestroyed = false;

  constructor(
    port: Wire,
    { options, lock }: Pick<Hello, "options" | "lock">,
    { isShared = false, isQuiet = false, handleEnded = () => {} }: Hosting = {},
  ) {
    this.#port = port;
    this.#isShared = isShared;
    this.#isQuiet = isQuiet;
    this.#handleEnded = handleEnded;
    this.#options = toCoreOptions(options);
    this.#traffic = this.#options.traffic;
    port.addEventListener("close", () => this.end());
    this.#lock = new HeldLock(lock, () => this.#courier.add(["locked", this.#term]));
    this.#courier = new Courier<Told>(
      port,
      (told, error) => this.#handleRefused(told, error),
      (told) => this.#complete(told),
    );
    this.#events = this.#toEvents();
    this.#stores = new HostedStores({
      tell: (told) => this.#courier.add(told),
      say: (told) => this.#say(told),
    });
    this.#handlers = this.#toHandlers();
  }

  /** What the page asks before the core is there waits. */
  async start(makeCore: MakeCore<StoringCore>): Promise<void> {
    const early: Call[] = [];
    this.#port.onmessage = ({ data }: MessageEvent<Call[]>) => early.push(...data);
    try {
      const { signal } = new AbortController();
      this.#core = await makeCore(this.#options, this.#events, signal);
    } catch (error) {
      this.#say(["unavailable", ...toUnavailable(error)]);
      this.#handleEnded();
      return;
    }
    if (this.#isDestroyed) {
      this.#core.destroy();
      return;
    }
    this.#stores.start(this.#core);
    this.#say(["ready"]);
    this.#lock.hold();
    this.#timer = setInterval(() => this.#tellFigures(), FIGURES_MS);
    this.#port.onmessage = ({ data }: MessageEvent<Call[]>) => this.#take(data);
    this.#take(early);
  }

  /** What a page in the back/forward cache is told over a broadcast channel has it thrown out. */
  #pause(): void {
    if (this.#isQuiet) this.#courier.pause();
  }

  /** The page is not served any more, and hears why unless it is away. */
  dismiss(error: ErrorData): void {
    this.#say(["coreFailed", error, undefined]);
    void this.#destroy();
  }

  /** The page has gone for good, or wants nothing more. */
  end(): void {
    this.#courier.resume();
    void this.#destroy();
  }

  /** Tells something ahead of what waits for the page to take in what it was told, unless it is away. */
  #say(told: Told): void {
    if (this.#courier.isPaused) this.#courier.add(told);
    else this.#port.postMessage([told]);
  }

  /** The server may send what can be read, but is nested too deep to be cloned. */
  #handleRefused(told: Told, error: unknown): void {
    if (told[0] === "delivered") this.#release(told[6]);
    const instead = toCloneable(told);
    if (instead) this.#courier.add(instead);
    const detail = `what the server has sent is nested too deep for a worker: ${String(error)}`;
    this.#courier.add(["reported", describe("parse_error", detail)]);
  }

  #toEvents(): CoreEvents {
    const told = tellings.map((name) => [
      name,
      (...args: unknown[]) => this.#courier.add([name, ...args] as Told),
    ]);
    return {
      ...(Object.fromEntries(told) as Omit<CoreEvents, "delivered" | "status">),
      coreFailed: (error, cause) => {
        clearInterval(this.#timer);
        this.#courier.add(["coreFailed", error, String(cause)]);
      },
      status: (...args) => this.#courier.add(["status", ...args, this.#asked[args[0]] ?? 0]),
      delivered: (...args) => {
        const delivery = this.#core?.keepDelivery() ?? 0;
        this.#deliver(["delivered", ...args, delivery]);
        return true;
      },
    };
  }

  /** What the server wants an answer to is never held back. */
  #deliver(delivered: Delivered): void {
    const [, , event, , , ackId] = delivered;
    const held = ackId < 0 ? this.#held.get(event) : undefined;
    if (held) this.#tellAll(held.add(delivered));
    else this.#courier.add(delivered);
    this.#bound();
  }

  #tellAll(delivered: readonly Delivered[]): void {
    for (const one of delivered) this.#courier.add(one);
  }

  /** A page may stand still for ever: its events must not fill the memory. What was numbered comes again. */
  #bound(): void {
    if (this.#courier.size < MAX_WAITING) return;
    const lost = this.#courier.takeOut(canBeLost, MAX_WAITING / 2) as Delivered[];
    if (lost.length === 0) return;
    for (const [, , , , , , delivery] of lost) {
      if (delivery > 0) this.#core?.failDelivery(delivery);
      this.#release(delivery);
    }
    const detail = `${lost.length} events were dropped: the page was busy for too long`;
    this.#courier.add(["reported", describe("buffer_full", detail)]);
  }

  #release(delivery: number): void {
    if (delivery > 0) this.#core?.releaseDelivery(delivery);
  }

  #take(calls: readonly Call[]): void {
    const core = this.#core as unknown as Calls;
    for (const [name, ...args] of calls) {
      const own = this.#handlers[name];
      if (own) own(...(args as never[]));
      else core[name]?.(...args);
    }
  }

  #toHandlers(): Handlers {
    return {
      ...this.#toSendings(),
      ...this.#toPaces(),
      ...this.#toWishes(),
      ...this.#toLife(),
      ...this.#stores.handlers,
      socket: (...[namespace, authOnDemand, positions, isUnproved]: SocketCall) => {
        this.#options.positions = positions ? { [namespace]: positions } : {};
        this.#options.unproved = isUnproved ? [namespace] : [];
        this.#core?.socket(namespace, authOnDemand);
        this.#sockets += 1;
      },
      retryAction: (socket: number, key: string) => {
        const isQueued = this.#core?.retryAction(socket, key);
        if (isQueued === false) this.#courier.add(["retryRefused", socket, key]);
      },
      signsOfLife: (socket: number) => {
        const core = this.#core as WorkerCore;
        this.#courier.add(["signs", socket, core.signsOfLife(socket), core.couldDrain(socket)]);
      },
      traffic: () => (this.#traffic = this.#core?.traffic()),
      taken: () => {
        for (const delivery of this.#told.splice(0)) this.#release(delivery);
        this.#courier.release();
      },
      undelivered: (socket: number, delivery: number) => {
        this.#core?.failDelivery(delivery);
        this.#courier.add(["positions", socket, this.#core?.positions(socket) ?? []]);
      },
    };
  }

  #toLife(): Handlers {
    return {
      suspend: (term: number) => {
        this.#term = term;
        this.#pause();
        this.#unwatch?.();
        this.#core?.suspend();
        if (!this.#isShared) this.#lock.release();
      },
      resume: (asleepMs: number) => {
        this.#courier.resume();
        this.#core?.resume(asleepMs);
        this.#lock.hold();
      },
      present: (lock: string) => {
        this.#unwatch?.();
        this.#courier.resume();
        // It has crashed, or is away, which it may have said; nothing else tells of the one or the other.
        this.#unwatch = whenReleased(lock, () => {
          this.#pause();
          this.#core?.suspend();
        });
      },
      destroy: () => this.end(),
    };
  }

  #toWishes(): Handlers {
    const toWish = (name: "connect" | "disconnect") => (socket: number, asked: number) => {
      this.#asked[socket] = asked;
      this.#core?.[name](socket);
    };
    return {
      connect: toWish("connect"),
      disconnect: toWish("disconnect"),
      setIdentity: (identity: string, user: number) => {
        for (const held of this.#held.values()) {
          for (const [, , , , , , delivery] of held.take()) this.#release(delivery);
        }
        this.#core?.setIdentity(identity);
        this.#courier.add(["identity", user]);
      },
    };
  }

  #toPaces(): Handlers {
    return {
      pace: (event: number, pace: Pace | undefined) => {
        this.#tellAll(this.#held.get(event)?.take() ?? []);
        const leaveOut = ([, , , , , , delivery]: Delivered) => this.#release(delivery);
        if (pace) this.#held.set(event, new HeldBack(pace, leaveOut));
        else this.#held.delete(event);
        this.#core?.pace?.(event, pace);
      },
      next: (event: number) => this.#tellAll(this.#held.get(event)?.take() ?? []),
    };
  }

  /** The page has gone on by the time that it hears of what was refused. */
  #toSendings(): Handlers {
    const handlers = sendings.map((name) => [
      name,
      (...args: unknown[]) => {
        const error = (this.#core as unknown as Calls)[name]?.(...args);
        if (error) tellRefusal(this.#events, name, args, error as ErrorData);
      },
    ]);
    return Object.fromEntries(handlers) as Handlers;
  }

  /** Positions follow what they say has been delivered. */
  #complete(told: Told[]): void {
    const sockets = new Set<number>();
    for (const one of told) {
      if (one[0] !== "delivered" || one[6] === 0) continue;
      sockets.add(one[1]);
      this.#told.push(one[6]);
    }
    for (const socket of sockets)
      told.push(["positions", socket, this.#core?.positions(socket) ?? []]);
  }

  #tellFigures(): void {
    const core = this.#core;
    if (!core?.isAlive() || this.#courier.isHeld) return;
    const sockets = Array.from({ length: this.#sockets }, (_, socket) => toFigures(core, socket));
    const figures: FiguresData = {
      sockets,
      probeMs: core.probeRoundTripMs(),
      traffic: this.#traffic && { ...this.#traffic },
    };
    const text = JSON.stringify(figures);
    if (text !== this.#figures) this.#courier.add(["figures", figures]);
    this.#figures = text;
  }

  /** The worker may be ended after that, so what its stores were told is done. */
  async #destroy(): Promise<void> {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    // What the page has yet to say is for nobody.
    this.#port.onmessage = null;
    clearInterval(this.#timer);
    this.#unwatch?.();
    if (this.#core?.isAlive()) this.#core.destroy();
    await this.#stores.abandon();
    this.#lock.release();
    this.#say(["destroyed"]);
    this.#handleEnded();
  }
}

type SocketCall =
  Extract<Call, readonly ["socket", ...unknown[]]> extends readonly ["socket", ...infer Rest]
    ? Rest
    : never;

/** What is told in place of something that cannot be cloned: what it is about is settled all the same. */
function toCloneable(told: Told): Told | undefined {
  if (told[0] === "settled") {
    const [name, request] = told;
    return [name, request, describe("parse_error", "the answer is nested too deep"), []];
  }
  // The server's answer comes last.
  if (told[0] === "action" || told[0] === "topic")
    return [...told.slice(0, -1), []] as unknown as Told;
  return told[0] === "refused" ? ([told[0], told[1], undefined] as Told) : undefined;
}

/** The server does not wait for an answer to it. */
const canBeLost = (told: Told) => told[0] === "delivered" && told[5] < 0;

/** The worker has transports of its own, and the page tells of its life. */
function toCoreOptions(options: CrossingOptions): CoreOptions {
  const { WebSocket, fetch } = globalThis as Partial<typeof globalThis>;
  return { ...options, webSocket: WebSocket, fetch: fetch?.bind(globalThis), lifecycle: false };
}

/** An error loses its code when it is cloned. */
function toUnavailable(error: unknown): [ErrorData, unknown] {
  const { code, message, hint, cause } = error as Partial<ErrorData> & { cause?: unknown };
  const why = cause instanceof Error ? String(cause) : undefined;
  return [
    code && message && hint ? { code, message, hint } : describe("load_failed", String(error)),
    why,
  ];
}

function toFigures(core: WorkerCore, socket: number): SocketFigures {
  return {
    statistics: core.dedupStatistics(socket),
    outboxSize: core.outboxSize(socket),
    positions: core.positions(socket),
  };
}
