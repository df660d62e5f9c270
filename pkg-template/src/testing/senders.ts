/** What a socket sends with, when it sends in a special way. */
import type { EventName } from "../events.js";
import type { Broadcast } from "./broadcast.js";
import type { ArgumentsOf, FirstAnswer, PlainArguments, TimedArguments } from "./types.js";

/** What others of a socket's namespace can be sent. */
export interface SenderToOthers<Emit extends object, Listen extends object, Data> {
  /** All others. */
  readonly broadcast: Broadcast<Emit, Listen, Data>;
  /** All others in these rooms. */
  to(rooms: string | string[]): Broadcast<Emit, Listen, Data>;
  /** All others in these rooms, in another word. */
  in(rooms: string | string[]): Broadcast<Emit, Listen, Data>;
  /** All others who are not in these rooms. */
  except(rooms: string | string[]): Broadcast<Emit, Listen, Data>;
}

/** Sends events whose acknowledgements get an error first when time is up. */
export interface TimedSender<
  Emit extends object,
  Listen extends object,
  Data,
> extends SenderToOthers<Emit, Listen, Data> {
  /** Sends an event; its acknowledgement gets an error, or `null`, and the answer. */
  emit<Name extends EventName<Emit>>(event: Name, ...args: TimedArguments<Emit, Name>): boolean;
  /** Sends an event and resolves with the answer; rejects when time is up. */
  emitWithAck<Name extends EventName<Emit>>(
    event: Name,
    ...args: PlainArguments<Emit, Name>
  ): Promise<FirstAnswer<Emit, Name>>;
}

/** Sends events that are not kept for who comes back. */
export interface VolatileSender<
  Emit extends object,
  Listen extends object,
  Data,
> extends SenderToOthers<Emit, Listen, Data> {
  /** Sends an event to this client. */
  emit<Name extends EventName<Emit>>(event: Name, ...args: ArgumentsOf<Emit, Name>): boolean;
}
