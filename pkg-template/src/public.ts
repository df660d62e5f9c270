/** What every entry exports beside `createClient`. */
import type { Client } from "./client.js";

export type { Action, ActionOptions, ActionStatus } from "./action.js";
export type { Address, AddressRequest } from "./address.js";
export type { Auth, AuthPayload, AuthReason, AuthRequest } from "./auth.js";
export type { Client } from "./client.js";
export type { Attachment } from "./binary.js";
export type { Continuity, Gap } from "./continuity.js";
export type { GapCause, StreamGap, TopicState } from "./continuityPort.js";
export type { Dedup, DedupOptions, DedupSnapshot } from "./dedup.js";
export type { DedupStatistics, InEvent, StreamPosition } from "./dedupPort.js";
export { type ErrorData, isSockeyeError, SockeyeError, type SockeyeErrorCode } from "./errors.js";
export type {
  AckValue,
  AnyEvent,
  DefaultEvents,
  EventArguments,
  EventName,
  EventValue,
  RequestName,
} from "./events.js";
export type { NamespaceClient } from "./namespaceClient.js";
export type {
  Observable,
  Observer,
  StateObservable,
  SubscribeOptions,
  Subscription,
} from "./observable.js";
export type {
  AttachmentOptions,
  ClientOptions,
  ReconnectOptions,
  TransportName,
  WebSocketConstructor,
} from "./options.js";
export type { CountsByCode, Metrics, TrafficMetrics } from "./metrics.js";
export { nest } from "./nest.js";
export type { Nack, Outbox, OutboxItem, ToNack } from "./outbox.js";
export type { BeforeFlush, OutboxOptions } from "./outboxOptions.js";
export type { ActionState } from "./outboxPort.js";
export type * from "./outboxStore.js";
export type { EventTuple, TopicAnswer, TopicConfirmation, TopicOptions } from "./reliable.js";
export type { ActionSender, Sender, SendOptions } from "./sender.js";
export type { ClientStatus, DisconnectReason } from "./status.js";
export type { ReconnectOn } from "./policies.js";
export type { PageEventTarget, PageScope } from "./ports/pageEvents.js";
export { StopReconnecting } from "./stopReconnecting.js";
export {
  buffer,
  chunks,
  conflate,
  job,
  latest,
  live,
  nestJobs,
  presence,
  projectJobs,
  roomJobs,
} from "./streams.js";
export type * from "./streams.js";
export type { AnyTopicOptions, Topic, TopicStatus } from "./topics.js";
export type { Trace, TraceEntry, TraceOptions } from "./trace.js";
export type { Intercepted, Interceptor } from "./traffic.js";
export {
  type CheckedValue,
  type EventSchemas,
  type SchemaIssue,
  type StandardSchema,
  validate,
  type ValidateOptions,
} from "./validate.js";
export type { Direction, PassageKind } from "./watches.js";
export type { WantedWorker, WorkerFactory } from "./worker/workerFactory.js";

/** A client of any event maps, for code that does not care about events. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- other types are not assignable
export type AnyClient = Client<any, any>;
