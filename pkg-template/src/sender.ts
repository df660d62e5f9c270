/** What can be sent, and how. */
import type { Action } from "./action.js";
import type { AckValue, DefaultEvents, EventArguments, EventName, RequestName } from "./events.js";

/** How one event is sent. */
export interface SendOptions {
  /** Drop the event if there is no connection, instead of keeping it. For `emit`. */
  volatile?: boolean | undefined;
  /** How long to wait for the answer. For `request`. */
  timeoutMs?: number | undefined;
  /** Gives the request up when it aborts. For `request`. */
  signal?: AbortSignal | undefined;
}

/** What can send events. */
export interface Sender<EmitEvents extends object = DefaultEvents> {
  /**
   * Sends an event, at most once.
   *
   * The arguments are what JSON can hold and, anywhere in them, up to 10 binary values:
   * `ArrayBuffer`, views, `Blob`, `File`. JSON is written at once; binary values are not copied, so
   * leave them alone until they have been sent.
   *
   * Without a connection the event is kept in memory, up to 1,000 events or 8 million characters and
   * bytes, and sent on the next one. A reload loses it.
   *
   * @throws {SockeyeError} `buffer_full`, `payload_too_large`, `reserved_event`, `not_serializable`,
   * `too_many_attachments` or `client_destroyed`; nothing is sent then.
   * @example
   * client.emit("message", { room, text });
   */
  emit<Name extends EventName<EmitEvents>>(
    event: Name,
    ...args: EventArguments<EmitEvents, Name>
  ): void;

  /**
   * Sends an event and resolves with the server's acknowledgement: its one argument, otherwise the
   * tuple of all.
   *
   * It always settles. It rejects with a {@link SockeyeError}: `ack_timeout` when no answer came in
   * time, `disconnected` when the connection was lost after it had been sent (the server may have acted
   * on it), `aborted`, `too_many_requests`, `attachments_exceeded`, `load_failed` or `wasm_unavailable`
   * when the core cannot be loaded, or what {@link emit} throws.
   *
   * @example
   * const { room } = await client.request("subscribe:jobs", { jobId });
   */
  request<Name extends RequestName<EmitEvents>>(
    event: Name,
    ...args: EventArguments<EmitEvents, Name>
  ): Promise<AckValue<EmitEvents, Name>>;
}

/** What can send events, and take actions that are not to be lost. */
export interface ActionSender<
  EmitEvents extends object = DefaultEvents,
> extends Sender<EmitEvents> {
  /**
   * Takes an action that is not to be lost. See {@link NamespaceClient.enqueue}.
   *
   * @example
   * const action = client.with({ coalesceKey: "title" }).enqueue("rename", { title });
   */
  enqueue<Name extends RequestName<EmitEvents>>(
    event: Name,
    ...args: EventArguments<EmitEvents, Name>
  ): Action<AckValue<EmitEvents, Name>>;
}
