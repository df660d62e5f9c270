/**
 * What a page and the worker that has its core say to each other.
 *
 * A page sends a {@link Hello} with a port. Everything else goes over that port, in order and several to a message:
 * {@link Call}s of the core in one direction, what is {@link Told} in the other. A worker has one core for each port.
 */
import type { DedupStatistics, StreamPosition } from "../dedupPort.js";
import type { ErrorData } from "../errors.js";
import type { OutboxSize, TrafficCounts } from "../metricsPort.js";
import type { Pace } from "../pacing.js";
import type { Settlement, StoredAction, StoreErrorCode, UnreadableAction } from "../outboxStore.js";
import type { CoreEvents, CoreOptions, CorePort } from "../port.js";
import type { StoreDescription } from "../storePort.js";

/** By this a worker knows what is meant for it. */
export const greeting = "sockeye-client";

/** What a core is told when it is made, but for what stays on the page's side or is the worker's own. */
export type CrossingOptions = Omit<CoreOptions, "webSocket" | "fetch" | "lifecycle">;

/** Sent to the worker, with one port. */
export interface Hello {
  type: typeof greeting;
  /** Those of another release do not understand each other. */
  release: string;
  options: CrossingOptions;
  /** The name of the lock that the worker holds as long as it lives. */
  lock: string;
  /** Whether the page leads, so that those of other tabs share its core. */
  leads: boolean;
}

/** What a page and the worker talk over: a `MessagePort`, or a `BroadcastChannel` that nobody else has. */
export interface Wire {
  onmessage: ((event: MessageEvent) => unknown) | null;
  postMessage(message: unknown): void;
  addEventListener(type: "close", listener: () => void): void;
  close(): void;
}

/** What the core is asked and returns nothing to. */
export const commands = [
  "reconnectNow",
  "authenticate",
  "failAuthentication",
  "stopAuthentication",
  "refreshAuth",
  "useAddress",
  "failAddress",
  "judge",
  "discardQueue",
  "cancel",
  "acknowledge",
  "listen",
  "unlisten",
  "listenAny",
  "unlistenAny",
  "openOutbox",
  "cancelAction",
  "pauseOutbox",
  "resumeOutbox",
  "forgetAction",
  "nackAction",
  "flushPlan",
  "storeAnswered",
  "storeChanged",
  "refreshOutbox",
  "setHooks",
  "prologueDone",
  "gapDone",
  "retainTopic",
  "releaseTopic",
  "topicConfirmed",
] as const satisfies readonly (keyof CorePort)[];

/** What the core may refuse: that is told later. */
export const sendings = [
  "emit",
  "emitFirst",
  "emitLatest",
  "request",
  "requestFirst",
  "enqueue",
] as const satisfies readonly (keyof CorePort)[];

/** What the core tells and wants no answer to. */
export const tellings = [
  "settled",
  "authNeeded",
  "addressNeeded",
  "verdictNeeded",
  "accepted",
  "refused",
  "coreFailed",
  "dropped",
  "reported",
  "failed",
  "store",
  "action",
  "cancelRefused",
  "forgotten",
  "flushAsked",
  "prologueNeeded",
  "continuity",
  "gapHookNeeded",
  "confirming",
  "topic",
  "readerFailed",
] as const satisfies readonly (keyof CoreEvents)[];

export type Command = (typeof commands)[number];
export type Sending = (typeof sendings)[number];
type Telling = (typeof tellings)[number];

type Named<Calls, Names extends keyof Calls> = {
  [Name in Names]: Calls[Name] extends (...args: infer Args) => unknown ? [Name, ...Args] : never;
}[Names];

/** An error of a store: it would lose this when it is cloned. */
export interface Fault {
  message: string;
  code?: unknown;
  incident?: unknown;
}

/** What can be asked of a store. */
export type StoreAsk = "load" | "discard";

/** What a page says of the stores in the worker. */
type StoreCall =
  /** `wasMade` says whether the page has noted that its database had been made. */
  | [name: "seatStore", socket: number, description: StoreDescription, wasMade: boolean]
  /** It may be opened. */
  | [name: "beginStore", socket: number]
  /** Answered by `storeSaid` with the number. */
  | [name: "askStore", socket: number, question: number, ask: StoreAsk, ...args: unknown[]]
  /** What the page's document or window tells, and whether the page is seen then. */
  | [name: "pageEvent", type: string, persisted: boolean, visibilityState: string];

/** What a worker says of its stores. */
type StoreTold =
  /** Ahead of all that waits for the page to take it in. */
  | [name: "endings", socket: number, endings: readonly Settlement[], isSo: boolean]
  | [name: "stored", socket: number, actions: readonly (StoredAction | UnreadableAction)[]]
  | [name: "storeOpened", socket: number, keys: readonly string[]]
  | [name: "storeFailed", socket: number, code: StoreErrorCode, fault: Fault]
  /** It cannot be opened: what is told by `store` from now on concerns the page. */
  | [name: "storeRefused", socket: number, fault: Fault]
  | [name: "storeSaid", question: number, value: unknown, fault: Fault | undefined]
  /** The page is to note that a database was made. */
  | [name: "databaseMade", database: string];

/** What a page says. */
export type Call =
  | Named<CorePort, Command | Sending>
  | StoreCall
  | [
      name: "socket",
      namespace: string,
      authOnDemand: boolean,
      positions: readonly StreamPosition[] | undefined,
      isUnproved: boolean,
    ]
  /** `asked` is higher each time that a namespace is asked to be connected or not to be. */
  | [name: "connect" | "disconnect", socket: number, asked: number]
  /** `user` is higher each time. */
  | [name: "setIdentity", identity: string, user: number]
  | [name: "pace", event: number, pace: Pace | undefined]
  /** Answered by `retryRefused`, if it is. */
  | [name: "retryAction", socket: number, key: string]
  /** Answered by `signs`. */
  | [name: "signsOfLife", socket: number]
  /** From now on figures have the bytes. */
  | [name: "traffic"]
  /** The lock is let go of, if the worker is the page's own; `term` is higher each time. */
  | [name: "suspend", term: number]
  | [name: "resume", asleepMs: number]
  /** The page holds this lock from now on, until `suspend` or its end. */
  | [name: "present", lock: string]
  /** The page asks for what was held back of an event, and hears of the next one at once if there is nothing. */
  | [name: "next", event: number]
  /** What was told last has been taken in; what waits may follow. */
  | [name: "taken"]
  /** A listener has thrown at a delivered event. */
  | [name: "undelivered", socket: number, delivery: number]
  /** Answered by `destroyed`. */
  | [name: "destroy"];

/** What is known of a namespace without asking the core. */
export interface SocketFigures {
  statistics: DedupStatistics;
  outboxSize: OutboxSize;
  positions: readonly StreamPosition[];
}

/** What changes by itself. */
export interface FiguresData {
  /** By the numbers of the namespaces. */
  sockets: SocketFigures[];
  probeMs: number | undefined;
  traffic: TrafficCounts | undefined;
}

/** What a worker says. */
export type Told =
  /** The first one is one of these. */
  | [name: "ready"]
  | [name: "refused", release: string]
  | [name: "unavailable", error: ErrorData, cause: unknown]
  /** The lock is held from now on, until `suspend`, of which this is the last `term`. */
  | [name: "locked", term: number]
  | Named<CoreEvents, Telling>
  | StoreTold
  /** `asked` is the number of what the core was asked last of the namespace. */
  | [name: "status", ...Parameters<CoreEvents["status"]>, asked: number]
  /** Whatever follows is this user's. */
  | [name: "identity", user: number]
  /** `delivery` is 0 if nobody wants to know whether a listener throws. */
  | [name: "delivered", ...Parameters<CoreEvents["delivered"]>, delivery: number]
  /** How far everything that was told before has come. */
  | [name: "positions", socket: number, positions: readonly StreamPosition[]]
  | [name: "retryRefused", socket: number, key: string]
  | [name: "signs", socket: number, signs: number, couldDrain: boolean]
  | [name: "figures", figures: FiguresData]
  | [name: "destroyed"];
