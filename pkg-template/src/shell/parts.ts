/** What belongs to a namespace or a client, before the facade is there: which member is of which kind. */
import type { Action, ActionStatus } from "../action.js";
import type { Outbox, OutboxItem } from "../outbox.js";
import type { Topic, TopicStatus } from "../topics.js";
import type { Trace, TraceEntry } from "../trace.js";
import { asked, command, held, type Kinds, method, promise, state, value } from "./kinds.js";

type InternalOfOutbox =
  | (
      | "actions"
      | "add"
      | "answered"
      | "cancelUnsent"
      | "close"
      | "desk"
      | "disown"
      | "enqueue"
      | "refuse"
    )
  | ("handleChanged" | "handleCoreFailed" | "handleGivenUp" | "handleIdentity" | "handleLoaded")
  | ("remove" | "report" | "tell");

export const outbox: Kinds<Outbox, InternalOfOutbox> = {
  items: state<readonly OutboxItem[]>([]),
  // What waits for the facade is stored nowhere.
  durability: value("memory" as const),
  paused: value(false),
  get: method(() => undefined),
  pause: command,
  resume: command,
  retry: method(() => false),
  clear: asked,
  nack: held,
};

type InternalOfAction =
  "close" | "handleCancelled" | "handleRetry" | "handleStatus" | "handleStored" | "isCancelling";
/** What is known at once. */
type KnownOfAction = "id" | "event" | "lane" | "args";

export const action: Kinds<Action, InternalOfAction | KnownOfAction> = {
  status: state<ActionStatus>({ state: "storing", attempts: 0 }),
  attempts: value(0),
  accepted: promise,
  result: promise,
  // One for which there was no room will never be sent.
  cancel: method((queue, run) => (queue.isOver ? Promise.resolve(true) : queue.ask(run))),
};

type InternalOfTopic = "close" | "event" | "handleConfirming" | "handleStatus" | "tellCore";

export const topic: Kinds<Topic, InternalOfTopic | "key"> = {
  status: state<TopicStatus>({ state: "idle" }),
  ready: promise,
  retain: held,
};

type InternalOfTrace = "passed" | "status";

export const trace: Kinds<Trace, InternalOfTrace> = {
  entries: value<readonly TraceEntry[]>([]),
  stop: command,
};
