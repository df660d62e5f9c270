/** A socket of a namespace, as handlers get it. */
import type { DefaultEvents, EventName } from "../events.js";
import { Acks } from "./acks.js";
import { Broadcast, everybody } from "./broadcast.js";
import type { Connection } from "./connection.js";
import { callSafely, Emitter, type Listener } from "./emitter.js";
import { runAll } from "./middlewares.js";
import { assertAllowed } from "./names.js";
import type { MockNamespace } from "./namespace.js";
import type { Packet } from "./packets.js";
import type { Session } from "./recovery.js";
import type { SenderToOthers, TimedSender, VolatileSender } from "./senders.js";
import type {
  Any,
  ArgumentsOf,
  EventMiddleware,
  FirstAnswer,
  Handshake,
  ListenerOf,
  PlainArguments,
  ServerDisconnectReason,
  SocketReserved,
} from "./types.js";

/** What is left of a socket that comes back. */
export interface Recovered {
  readonly session: Session;
  readonly missed: readonly unknown[][];
}

/** How one event is sent. */
interface SendOptions {
  readonly id?: number | undefined;
  readonly acknowledge?: Listener | undefined;
  readonly timeoutMs?: number | undefined;
}

interface SendFlags {
  readonly timeoutMs?: number;
  readonly isVolatile?: boolean;
}

/** After these a socket may come back. */
const recoverable: readonly ServerDisconnectReason[] = [
  "transport error",
  "transport close",
  "forced close",
  "ping timeout",
  "server shutting down",
];

/**
 * A client that is connected to a namespace, as the handlers of the server see it.
 *
 * @example
 * server.on("connection", (socket) => {
 *   socket.on("order", (item, answer) => answer(`one ${item}`));
 *   socket.emit("news", "welcome");
 * });
 */
export class MockSocket<
  Listen extends object = DefaultEvents,
  Emit extends object = Listen,
  Data = Any,
> {
  /** The id that the client has, too. */
  readonly id: string;
  /** The namespace. */
  readonly nsp: MockNamespace<Listen, Emit, Data>;
  /** The connection, which sockets of other namespaces may share. */
  readonly conn: Connection;
  /** How the client has introduced itself. */
  readonly handshake: Handshake;
  /** Whether it came back with its state, by connection state recovery. */
  readonly recovered: boolean;
  /** Whatever the application keeps with it. */
  data: Data;
  /** Whether it is connected. */
  connected = false;
  readonly #pid: string | undefined;
  readonly #emitter = new Emitter(this);
  readonly #acks: Acks;
  readonly #middlewares: EventMiddleware[] = [];
  readonly #listenersToAny: { incoming: Listener[]; outgoing: Listener[] } = {
    incoming: [],
    outgoing: [],
  };

  /** @internal */
  constructor(
    nsp: MockNamespace<Listen, Emit, Data>,
    conn: Connection,
    handshake: Handshake,
    {
      id,
      pid,
      recovered,
    }: { id: string; pid: string | undefined; recovered: Recovered | undefined },
  ) {
    this.nsp = nsp;
    this.conn = conn;
    this.handshake = handshake;
    this.#acks = new Acks(nsp.hall);
    this.id = recovered?.session.id ?? id;
    this.#pid = recovered?.session.pid ?? pid;
    this.data = (recovered?.session.data ?? {}) as Data;
    this.recovered = recovered !== undefined;
    if (!recovered) return;
    nsp.rooms.join(this.id, recovered.session.rooms);
    for (const args of recovered.missed) this.sendEvent(args);
  }

  /** The rooms that it is in. */
  get rooms(): Set<string> {
    return this.nsp.rooms.of(this.id);
  }

  /** Whether it is not connected. */
  get disconnected(): boolean {
    return !this.connected;
  }

  /** What the client asked with. */
  get request(): Connection["request"] {
    return this.conn.request;
  }

  /** Listens to an event. */
  on<Name extends EventName<Listen> | keyof SocketReserved>(
    event: Name,
    listener: ListenerOf<Listen, SocketReserved, Name>,
  ): this {
    this.#emitter.add(event, listener as Listener);
    return this;
  }

  /** Listens to the next event of a name. */
  once<Name extends EventName<Listen> | keyof SocketReserved>(
    event: Name,
    listener: ListenerOf<Listen, SocketReserved, Name>,
  ): this {
    this.#emitter.add(event, listener as Listener, { isOnce: true });
    return this;
  }

  /** Listens no longer. */
  off<Name extends EventName<Listen> | keyof SocketReserved>(
    event: Name,
    listener: ListenerOf<Listen, SocketReserved, Name>,
  ): this {
    this.#emitter.remove(event, listener as Listener);
    return this;
  }

  /** Takes all listeners away, or those to one event. */
  removeAllListeners(event?: string): this {
    this.#emitter.removeAll(event);
    return this;
  }

  /** Returns functions that call the listeners. */
  rawListeners(event: string): ((...args: unknown[]) => unknown)[] {
    return this.#emitter.listeners(event);
  }

  /** Listens to every event that comes. */
  onAny(listener: (event: string, ...args: Any[]) => void): this {
    this.#listenersToAny.incoming.push(listener);
    return this;
  }

  /** Listens no longer to every event; without an argument no listener does. */
  offAny(listener?: (event: string, ...args: Any[]) => void): this {
    this.#listenersToAny.incoming = without(this.#listenersToAny.incoming, listener);
    return this;
  }

  /** Listens to every event that is sent. */
  onAnyOutgoing(listener: (event: string, ...args: Any[]) => void): this {
    this.#listenersToAny.outgoing.push(listener);
    return this;
  }

  /** Listens no longer to every event that is sent; without an argument no listener does. */
  offAnyOutgoing(listener?: (event: string, ...args: Any[]) => void): this {
    this.#listenersToAny.outgoing = without(this.#listenersToAny.outgoing, listener);
    return this;
  }

  /** Asks a middleware about each event that comes. */
  use(middleware: EventMiddleware): this {
    this.#middlewares.push(middleware);
    return this;
  }

  /**
   * Sends an event to this client; with an acknowledgement last, that gets the client's answer.
   *
   * @throws {Error} for the names that are socket.io's own.
   */
  emit<Name extends EventName<Emit>>(event: Name, ...args: ArgumentsOf<Emit, Name>): boolean {
    return this.#emit(event, args);
  }

  /** Sends an event and resolves with the first argument of the answer. */
  emitWithAck<Name extends EventName<Emit>>(
    event: Name,
    ...args: PlainArguments<Emit, Name>
  ): Promise<FirstAnswer<Emit, Name>> {
    return new Promise((resolve) => {
      this.#emit(event, [...(args as unknown[]), resolve]);
    });
  }

  /** Sends an event `message`. */
  send(...args: Any[]): this {
    this.#emit("message", args);
    return this;
  }

  /** Limits the time for the acknowledgement of what is sent with what this returns. */
  timeout(timeoutMs: number): TimedSender<Emit, Listen, Data> {
    return {
      ...this.#others({ timeoutMs }),
      emit: (event, ...args) => this.#emit(event, args, { timeoutMs }),
      emitWithAck: (event, ...args) =>
        new Promise((resolve, reject) => {
          const acknowledge = (error: Error | null, answer: FirstAnswer<Emit, typeof event>) =>
            error ? reject(error) : resolve(answer);
          this.#emit(event, [...(args as unknown[]), acknowledge], { timeoutMs });
        }),
    };
  }

  /** What is sent is not kept for when it comes back. */
  get volatile(): VolatileSender<Emit, Listen, Data> {
    const flags = { isVolatile: true };
    return {
      ...this.#others(flags),
      emit: (event, ...args) => this.#emit(event, args, flags),
    };
  }

  /** Nothing is compressed here. */
  compress(_compress: boolean): this {
    return this;
  }

  /** All others in these rooms. */
  to(rooms: string | string[]): Broadcast<Emit, Listen, Data> {
    return this.broadcast.to(rooms);
  }

  /** All others in these rooms, in another word. */
  in(rooms: string | string[]): Broadcast<Emit, Listen, Data> {
    return this.broadcast.to(rooms);
  }

  /** All others who are not in these rooms. */
  except(rooms: string | string[]): Broadcast<Emit, Listen, Data> {
    return this.broadcast.except(rooms);
  }

  /** All others. */
  get broadcast(): Broadcast<Emit, Listen, Data> {
    return this.#others({}).broadcast;
  }

  /** All others: there is one server only. */
  get local(): Broadcast<Emit, Listen, Data> {
    return this.broadcast;
  }

  /** Goes into rooms. */
  join(rooms: string | string[]): Promise<void> {
    if (this.connected) this.nsp.rooms.join(this.id, [rooms].flat());
    return Promise.resolve();
  }

  /** Leaves a room. */
  leave(room: string): Promise<void> {
    this.nsp.rooms.leave(this.id, room);
    return Promise.resolve();
  }

  /** Sends the client away from this namespace; with `close` ends the connection, too. */
  disconnect(close = false): this {
    if (!this.connected) return this;
    if (close) {
      this.conn.disconnect();
      return this;
    }
    this.#send({ type: "disconnect" });
    this.handleClosed("server namespace disconnect");
    return this;
  }

  /** @internal */
  handleConnected(): void {
    this.connected = true;
    this.nsp.rooms.join(this.id, [this.id]);
    this.#send({ type: "connect", data: { sid: this.id, pid: this.#pid } });
  }

  /** @internal */
  handlePacket({ type, id, data }: Packet): void {
    if (type === "event") this.#handleEvent((data ?? []) as [string, ...unknown[]], id);
    else if (type === "ack" && id !== undefined) this.#acks.answer(id, (data ?? []) as unknown[]);
    else if (type === "disconnect") this.handleClosed("client namespace disconnect");
  }

  /** @internal */
  handleError(error: Error): void {
    this.#emitter.tell("error", error);
  }

  /** @internal */
  handleClosed(reason: ServerDisconnectReason): void {
    if (!this.connected) return;
    this.#emitter.tell("disconnecting", reason);
    if (this.#pid !== undefined && recoverable.includes(reason)) {
      const { id, rooms, data } = this;
      this.nsp.recovery?.leave({ id, pid: this.#pid, rooms, data });
    }
    this.cleanUp();
    this.connected = false;
    this.conn.sockets.delete(this.nsp.name);
    this.#emitter.tell("disconnect", reason);
  }

  /** @internal */
  cleanUp(): void {
    this.nsp.rooms.leaveAll(this.id);
    this.nsp.sockets.delete(this.id);
  }

  /** @internal */
  sendEvent(args: readonly unknown[], { id, acknowledge, timeoutMs }: SendOptions = {}): void {
    for (const listener of this.#listenersToAny.outgoing) listener(...args);
    if (id !== undefined && acknowledge) this.#acks.wait(id, acknowledge, timeoutMs);
    this.#send({ type: "event", id, data: args });
  }

  /** @internal */
  forgetAck(id: number): void {
    this.#acks.forget(id);
  }

  #send(packet: Omit<Packet, "namespace">): void {
    this.conn.send({ ...packet, namespace: this.nsp.name });
  }

  #others(flags: SendFlags): SenderToOthers<Emit, Listen, Data> {
    const audience = { ...everybody, ...flags, except: new Set([this.id]) };
    const broadcast = new Broadcast<Emit, Listen, Data>(this.nsp.hall, audience);
    return {
      broadcast,
      to: (rooms) => broadcast.to(rooms),
      in: (rooms) => broadcast.to(rooms),
      except: (rooms) => broadcast.except(rooms),
    };
  }

  #emit(event: string, args: unknown, { timeoutMs, isVolatile = false }: SendFlags = {}): true {
    assertAllowed(event);
    const all = [event, ...(args as unknown[])];
    if (typeof all.at(-1) === "function") {
      const acknowledge = all.pop() as Listener;
      this.sendEvent(all, { id: this.nsp.hall.nextAckId(), acknowledge, timeoutMs });
    } else if (this.nsp.recovery) {
      this.nsp.hall.transmit({ ...everybody, rooms: new Set([this.id]) }, all, isVolatile);
    } else this.sendEvent(all);
    return true;
  }

  #handleEvent(event: [string, ...unknown[]], id: number | undefined): void {
    const whole: [string, ...unknown[]] = [...event];
    if (id !== undefined) whole.push(this.#acknowledge(id));
    for (const listener of this.#listenersToAny.incoming) callSafely(() => listener(...whole));
    runAll(this.#middlewares, whole, (error) => {
      void Promise.resolve().then(() => {
        const [name, ...args] = whole as unknown[]; // names may be numbers
        if (error) this.handleError(error);
        else if (this.connected) this.#emitter.tell(String(name), ...args);
      });
    });
  }

  /** A client is answered once. */
  #acknowledge(id: number): (...args: unknown[]) => void {
    let isSent = false;
    return (...args) => {
      if (!isSent) this.#send({ type: "ack", id, data: args });
      isSent = true;
    };
  }
}

const without = (listeners: readonly Listener[], listener: Listener | undefined): Listener[] =>
  listener === undefined ? [] : listeners.filter((each) => each !== listener);
