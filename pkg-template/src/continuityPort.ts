/** The port's part for what happens between CONNECT and live: hooks, topics, the verdict. */
import type { ErrorData } from "./errors.js";

/** Which hooks the core waits for before it goes live. */
export interface Hooks {
  /** {@link ContinuityEvents.prologueNeeded}, on every connection. */
  prologue: boolean;
  /** {@link ContinuityEvents.gapHookNeeded}, where something was missed. */
  gap: boolean;
}

/** Why something was missed, or may have been. `docs/continuity.md` explains each. */
export type GapCause =
  "no_proof" | "log_trimmed" | "new_epoch" | "hole" | "overflow" | "unreadable" | "forgotten";

/** A stream in which events were missed: the numbers of the first and the last, if they are known. */
export interface StreamGap {
  readonly stream: string;
  readonly cause: GapCause;
  readonly from?: number;
  readonly to?: number;
}

/** What a connection continues. */
export interface ContinuityData {
  kind: "fresh" | "resumed" | "gap";
  /** The number of the connection, as in {@link CoreEvents.delivered}. */
  connection: number;
  /** Whether the connection had its verdict already: something was missed while it was live. */
  isLate: boolean;
  /** With `gap`: why. */
  cause?: GapCause;
  /** With `gap`: where that is known. */
  streams?: readonly StreamGap[];
}

/** The states of a topic. */
export type TopicState = "idle" | "joining" | "live" | "failed";

/** What the facade asks of continuity. */
export interface ContinuityPort {
  setHooks(socket: number, hooks: Hooks): void;
  /** Sends before everything that waits, while the prologue of this ticket has not ended. */
  emitFirst(
    socket: number,
    ticket: number,
    body: string,
    attachments: unknown[] | undefined,
  ): ErrorData | undefined;
  requestFirst(
    socket: number,
    ticket: number,
    request: number,
    body: string,
    attachments: unknown[] | undefined,
    timeoutMs: number,
  ): ErrorData | undefined;
  prologueDone(socket: number, ticket: number): void;
  gapDone(socket: number, ticket: number): void;
  /**
   * Joins a topic, now and on each connection that is not a continuation. `join` and `leave` are bodies as
   * for {@link CorePort.emit}. With `confirm`, the number of an event, `join` is not acknowledged and
   * {@link topicConfirmed} is waited for.
   */
  retainTopic(
    socket: number,
    topic: string,
    join: string,
    leave: string | undefined,
    confirm: number | undefined,
  ): void;
  releaseTopic(socket: number, topic: string): void;
  topicConfirmed(socket: number, topic: string): void;
}

/** What continuity tells the facade. */
export interface ContinuityEvents {
  /** The application may speak first; {@link ContinuityPort.prologueDone} says when it has. */
  prologueNeeded(socket: number, ticket: number): void;
  /** Exactly one per connection that the server accepted, but for late ones. */
  continuity(socket: number, verdict: ContinuityData): void;
  /** Live events wait until {@link ContinuityPort.gapDone}. */
  gapHookNeeded(socket: number, ticket: number): void;
  /**
   * An event has come that may confirm a topic which is being joined. It is told here at once; whoever
   * listens to it gets it as ever, which may be later. `args` starts with the event's name.
   */
  confirming(socket: number, event: number, args: readonly unknown[]): void;
  /** `args` are the answer to `join`, if it was acknowledged. */
  topic(
    socket: number,
    topic: string,
    state: TopicState,
    error: ErrorData | undefined,
    args: readonly unknown[],
  ): void;
}
