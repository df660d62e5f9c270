/** What belongs to a namespace or a client, before the facade is there: which member is of which kind. */
import type { Action, ActionStatus } from "../action.js";
import { hasIndexedDb } from "../hasIndexedDb.js";
import type { Outbox, OutboxItem } from "../outbox.js";
import type { OutboxStore } from "../outboxStore.js";
import type { Topic, TopicStatus } from "../topics.js";
import type { Trace, TraceEntry } from "../trace.js";
import { answer, asked, command, held, type Kinds, promise, state, value } from "./kinds.js";
import type { Launch } from "./launch.js";

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

export const outbox = (launch: Launch): Kinds<Outbox, InternalOfOutbox> => ({
  items: state<readonly OutboxItem[]>([]),
  durability: value(expectedDurability(launch)),
  paused: value(false),
  get: answer(() => undefined),
  pause: command,
  resume: command,
  retry: answer(() => false),
  clear: asked,
  nack: held,
});

/** What it is if the database works, which is seen when it is opened. */
function expectedDurability({ options, isAsked }: Launch): OutboxStore["durability"] {
  const { store, durability = "strict", name } = options.outbox ?? {};
  if (store) return "durability" in store ? store.durability : "memory";
  return (name !== undefined || !isAsked) && hasIndexedDb() ? durability : "memory";
}

type InternalOfAction =
  "close" | "handleCancelled" | "handleRetry" | "handleStatus" | "handleStored" | "isCancelling";
/** What is known at once. */
type KnownOfAction = "id" | "event" | "lane" | "args";

export const action: Kinds<Action, InternalOfAction | KnownOfAction> = {
  status: state<ActionStatus>({ state: "storing", attempts: 0 }),
  attempts: value(0),
  accepted: promise,
  result: promise,
  cancel: asked,
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
