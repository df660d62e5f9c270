/** What is done to many sockets of a namespace. */
import type { DefaultEvents, EventName } from "../events.js";
import { timedOut } from "./acks.js";
import { assertAllowed } from "./names.js";
import type { Audience } from "./rooms.js";
import type { MockSocket } from "./socket.js";
import type { Any, BroadcastArguments, FirstAnswer, PlainArguments } from "./types.js";
import type { Listener } from "./emitter.js";

/** A socket, as broadcasts use it. */
export interface Member {
  sendEvent(args: readonly unknown[], options?: { id: number; acknowledge: Listener }): void;
  forgetAck(id: number): void;
  join(rooms: string | string[]): unknown;
  leave(room: string): unknown;
  disconnect(close: boolean): unknown;
}

/** A namespace, as broadcasts use it. */
export interface Hall {
  /** Returns sockets of the namespace, and of those that were made of its pattern. */
  select(audience: Audience): Member[];
  /** Sends to all of them, and keeps it for those who come back. */
  transmit(audience: Audience, args: readonly unknown[], isVolatile: boolean): void;
  nextAckId(): number;
  /** Calls `run` after a time, unless the server is closed before or it is taken back by what this returns. */
  later(timeoutMs: number, run: () => void): () => void;
}

/** Whom it is for, and how it is sent. */
export interface BroadcastFlags extends Audience {
  readonly timeoutMs?: number | undefined;
  readonly isVolatile?: boolean | undefined;
}

/** For everybody. */
export const everybody: BroadcastFlags = { rooms: new Set(), except: new Set() };

/**
 * Some sockets of a namespace, chosen by their rooms.
 *
 * @example
 * server.to("news").except("muted").emit("headline", "salmon has come in");
 */
export class Broadcast<
  Emit extends object = DefaultEvents,
  Listen extends object = Emit,
  Data = Any,
> {
  readonly #hall: Hall;
  readonly #flags: BroadcastFlags;

  /** @internal */
  constructor(hall: Hall, flags: BroadcastFlags = everybody) {
    this.#hall = hall;
    this.#flags = flags;
  }

  /** Adds rooms. */
  to(rooms: string | string[]): Broadcast<Emit, Listen, Data> {
    return this.#with({ rooms: new Set([...this.#flags.rooms, ...[rooms].flat()]) });
  }

  /** Adds rooms, in another word. */
  in(rooms: string | string[]): Broadcast<Emit, Listen, Data> {
    return this.to(rooms);
  }

  /** Leaves out who is in these rooms. */
  except(rooms: string | string[]): Broadcast<Emit, Listen, Data> {
    return this.#with({ except: new Set([...this.#flags.except, ...[rooms].flat()]) });
  }

  /** The same sockets: there is one server only. */
  get local(): this {
    return this;
  }

  /** What is sent is not kept for those who are away. */
  get volatile(): Broadcast<Emit, Listen, Data> {
    return this.#with({ isVolatile: true });
  }

  /** Nothing is compressed here. */
  compress(_compress: boolean): this {
    return this;
  }

  /** How long to wait for acknowledgements, in milliseconds. */
  timeout(timeoutMs: number): Broadcast<Emit, Listen, Data> {
    return this.#with({ timeoutMs });
  }

  /** Sends an event; with an acknowledgement last, that gets the answers of all. */
  emit<Name extends EventName<Emit>>(
    event: Name,
    ...args: BroadcastArguments<Emit, Name>
  ): boolean {
    assertAllowed(event);
    const all = [event, ...(args as unknown[])];
    if (typeof all.at(-1) === "function") this.#collect(all, all.pop() as Listener);
    else this.#hall.transmit(this.#flags, all, this.#flags.isVolatile === true);
    return true;
  }

  /** Sends an event, and resolves with the answers of all; rejects if some are missing after `timeout()`. */
  emitWithAck<Name extends EventName<Emit>>(
    event: Name,
    ...args: PlainArguments<Emit, Name>
  ): Promise<FirstAnswer<Emit, Name>[]> {
    return new Promise((resolve, reject) => {
      const acknowledge = (error: Error | null, answers: FirstAnswer<Emit, Name>[]) =>
        error ? reject(Object.assign(error, { responses: answers })) : resolve(answers);
      this.#collect([event, ...(args as unknown[])], acknowledge);
    });
  }

  /** Resolves with the sockets. */
  fetchSockets(): Promise<MockSocket<Listen, Emit, Data>[]> {
    // Members of a hall are sockets of its namespace.
    const sockets: unknown = this.#hall.select(this.#flags);
    return Promise.resolve(sockets as MockSocket<Listen, Emit, Data>[]);
  }

  /** Lets the sockets into rooms. */
  socketsJoin(rooms: string | string[]): void {
    for (const socket of this.#hall.select(this.#flags)) socket.join(rooms);
  }

  /** Takes the sockets out of rooms. */
  socketsLeave(rooms: string | string[]): void {
    for (const socket of this.#hall.select(this.#flags)) {
      for (const room of [rooms].flat()) socket.leave(room);
    }
  }

  /** Disconnects the sockets; with `close` also their connections. */
  disconnectSockets(close = false): void {
    for (const socket of this.#hall.select(this.#flags)) socket.disconnect(close);
  }

  #with(flags: Partial<BroadcastFlags>): Broadcast<Emit, Listen, Data> {
    return new Broadcast(this.#hall, { ...this.#flags, ...flags });
  }

  #collect(args: readonly unknown[], acknowledge: Listener): void {
    const sockets = this.#hall.select(this.#flags);
    const id = this.#hall.nextAckId();
    const { timeoutMs } = this.#flags;
    const answers: unknown[] = [];
    const giveUp = () => {
      for (const socket of sockets) socket.forgetAck(id);
      acknowledge(timedOut(), answers);
    };
    const takeBack = timeoutMs === undefined ? () => {} : this.#hall.later(timeoutMs, giveUp);
    const check = () => {
      if (answers.length < sockets.length) return;
      takeBack();
      acknowledge(null, answers);
    };
    for (const socket of sockets) {
      socket.sendEvent(args, {
        id,
        acknowledge: (answer) => {
          answers.push(answer);
          check();
        },
      });
    }
    void Promise.resolve().then(() => {
      if (sockets.length === 0) check();
    });
  }
}
