/** The port's part for actions, topics and continuity, over the exports of the wasm. */
import type { ContinuityData, ContinuityPort, TopicState } from "./continuityPort.js";
import { describe } from "./descriptions.js";
import type { ErrorData, SockeyeErrorCode } from "./errors.js";
import type { ActionState, OutboxPort, StoreCommand } from "./outboxPort.js";
import type { CoreEvents } from "./port.js";
import { safely } from "./safely.js";
import type { Client } from "./wasm/glue.js";

/** An event's number for "none". */
const NO_EVENT = -1;

/** Makes error data of the code that an export returns. */
export function toErrorData(code: string | undefined, detail?: string): ErrorData | undefined {
  return code ? describe(code as SockeyeErrorCode, detail) : undefined;
}

/** What the facade asks, as calls of exports. */
export function toReliablePort(client: Client): OutboxPort & ContinuityPort {
  return { ...toOutboxPort(client), ...toContinuityPort(client) };
}

function toOutboxPort(client: Client): OutboxPort {
  const opened = new Set<number>();
  return {
    openOutbox(socket, settings) {
      const { maxItems, maxBytes, maxInFlight, maxInFlightPerLane } = settings;
      const { ratePerSecond = 0, askBeforeFlush } = settings;
      client.configureOutbox(
        socket,
        maxItems,
        maxBytes,
        maxInFlight,
        maxInFlightPerLane,
        ratePerSecond,
        askBeforeFlush,
      );
      if (!opened.has(socket)) client.openOutbox(socket);
      opened.add(socket);
    },
    enqueue: (socket, action, body, attachments) =>
      toErrorData(client.enqueue(socket, action, body, attachments)),
    cancelAction: (socket, key) => client.cancelAction(socket, key),
    retryAction: (socket, key) => client.retryAction(socket, key),
    forgetAction: (socket, key) => client.forgetAction(socket, key),
    pauseOutbox: (socket) => client.pauseOutbox(socket),
    resumeOutbox: (socket) => client.resumeOutbox(socket),
    nackAction: (socket, key, args) => client.nackAction(socket, key, args),
    flushPlan: (socket, ticket, keep, drop) => client.flushPlan(socket, ticket, keep, drop),
    storeAnswered(socket, ticket, answer) {
      const payload = answer.type === "loaded" ? answer.payload : undefined;
      const attachments = payload?.attachments && [...payload.attachments];
      client.storeAnswered(socket, ticket, answer, payload?.body, attachments);
    },
    storeChanged: (socket, changes) => client.storeChanged(socket, changes),
    refreshOutbox: (socket) => client.refreshOutbox(socket),
    signsOfLife: (socket) => client.signsOfLife(socket),
    couldDrain: (socket) => client.couldDrain(socket),
    emitLatest: (socket, key, body, attachments) =>
      toErrorData(client.emitLatest(socket, key, body, attachments)),
  };
}

function toContinuityPort(client: Client): ContinuityPort {
  return {
    setHooks: (socket, { prologue, gap }) => client.setHooks(socket, prologue, gap),
    emitFirst: (socket, ticket, body, attachments) =>
      toErrorData(client.emitFirst(socket, ticket, body, attachments)),
    requestFirst: (socket, ticket, request, body, attachments, timeoutMs) =>
      toErrorData(client.requestFirst(socket, ticket, request, body, attachments, timeoutMs)),
    prologueDone: (socket, ticket) => client.prologueDone(socket, ticket),
    gapDone: (socket, ticket) => client.gapDone(socket, ticket),
    retainTopic: (socket, topic, join, leave, confirm = NO_EVENT) =>
      client.retainTopic(socket, topic, join, leave, confirm),
    releaseTopic: (socket, topic) => client.releaseTopic(socket, topic),
    topicConfirmed: (socket, topic) => client.topicConfirmed(socket, topic),
  };
}

/** What the core tells, from what the wasm calls. Nothing may be thrown through the wasm. */
export function toReliableEvents(events: CoreEvents): object {
  return { ...toOutboxEvents(events), ...toContinuityEvents(events) };
}

function toOutboxEvents(events: CoreEvents): object {
  return {
    store: safely(
      (
        socket: number,
        ticket: number,
        json: string,
        body: string | undefined,
        attachments: unknown[],
        answers: unknown[],
      ) => events.store(socket, ticket, toCommand(json, body, attachments, answers)),
    ),
    action: safely(
      (
        socket: number,
        key: string,
        state: ActionState,
        attempts: number,
        code: string,
        detail: string,
        answer: unknown[] | undefined,
      ) => events.action(socket, key, state, attempts, toErrorData(code, detail), answer ?? []),
    ),
    cancelRefused: safely((socket: number, key: string) => events.cancelRefused(socket, key)),
    forgotten: safely((socket: number, key: string) => events.forgotten(socket, key)),
    flushAsked: safely((socket: number, ticket: number, keys: string[]) =>
      events.flushAsked(socket, ticket, keys),
    ),
  };
}

function toContinuityEvents(events: CoreEvents): object {
  return {
    prologueNeeded: safely((socket: number, ticket: number) =>
      events.prologueNeeded(socket, ticket),
    ),
    gapHookNeeded: safely((socket: number, ticket: number) => events.gapHookNeeded(socket, ticket)),
    hookLate: safely((_socket: number, isPrologue: boolean) =>
      events.dropped(describe("hook_timeout", isPrologue ? "onConnected" : "onGap")),
    ),
    continuity: safely((socket: number, json: string) =>
      events.continuity(socket, JSON.parse(json) as ContinuityData),
    ),
    confirming: safely((socket: number, event: number, args: unknown[]) =>
      events.confirming(socket, event, args),
    ),
    topic: safely(
      (
        socket: number,
        topic: string,
        state: TopicState,
        code: string,
        answer: unknown[] | undefined,
      ) => events.topic(socket, topic, state, toErrorData(code), answer ?? []),
    ),
  };
}

/** Puts what came beside a command into it. */
function toCommand(
  json: string,
  body: string | undefined,
  attachments: unknown[],
  answers: unknown[],
): StoreCommand {
  const command = JSON.parse(json) as StoreCommand;
  if (command.type === "put" && body !== undefined) {
    const binary = attachments as NonNullable<(typeof command.payload)["attachments"]>;
    command.payload = binary.length > 0 ? { body, attachments: binary } : { body };
  } else if (command.type === "settle") {
    command.settlements = command.settlements.map((settlement, index) => {
      const args = answers[index] as readonly unknown[] | undefined;
      return args === undefined ? settlement : { ...settlement, args };
    });
  }
  return command;
}
