/** What the server sends on demand: joined again whenever that is needed, for as long as somebody wants it. */
import type { Connection } from "./connection.js";
import type { TopicState } from "./continuityPort.js";
import { Deferred } from "./deferred.js";
import { fail, SockeyeError } from "./errors.js";
import { Observable, type StateObservable, type Subscription } from "./observable.js";
import { serialize } from "./serialize.js";
import { State } from "./state.js";
import { toValue } from "./toValue.js";
import type { Traffic } from "./traffic.js";

/** Whether a topic is joined. `failed` is tried again, at the latest on the next connection. */
export interface TopicStatus {
  readonly state: TopicState;
  /** With `failed`: why. */
  readonly error?: SockeyeError;
}

/** What `client.topic` is told, whatever its events are: see {@link TopicOptions}. */
export interface AnyTopicOptions {
  join: readonly [event: string, ...args: unknown[]];
  leave?: readonly [event: string, ...args: unknown[]] | undefined;
  confirm?:
    | {
        event: string;
        /** Whether this event of the server says that it is joined. */
        match: (value: never) => boolean;
      }
    | undefined;
  key?: string | undefined;
}

interface TopicScope {
  readonly connection: Connection;
  readonly traffic: Traffic;
  readonly socket: number;
}

/** What a topic was joined with, or why nobody may see that. */
type JoinAnswer = readonly unknown[] | SockeyeError;

/** A topic in the words of the port. */
interface Bodies {
  join: string;
  leave: string | undefined;
}

/**
 * Something that the server sends to whoever has joined it.
 *
 * It is joined while somebody retains it: once on each connection that does not continue the one before,
 * and before that connection is live.
 *
 * @example
 * const room = client.topic({ join: ["room:join", { room }], leave: ["room:leave", { room }] });
 * const subscription = room.retain();
 * await room.ready;
 * subscription.unsubscribe(); // the last one leaves
 */
export class Topic<Answer = unknown> {
  /** What tells it from others: the same key is the same topic. */
  readonly key: string;
  readonly #topics: Topics;
  readonly #options: AnyTopicOptions;
  readonly #bodies: Bodies;
  readonly #state: State<TopicStatus>;
  /** What it was joined with, while it is live. */
  #answer: JoinAnswer = [];
  #ready = new Deferred<Answer>();
  #count = 0;
  #confirm: number | undefined;

  /** @internal */
  constructor(topics: Topics, key: string, options: AnyTopicOptions) {
    this.key = key;
    this.#topics = topics;
    this.#options = options;
    const { join, leave } = options;
    const { traffic } = topics.scope;
    this.#bodies = { join: toBody(join, traffic), leave: leave && toBody(leave, traffic) };
    this.#state = new State<TopicStatus>({ state: "idle" }, topics.report);
  }

  /** The current {@link TopicStatus} and its changes. */
  get status(): StateObservable<TopicStatus> {
    return this.#state.observable;
  }

  /**
   * Resolves when the topic is live, at once if it is, with the server's answer to `join`. Rejects with
   * `topic_failed` if it could not be joined, and with `aborted` if everybody left before that; after that
   * it is another promise.
   */
  get ready(): Promise<Answer> {
    return this.#ready.promise;
  }

  /** Joins the topic if it is not joined yet; the last one to unsubscribe leaves it. */
  retain(): Subscription {
    this.#topics.scope.connection.assertAlive();
    if (this.#count++ === 0) this.#open();
    const retained = new Observable<never>(() => () => {
      if (--this.#count === 0) this.#close();
    });
    return retained.subscribe({});
  }

  /** @internal The name of the event that joins it. */
  get event(): string {
    return this.#options.join[0];
  }

  /** @internal */
  tellCore(): void {
    const { connection, socket } = this.#topics.scope;
    const { join, leave } = this.#bodies;
    connection.core?.retainTopic(socket, this.key, join, leave, this.#confirm);
  }

  /** @internal */
  handleStatus(state: TopicState, cause: unknown, answer: JoinAnswer): void {
    const { state: previous } = this.#state.value;
    if (previous === "live" || (previous === "failed" && state !== "failed")) this.#renew();
    this.#answer = answer;
    const error = state === "failed" ? failed(this.key, cause) : undefined;
    if (error) this.#ready.settle(error);
    else if (state === "live") {
      if (answer instanceof SockeyeError) this.#ready.settle(answer);
      else this.#ready.settle(undefined, toValue(answer, 0) as Answer);
    }
    this.#state.set({ state, ...(error && { error }) });
  }

  /** @internal An event has come that may say that it is joined. */
  handleConfirming(event: number, args: readonly unknown[]): void {
    const { confirm } = this.#options;
    if (event !== this.#confirm || confirm?.match(toValue(args, 1) as never) !== true) return;
    const { connection, socket } = this.#topics.scope;
    connection.core?.topicConfirmed(socket, this.key);
  }

  /** @internal */
  close(error: SockeyeError): void {
    this.#ready.settle(error);
    this.#state.complete();
  }

  #open(): void {
    const { confirm } = this.#options;
    const { eventNumbers } = this.#topics.scope.connection;
    this.#confirm = confirm && eventNumbers.retain(confirm.event);
    const other = this.#topics.add(this as Topic);
    if (other) this.#takeStatus(other as Topic<Answer>);
    else this.tellCore();
  }

  /** Another handle of the topic was there before. */
  #takeStatus(other: Topic<Answer>): void {
    const { state, error } = other.#state.value;
    if (state !== "idle") this.handleStatus(state, error?.cause, other.#answer);
  }

  #close(): void {
    const { connection, socket } = this.#topics.scope;
    const isLast = this.#topics.remove(this as Topic);
    if (isLast) connection.core?.releaseTopic(socket, this.key);
    if (this.#options.confirm) connection.eventNumbers.release(this.#options.confirm.event);
    this.#ready.settle(fail("aborted", "nobody wants the topic", "retain it again"));
    this.#renew();
    this.#state.set({ state: "idle" });
  }

  #renew(): void {
    this.#ready = new Deferred();
  }
}

/** The topics of a namespace that somebody wants. */
export class Topics {
  readonly scope: TopicScope;
  /** All handles of a topic that are retained: the application may have made several before that. */
  readonly #topics = new Map<string, readonly Topic[]>();

  constructor(scope: TopicScope) {
    this.scope = scope;
  }

  /** Returns the topic that is wanted already, if there is one. Throws what `emit` throws. */
  get(options: AnyTopicOptions): Topic {
    const key = options.key ?? toBody(options.join);
    return this.#topics.get(key)?.[0] ?? new Topic(this, key, options);
  }

  /** Returns another handle of the same topic, if one is retained. */
  add(topic: Topic): Topic | undefined {
    const others = this.#topics.get(topic.key) ?? [];
    this.#topics.set(topic.key, [...others, topic]);
    return others[0];
  }

  /** Returns whether it was the last handle of its topic. */
  remove(topic: Topic): boolean {
    const others = this.#topics.get(topic.key)?.filter((other) => other !== topic) ?? [];
    if (others.length > 0) this.#topics.set(topic.key, others);
    else this.#topics.delete(topic.key);
    return others.length === 0;
  }

  /** The core is there. */
  handleLoaded(): void {
    for (const [topic] of this.#topics.values()) topic?.tellCore();
  }

  /** No topic is joined any more. */
  handleDown(): void {
    for (const [key, [topic]] of [...this.#topics]) {
      if (topic?.status.value.state !== "idle") this.handleTopic(key, "idle", undefined, []);
    }
  }

  handleTopic(key: string, state: TopicState, error: unknown, args: readonly unknown[]): void {
    const topics = this.#topics.get(key) ?? [];
    const answer = topics[0] ? this.#toAnswer(topics[0], args) : args;
    for (const topic of topics) topic.handleStatus(state, error, answer);
  }

  /** Nothing is answered where an event confirms, or where the server has gone on with the session. */
  #toAnswer({ event }: Topic, args: readonly unknown[]): JoinAnswer {
    try {
      return args.length > 0 ? this.scope.traffic.answered(event, args) : args;
    } catch (vetoed) {
      return vetoed as SockeyeError;
    }
  }

  handleConfirming(event: number, args: readonly unknown[]): void {
    for (const topic of [...this.#topics.values()].flat()) {
      try {
        topic.handleConfirming(event, args);
      } catch (error) {
        this.report(error);
      }
    }
  }

  close(error: SockeyeError): void {
    for (const topic of [...this.#topics.values()].flat()) topic.close(error);
  }

  readonly report = (error: unknown): void => this.scope.connection.report(error);
}

function toBody(
  [event, ...args]: readonly [event: string, ...args: unknown[]],
  traffic?: Traffic,
): string {
  const { body, attachments } = serialize(event, traffic ? traffic.send(event, args) : args);
  if (!attachments) return body;
  throw fail("binary_unsupported", "topics cannot hold binary values", "send text or JSON");
}

function failed(key: string, cause: unknown): SockeyeError {
  return fail("topic_failed", `"${key}" could not be joined`, "the `cause` says why", cause);
}
