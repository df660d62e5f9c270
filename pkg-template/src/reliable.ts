/** What a namespace can do beyond the protocol: actions that are not lost, topics, continuity. */
import type { Action, ActionOptions } from "./action.js";
import type { Connection } from "./connection.js";
import { type Continuity, type Gap, Hooks } from "./continuity.js";
import { fail, SockeyeError } from "./errors.js";
import type { AckValue, EventArguments, EventName, EventValue, RequestName } from "./events.js";
import { Latest } from "./latest.js";
import type { Observable, StateObservable, Subscription } from "./observable.js";
import { Outbox } from "./outbox.js";
import type { OutboxDesk } from "./outboxDesk.js";
import type { Awaitable } from "./outboxStore.js";
import type { Sender } from "./sender.js";
import { serialize } from "./serialize.js";
import { type Topic, Topics } from "./topics.js";
import { toValue } from "./toValue.js";
import { type Interceptor, Traffic } from "./traffic.js";

/** What is sent for a topic: an event's name and its arguments. */
export type EventTuple<Events extends object> = {
  [Name in EventName<Events>]: readonly [event: Name, ...args: EventArguments<Events, Name>];
}[EventName<Events>];

/** What says that a topic is joined, if not the acknowledgement. */
export type TopicConfirmation<Events extends object> = {
  [Name in EventName<Events>]: {
    event: Name;
    /** Whether an event of this name says so. */
    match: (value: EventValue<Events, Name>) => boolean;
  };
}[EventName<Events>];

/** What a topic is made of. */
export type TopicOptions<
  ListenEvents extends object,
  EmitEvents extends object,
  Join extends EventName<EmitEvents>,
> = {
  /** What is sent to join it. */
  join: readonly [event: Join, ...args: EventArguments<EmitEvents, Join>];
  /** What is sent to leave it. */
  leave?: EventTuple<EmitEvents> | undefined;
  /** What tells it from other topics. Default: the JSON of `join`. */
  key?: string | undefined;
} & (Join extends RequestName<EmitEvents>
  ? {
      /** The event that says that it is joined, if `join` is not to be acknowledged. */
      confirm?: TopicConfirmation<ListenEvents> | undefined;
    }
  : { confirm: TopicConfirmation<ListenEvents> });

/** What a topic is ready with: the acknowledgement of what joins it. */
export type TopicAnswer<EmitEvents extends object, Join extends EventName<EmitEvents>> =
  Join extends RequestName<EmitEvents> ? AckValue<EmitEvents, Join> : undefined;

export abstract class ReliableNamespace<ListenEvents extends object, EmitEvents extends object> {
  /** The namespace, `/` for the root. */
  readonly name: string;
  /** @internal */
  readonly connection: Connection;
  /**
   * The actions that have not ended.
   *
   * @example
   * client.outbox.items.subscribe((items) => (badge.textContent = String(items.length)));
   */
  readonly outbox: Outbox;
  /** @internal */
  readonly hooks: Hooks;
  /** @internal */
  readonly topics: Topics;
  /** @internal */
  readonly traffic: Traffic;
  readonly #latest: Latest;

  /** @internal */
  constructor(connection: Connection, name: string) {
    this.connection = connection;
    this.name = name;
    this.traffic = new Traffic(connection, name);
    this.outbox = new Outbox(this);
    this.hooks = new Hooks(this);
    this.topics = new Topics(this);
    this.#latest = new Latest(this);
  }

  /** @internal The number of the namespace. */
  abstract readonly socket: number;

  /** @internal Returns the events of this name. */
  abstract listen(event: string): Observable<unknown>;

  /**
   * Takes an action that is not to be lost: it is stored, sent when there is a connection, sent again
   * after a disconnect, a refusal or a time-out, always with the same id, until the server has answered.
   *
   * Returns at once; the handle's `accepted` resolves when it is stored, its `result` when the server has
   * acknowledged it. How often it is applied then is the server's matter: see `docs/outbox.md`.
   *
   * @throws {SockeyeError} `reserved_event`, `not_serializable`, `too_many_attachments`, `duplicate_key`
   * or `client_destroyed`; nothing is kept then.
   * @example
   * const action = client.enqueue("order:cancel", { orderId });
   * await action.result;
   */
  enqueue<Name extends RequestName<EmitEvents>>(
    event: Name,
    ...args: EventArguments<EmitEvents, Name>
  ): Action<AckValue<EmitEvents, Name>> {
    return this.enqueueWith({}, event, args);
  }

  /**
   * Sends the newest of the events with this `key`: at once when connected, otherwise when that is the
   * case again. Those before it are forgotten, and a reload loses it.
   *
   * @throws {SockeyeError} what `emit` throws; `buffer_full` with more than 1,000 keys.
   * @example
   * client.emitLatest(`cursor:${userId}`, "cursor", { x, y });
   */
  emitLatest<Name extends EventName<EmitEvents>>(
    key: string,
    event: Name,
    ...args: EventArguments<EmitEvents, Name>
  ): void {
    const sent = this.traffic.send(event, args);
    this.#latest.emit(key, serialize(event, sent));
    this.traffic.handleSent("event", event, sent);
  }

  /**
   * Returns what the server sends to those who join it, not joined yet: see {@link Topic}.
   *
   * @throws {SockeyeError} what `emit` throws, or `binary_unsupported`.
   * @example
   * const room = client.topic({ join: ["room:join", { room }], leave: ["room:leave", { room }] });
   * const subscription = room.retain();
   */
  topic<Join extends EventName<EmitEvents>>(
    options: TopicOptions<ListenEvents, EmitEvents, Join>,
  ): Topic<TopicAnswer<EmitEvents, Join>> {
    return this.topics.get(options) as never;
  }

  /**
   * Has everything pass through `interceptor` that is sent and received from now on, before it is written
   * and after it is read; with several, the one that came first is first. `docs/traffic.md` has more.
   *
   * @example
   * client.use({ outbound: (event, [payload]) => [{ ...payload, sentAt: Date.now() }] });
   */
  use(interceptor: Interceptor): Subscription {
    return this.traffic.use(interceptor);
  }

  /** What the last connection continues: one verdict for each; `undefined` before the first of a user. */
  get continuity(): StateObservable<Continuity | undefined> {
    return this.hooks.continuity;
  }

  /**
   * Has `handler` called on each connection, before anything else is sent on it: what it sends with
   * `first` goes before all that waits, and that waits until the handler is done, up to 10 s.
   *
   * @example
   * client.onConnected(async (first) => {
   *   await first.request("hello", { version });
   * });
   */
  onConnected(handler: (first: Sender<EmitEvents>) => Awaitable<unknown>): Subscription {
    return this.hooks.onConnected(handler);
  }

  /**
   * Has `handler` called when events were missed, or may have been. Events that come after the gap wait
   * until the handler is done, up to 30 s. It may be found while the connection is live (`isLate`).
   *
   * @example
   * client.onGap(async () => {
   *   jobs.replaceAll(await fetchJobs());
   * });
   */
  onGap(handler: (gap: Gap) => Awaitable<unknown>): Subscription {
    return this.hooks.onGap(handler);
  }

  /** @internal */
  enqueueWith<Ack>(
    options: ActionOptions,
    event: string,
    given: unknown[],
    id?: string,
  ): Action<Ack> {
    const args = this.traffic.send(event, given);
    const action = this.outbox.enqueue(event, args, options, id);
    this.traffic.handleSent("action", event, args);
    return action as Action<Ack>;
  }

  /** @internal What sends before all that waits, while the prologue of this ticket lasts. */
  firstSender(ticket: number): Sender {
    const { connection, socket, traffic } = this;
    const { core } = connection;
    return {
      emit: (event, ...given) => {
        connection.assertAlive();
        const args = traffic.send(event, given);
        const { body, attachments } = serialize(event, args);
        const error = core?.emitFirst(socket, ticket, body, attachments);
        if (error) throw new SockeyeError(error);
        traffic.handleSent("event", event, args);
      },
      request: async (event, ...given) => {
        const args = traffic.send(event, given);
        const startedAt = traffic.start(true);
        const tell = () => traffic.handleSent("request", event, args);
        const answer = connection.requestFirst(core, socket, ticket, serialize(event, args), tell);
        return toValue(traffic.answered(event, await answer, startedAt), 0) as never;
      },
    };
  }

  /** @internal */
  handleLoaded(): void {
    this.hooks.handleLoaded();
    this.topics.handleLoaded();
    this.#latest.handleLoaded();
    this.outbox.handleLoaded();
  }

  /** @internal */
  handleIdentity(identity: string, isDiscarded: boolean): () => void {
    this.#latest.handleIdentity();
    const tellOutbox = this.outbox.handleIdentity(identity, isDiscarded);
    return () => {
      this.hooks.handleIdentity();
      tellOutbox();
    };
  }

  /** @internal */
  handleCoreFailed(): () => void {
    this.hooks.handleCoreFailed();
    this.outbox.handleCoreFailed();
    return () => this.topics.handleDown();
  }

  /** @internal */
  handleLoadGivenUp(error: SockeyeError): void {
    this.outbox.handleGivenUp(error);
  }

  /** @internal */
  get desk(): OutboxDesk | undefined {
    return this.outbox.desk;
  }

  /** @internal */
  protected closeReliable(): void {
    const error = fail("client_destroyed", "the client was destroyed", "make a new client");
    this.outbox.close(error);
    this.topics.close(error);
    this.hooks.close();
  }
}
