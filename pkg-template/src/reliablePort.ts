/** Which namespace hears what the core says of actions, topics and continuity. */
import type { Hooks } from "./continuity.js";
import type { ContinuityData, ContinuityEvents, TopicState } from "./continuityPort.js";
import { type ErrorData, SockeyeError } from "./errors.js";
import type { OutboxDesk } from "./outboxDesk.js";
import type { ActionState, OutboxEvents, StoreCommand } from "./outboxPort.js";
import type { Topics } from "./topics.js";

/** Those of a namespace who are told. */
export interface ReliableParts {
  readonly hooks: Hooks;
  readonly topics: Topics;
  readonly desk: OutboxDesk | undefined;
  /** The core is there. */
  handleLoaded(): void;
  /**
   * The user is another from now on; what the one before has stored stays, or is thrown away. Returns what
   * tells those concerned, once the core knows of the user.
   */
  handleIdentity(identity: string, isDiscarded: boolean): () => void;
  /** The core has failed, and another may follow. Returns what tells those concerned, when that is allowed. */
  handleCoreFailed(): () => void;
  /** There will be no core unless somebody asks again. */
  handleLoadGivenUp(error: SockeyeError): void;
}

export abstract class ReliablePort implements OutboxEvents, ContinuityEvents {
  protected abstract partsOf(socket: number): ReliableParts | undefined;

  store(socket: number, ticket: number, command: StoreCommand): void {
    this.partsOf(socket)?.desk?.store(ticket, command);
  }

  action(
    socket: number,
    key: string,
    state: ActionState,
    attempts: number,
    error: ErrorData | undefined,
    args: readonly unknown[],
  ): void {
    this.partsOf(socket)?.desk?.action(key, state, attempts, error, args);
  }

  cancelRefused(socket: number, key: string): void {
    this.partsOf(socket)?.desk?.cancelRefused(key);
  }

  forgotten(socket: number, key: string): void {
    this.partsOf(socket)?.desk?.forgotten(key);
  }

  flushAsked(socket: number, ticket: number, keys: string[]): void {
    void this.partsOf(socket)?.desk?.flushAsked(ticket, keys);
  }

  prologueNeeded(socket: number, ticket: number): void {
    void this.partsOf(socket)?.hooks.handlePrologueNeeded(ticket);
  }

  continuity(socket: number, verdict: ContinuityData): void {
    this.partsOf(socket)?.hooks.handleContinuity(verdict);
  }

  gapHookNeeded(socket: number, ticket: number): void {
    void this.partsOf(socket)?.hooks.handleGapHookNeeded(ticket);
  }

  topic(
    socket: number,
    topic: string,
    state: TopicState,
    error: ErrorData | undefined,
    args: readonly unknown[],
  ): void {
    this.partsOf(socket)?.topics.handleTopic(topic, state, error && new SockeyeError(error), args);
  }

  confirming(socket: number, event: number, args: readonly unknown[]): void {
    this.partsOf(socket)?.topics.handleConfirming(event, args);
  }
}
