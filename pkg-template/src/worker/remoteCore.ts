/** The page's side of the border: a core that is in a worker. */
import { describe } from "../descriptions.js";
import type { ErrorData } from "../errors.js";
import type { StreamPosition } from "../dedupPort.js";
import type { TrafficCounts } from "../metricsPort.js";
import type { ActionState } from "../outboxPort.js";
import { later, type Pace } from "../pacing.js";
import type { CoreEvents, CoreOptions, CorePort } from "../port.js";
import { keepPositions, type KeptPositions } from "../ports/keptPositions.js";
import { watchLife } from "../ports/pageEvents.js";
import { throwLater } from "../safely.js";
import { Courier } from "./courier.js";
import { leaderLeft } from "./leadership.js";
import type { Link } from "./link.js";
import { Presence } from "./presence.js";
import { RemoteStores } from "./remoteStores.js";
import { standStill } from "./standStill.js";
import {
  type Call,
  type Command,
  commands,
  type FiguresData,
  type Sending,
  sendings,
  type SocketFigures,
  type Told,
} from "./messages.js";
import { WorkerWatch } from "./workerWatch.js";

type Args<Name extends Told[0]> =
  Extract<Told, readonly [Name, ...unknown[]]> extends readonly [Name, ...infer Rest]
    ? Rest
    : never;
type Tell = (...args: unknown[]) => void;
/** What is not only handed on to the facade. */
type Handlers = { [Name in Told[0]]?: (...args: Args<Name>) => void };

/** An action that was put aside, as the core has told it. */
type Parked = Parameters<CoreEvents["action"]>;

const noFigures: SocketFigures = {
  statistics: { identified: 0, duplicates: 0, evicted: 0, evictedStreams: 0 },
  outboxSize: { depth: 0, oldestMs: undefined },
  positions: [],
};

export class RemoteCore {
  /** What the facade calls. */
  readonly core: CorePort;
  readonly #link: Link;
  readonly #events: CoreEvents;
  readonly #options: CoreOptions;
  readonly #courier: Courier<Call>;
  readonly #kept: KeptPositions | undefined;
  readonly #stores: RemoteStores;
  readonly #unwatchLife: (() => void) | undefined;
  readonly #handlers: Handlers;
  /** By the numbers of events; those of which more is asked for soon. */
  readonly #paces = new Map<number, Pace>();
  readonly #asking = new Map<number, () => void>();
  readonly #parked = new Map<string, Parked>();
  readonly #signs = new Map<number, { heard: number; couldDrain: boolean }>();
  readonly #positions = new Map<number, readonly StreamPosition[]>();
  #figures: FiguresData = { sockets: [], probeMs: undefined, traffic: undefined };
  #sockets = 0;
  /** How many users there have been, and of which the worker tells. */
  #user = 0;
  #toldUser = 0;
  /** By the numbers of namespaces: what was asked last, and how often something was. */
  readonly #wishes: { isConnected: boolean; asked: number }[] = [];
  readonly #worker: WorkerWatch;
  /** By this a worker of several pages knows that this one is there. */
  readonly #presence: Presence | undefined;
  /** What has been told since it is known that the core has ended, while the page is away. */
  #unheard: Told[] = [];
  #isAlive = true;
  #isReleased = false;

  constructor(link: Link, options: CoreOptions, events: CoreEvents) {
    this.#link = link;
    this.#events = events;
    this.#options = options;
    this.#courier = new Courier(link.port, () =>
      events.reported(describe("not_serializable", "it cannot be sent to the worker")),
    );
    this.#kept = keepPositions(options, (socket) => this.#positions.get(socket) ?? []);
    // It has to hear first that the page is about to be frozen: the one after it waits for the worker.
    this.#stores = new RemoteStores({
      ask: (...call) => this.#ask(...call),
      isCurrent: () => this.#user === this.#toldUser,
      handleStopping: (isFrozen) => this.#sendNow(isFrozen && !options.lifecycle),
    });
    const handleDead = () => this.#handleDead(link.leader ? leaderLeft : workerEnded);
    this.#worker = new WorkerWatch(link, handleDead);
    this.#handlers = this.#toHandlers();
    this.core = this.#toCore();
    this.#unwatchLife = watchLife(options.lifecycle, {
      suspend: (isFrozen) => this.#suspend(isFrozen),
      resume: (asleepMs) => {
        const handleBack = () => this.#resume(asleepMs);
        if (link.leader) link.leader.resume(handleBack);
        else handleBack();
      },
    });
    link.port.onmessage = ({ data }: MessageEvent<Told[]>) => this.#take(data);
    link.leader?.watch(() => this.#handleDead(leaderLeft));
    if (link.tab !== undefined) this.#presence = new Presence(link.tab, this.#courier);
    this.#presence?.arrive();
  }

  #toCore(): CorePort {
    return {
      ...this.#toCommands(),
      ...this.#toSendings(),
      ...this.#toFigures(),
      connect: (socket) => this.#wish(socket, true),
      disconnect: (socket) => this.#wish(socket, false),
      openStore: (...store) => this.#stores.open(...store),
      socket: (namespace, authOnDemand) => this.#addSocket(namespace, authOnDemand),
      pace: (event, pace) => this.#setPace(event, pace),
      setIdentity: (identity) => {
        this.#kept?.setIdentity(identity);
        this.#positions.clear();
        this.#ask("setIdentity", identity, ++this.#user);
      },
      retryAction: (socket, key) => {
        const isParked = this.#parked.has(key);
        if (isParked) this.#ask("retryAction", socket, key);
        return isParked;
      },
      isAlive: () => this.#isAlive,
      destroy: () => {
        this.#stop();
      },
    };
  }

  #toCommands(): Pick<CorePort, Command> {
    const methods = commands.map((name) => [
      name,
      (...args: unknown[]) => this.#courier.add([name, ...args] as Call),
    ]);
    return Object.fromEntries(methods) as Pick<CorePort, Command>;
  }

  /** Whatever the core refuses is told later, but for what never gets there. */
  #toSendings(): Pick<CorePort, Sending> {
    const methods = sendings.map((name) => [
      name,
      (...args: unknown[]) => this.#send([name, ...args] as Call, args.some(Array.isArray)),
    ]);
    return Object.fromEntries(methods) as Pick<CorePort, Sending>;
  }

  /** Attachments are sent as they are at this time, and may be none that can be cloned. */
  #send(call: Call, hasAttachments: boolean): ErrorData | undefined {
    try {
      if (!hasAttachments) this.#courier.add(call);
      else this.#courier.send(call);
      return undefined;
    } catch (error) {
      return describe("not_serializable", String(error));
    }
  }

  /** They are as old as what the worker last told. */
  #toFigures(): Pick<
    CorePort,
    | ("dedupStatistics" | "positions" | "outboxSize" | "probeRoundTripMs" | "traffic")
    | ("signsOfLife" | "couldDrain")
  > {
    const signsOf = (socket: number) => {
      this.#ask("signsOfLife", socket);
      return this.#signs.get(socket);
    };
    return {
      dedupStatistics: (socket) => this.#figuresOf(socket).statistics,
      positions: (socket) => [...(this.#positions.get(socket) ?? [])],
      outboxSize: (socket) => this.#figuresOf(socket).outboxSize,
      probeRoundTripMs: () => this.#figures.probeMs,
      traffic: () => this.#traffic(),
      signsOfLife: (socket) => signsOf(socket)?.heard ?? 0,
      couldDrain: (socket) => signsOf(socket)?.couldDrain ?? false,
    };
  }

  #figuresOf(socket: number): SocketFigures {
    return this.#figures.sockets[socket] ?? noFigures;
  }

  #traffic(): TrafficCounts {
    if (!this.#options.traffic) this.#ask("traffic");
    return (this.#options.traffic ??= { received: 0, sent: 0 });
  }

  /** The options change with the user. */
  #addSocket(namespace: string, authOnDemand: boolean): void {
    const { positions, unproved } = this.#options;
    const socket = this.#sockets++;
    const left = this.#kept?.add(socket, namespace);
    const known = Object.hasOwn(positions, namespace) ? positions[namespace] : left;
    if (known) this.#positions.set(socket, known);
    this.#ask("socket", namespace, authOnDemand, known, unproved.includes(namespace));
  }

  #wish(socket: number, isConnected: boolean): void {
    const asked = (this.#wishes[socket]?.asked ?? 0) + 1;
    this.#wishes[socket] = { isConnected, asked };
    this.#ask(isConnected ? "connect" : "disconnect", socket, asked);
  }

  #ask(...call: Call): void {
    this.#courier.add(call);
  }

  /** A page that holds a lock, or waits for one, is not kept in the back/forward cache. */
  #suspend(isFrozen: boolean): void {
    this.#ask("suspend", this.#worker.suspend());
    this.#courier.flush();
    this.#presence?.leave();
    this.#link.leader?.suspend();
    this.#sendNow(isFrozen);
  }

  #resume(asleepMs: number): void {
    this.#presence?.arrive();
    this.#ask("resume", asleepMs);
    this.#worker.resume();
    this.#take(this.#unheard.splice(0));
  }

  #sendNow(isFrozen: boolean): void {
    this.#courier.flush();
    if (isFrozen) standStill();
  }

  /** What is told. A listener may have the core destroyed; what throws keeps nothing else from being told. */
  #take(told: readonly Told[]): void {
    // Browsers may let a frozen page hear this. It would ask for another core, and keep the others waiting for it.
    if (
      this.#worker.isAway &&
      this.#isAlive &&
      (this.#unheard.length > 0 || told.some(isFailure))
    ) {
      this.#unheard.push(...told);
      return;
    }
    for (const one of told) {
      if (this.#isAlive || isLast(one)) this.#tell(one);
    }
    if (this.#isAlive && !told.every(isAhead)) this.#ask("taken");
  }

  #tell([name, ...args]: Told): void {
    const own = this.#handlers[name] as Tell | undefined;
    try {
      if (own) own(...args);
      else (this.#events as unknown as Record<string, Tell>)[name]?.(...args);
    } catch (error) {
      throwLater(error);
    }
  }

  #toHandlers(): Handlers {
    const events = this.#events;
    return {
      ...this.#stores.handlers,
      delivered: (...told) => {
        if (this.#user === this.#toldUser) this.#deliver(...told);
      },
      identity: (user) => (this.#toldUser = user),
      status: (...told) => this.#tellStatus(...told),
      action: (...told) => {
        this.#noteAction(told);
        events.action(...told);
      },
      forgotten: (...told) => {
        this.#parked.delete(told[1]);
        this.#stores.forgetEnding(told[0], told[1]);
        events.forgotten(...told);
      },
      retryRefused: (_socket, key) => {
        const parked = this.#parked.get(key);
        if (parked) events.action(...parked);
      },
      signs: (socket, heard, couldDrain) => this.#signs.set(socket, { heard, couldDrain }),
      positions: (socket, positions) => this.#takePositions(socket, positions),
      figures: (figures) => this.#takeFigures(figures),
      locked: (term) => this.#worker.handleLocked(term),
      coreFailed: (error, cause) => this.#fail(error, cause),
      destroyed: () => this.#end(),
    };
  }

  #deliver(...[socket, event, args, connection, ackId, delivery]: Args<"delivered">): void {
    const isHandled = this.#events.delivered(socket, event, args, connection, ackId);
    if (!isHandled && delivery > 0) this.#ask("undelivered", socket, delivery);
    this.#askLater(event);
  }

  /** The core has yet to hear that it is to connect again. */
  #tellStatus(...[socket, state, ...told]: Args<"status">): void {
    const wish = this.#wishes[socket];
    const [attempt, retryInMs, cause, slow, asked] = told;
    if (state === "disconnected" && wish?.isConnected && asked < wish.asked) return;
    this.#events.status(socket, state, attempt, retryInMs, cause, slow);
  }

  /** Those of the user before are nobody's. */
  #takePositions(socket: number, positions: readonly StreamPosition[]): void {
    if (this.#user !== this.#toldUser) return;
    this.#positions.set(socket, positions);
    this.#kept?.touch();
  }

  #setPace(event: number, pace: Pace | undefined): void {
    this.#asking.get(event)?.();
    this.#asking.delete(event);
    if (pace) this.#paces.set(event, pace);
    else this.#paces.delete(event);
    this.#ask("pace", event, pace);
  }

  /** More of an event is held back until the page has shown what it has got. */
  #askLater(event: number): void {
    const pace = this.#paces.get(event);
    if (!pace || this.#asking.has(event)) return;
    const cancel = later(pace.every, () => {
      cancel();
      this.#asking.delete(event);
      this.#ask("next", event);
    });
    this.#asking.set(event, cancel);
  }

  #noteAction(told: Parked): void {
    const [socket, key, state] = told;
    if (state === "quarantined" || state === "unknown") this.#parked.set(key, told);
    else this.#parked.delete(key);
    if (!pending.includes(state)) this.#stores.forgetEnding(socket, key);
  }

  #takeFigures(figures: FiguresData): void {
    this.#figures = figures;
    for (const [socket, { positions }] of figures.sockets.entries())
      if (positions.length > 0) this.#takePositions(socket, positions);
    if (this.#options.traffic) Object.assign(this.#options.traffic, figures.traffic);
  }

  /** The core is of no use any more. The worker ends when its stores have done what they were told. */
  #fail(error: ErrorData, cause: unknown): void {
    this.#stop();
    this.#events.coreFailed(error, cause);
  }

  #stop(): void {
    this.#ask("destroy");
    this.#courier.resume();
    this.#isAlive = false;
    for (const cancel of this.#asking.values()) cancel();
    this.#presence?.leave();
    this.#unwatchLife?.();
    this.#kept?.forget();
    this.#stores.stop();
  }

  /** Nobody may be given this worker again. What it has said before is still taken in. */
  #handleDead(error: ErrorData): void {
    this.#release();
    if (this.#isAlive) this.#fail(error, undefined);
    setTimeout(() => this.#end());
  }

  #end(): void {
    this.#release();
    this.#worker.end();
    this.#link.port.close();
    this.#stores.end();
  }

  #release(): void {
    if (!this.#isReleased) this.#link.release();
    this.#isReleased = true;
  }
}

/** The states of actions that have not ended. */
const pending: ActionState[] = ["storing", "queued", "sending", "sent"];

/** What is told ahead of all else does not count as taken in. */
const isAhead = ([name]: Told) => name === "endings";

const workerEnded = describe("core_failed", "its worker has ended");

const isFailure = ([name]: Told) => name === "coreFailed";

/** What is told of a core that is no more. */
const isLast = ([name]: Told) => name === "endings" || name === "destroyed";
