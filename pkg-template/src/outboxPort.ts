/** The outbox's part of the port: actions by their keys, commands to the store by tickets. */
import type { ErrorData } from "./errors.js";
import type {
  Contents,
  Mark,
  Marked,
  Outcome,
  Parked,
  Removal,
  Settlement,
  KnownChange,
  StoredAction,
  StoredPayload,
  StoreErrorCode,
} from "./outboxStore.js";
import type { RemoteStoreListener, StoreDescription, StoreLink } from "./storePort.js";

/** An action, but for its payload. */
export interface ActionData {
  key: string;
  /** The event's name. */
  name: string;
  lane: string;
  /** From now on; without it the action never expires. */
  ttlMs?: number;
  /** From each sending on. */
  ackTimeoutMs: number;
  coalesceKey?: string;
  /** What it takes on the wire, without the envelope. */
  bytes: number;
  attachmentCount: number;
  /** Whether it is sent again where the server cannot tell that it knows it. */
  resend: boolean;
}

/** How the outbox of a namespace works. */
export interface OutboxSettings {
  maxItems: number;
  maxBytes: number;
  /** How many actions may wait for their answers at the same time. */
  maxInFlight: number;
  /** How many of them in one lane; always one if the server has no helper, which could keep the order. */
  maxInFlightPerLane: number;
  /** How many are sent per second; without it as many as there are. */
  ratePerSecond?: number;
  /** Whether {@link OutboxEvents.flushAsked} comes before what waited is sent. */
  askBeforeFlush: boolean;
}

/** The states of an action. All from `applied` on are final, but for `retry()`. */
export type ActionState = "storing" | "queued" | "sending" | "sent" | Outcome;

/** What the core wants of the store. `epoch` is that of the last `leading` or `raised`. */
export type StoreCommand =
  /** Comes first, and again with another identity; `""` stands for none. */
  | { type: "open"; identity: string }
  | { type: "read" }
  /** Answered when this client is the one that drains. */
  | { type: "lead" }
  /** Not answered. */
  | { type: "resign" }
  | { type: "raiseEpoch"; epoch: number; atLeast: number }
  | {
      type: "put";
      action: Omit<StoredAction, "order" | "ageMs">;
      payload: StoredPayload;
      replaces?: string;
    }
  | { type: "load"; key: string }
  | { type: "mark"; epoch: number; marks: Mark[] }
  | { type: "settle"; epoch: number; settlements: Settlement[] }
  | { type: "park"; epoch: number; key: string; parked: Parked }
  | { type: "unpark"; key: string }
  | { type: "remove"; key: string; onlyUnsent: boolean };

/** What the store answers. */
export type StoreAnswer =
  | ({ type: "opened"; clientId: string } & Contents)
  | ({ type: "contents" } & Contents)
  | ({ type: "leading"; epoch: number } & Contents)
  | { type: "raised"; epoch: number }
  /** To `put` and `unpark`. */
  | { type: "stored"; order: number; replaced: boolean }
  | { type: "loaded"; payload: StoredPayload }
  | ({ type: "marked" } & Marked)
  /** To `settle` and `park`. */
  | { type: "done" }
  /** To `remove`; `missing` also to `load` and `unpark`. */
  | { type: Removal }
  /** The epoch is not the current one: nothing was done. */
  | { type: "fenced" }
  | { type: "failed"; code: StoreErrorCode };

/** What the facade asks of the outbox. */
export interface OutboxPort {
  /** Has to come before anything else of the outbox; again to change the settings. */
  openOutbox(socket: number, settings: OutboxSettings): void;
  /**
   * Opens the store of a namespace where the core is, when `before` has ended: {@link OutboxEvents.store} tells no command
   * to it, unless it is refused. Comes before `openOutbox`. There is none where the core is on the page.
   */
  openStore?(
    socket: number,
    description: StoreDescription,
    listener: RemoteStoreListener,
    before: Promise<unknown>,
  ): StoreLink;
  /** `body` as for {@link CorePort.emit}. Returns why the action is not taken, if so. */
  enqueue(
    socket: number,
    action: ActionData,
    body: string,
    attachments: unknown[] | undefined,
  ): ErrorData | undefined;
  /** Ends in {@link OutboxEvents.action} with `cancelled`, or in {@link OutboxEvents.cancelRefused}. */
  cancelAction(socket: number, key: string): void;
  /** Queues an action again that is `quarantined` or `unknown`; returns whether it was. */
  retryAction(socket: number, key: string): boolean;
  /** Sends nothing until {@link resumeOutbox}; what was sent may still be answered. */
  pauseOutbox(socket: number): void;
  resumeOutbox(socket: number): void;
  /** Removes a `quarantined` or `unknown` action. Ends in `forgotten` or `cancelRefused` of {@link OutboxEvents}. */
  forgetAction(socket: number, key: string): void;
  /** The server has rejected an action that was sent by something else than its acknowledgement. */
  nackAction(socket: number, key: string, args: readonly unknown[]): void;
  /** Answers {@link OutboxEvents.flushAsked}; whatever is in neither list follows in its order. */
  flushPlan(socket: number, ticket: number, keep: string[], drop: string[]): void;
  storeAnswered(socket: number, ticket: number, answer: StoreAnswer): void;
  storeChanged(socket: number, changes: readonly KnownChange[]): void;
  /** Has the store read again: others may have done something to it that was not told. */
  refreshOutbox(socket: number): void;
  /** How many signs of life of the server were heard, 0 while no action could be sent; asks for the next. */
  signsOfLife(socket: number): number;
  /** Whether there is something to be sent that could be sent, if this client drained. */
  couldDrain(socket: number): boolean;
  /** Sends this once the socket is live, unless the next with the same `key` comes before that. */
  emitLatest(
    socket: number,
    key: string,
    body: string,
    attachments: unknown[] | undefined,
  ): ErrorData | undefined;
}

/** What the outbox tells the facade. */
export interface OutboxEvents {
  /** Has to be answered by {@link OutboxPort.storeAnswered} with the ticket, in any order. */
  store(socket: number, ticket: number, command: StoreCommand): void;
  /**
   * An action has a new state, also one that the store held or that another client enqueued. `args` are the
   * server's answer; `attempts` counts how many times it was sent. One that the store did not take is
   * `rejected` with the store's error.
   */
  action(
    socket: number,
    key: string,
    state: ActionState,
    attempts: number,
    error: ErrorData | undefined,
    args: readonly unknown[],
  ): void;
  /** It was sent, or is unknown; what becomes of it is told as ever. Or the store could not remove it. */
  cancelRefused(socket: number, key: string): void;
  /** What was `quarantined` or `unknown` is not in the store any more, whoever has removed it. */
  forgotten(socket: number, key: string): void;
  /** These wait, and are sent when {@link OutboxPort.flushPlan} has come. */
  flushAsked(socket: number, ticket: number, keys: string[]): void;
}
