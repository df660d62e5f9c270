/** A namespace: its sockets, its rooms, and who may come in. */
import type { DefaultEvents, EventName } from "../events.js";
import { Broadcast, type Hall } from "./broadcast.js";
import type { Connection } from "./connection.js";
import { Emitter } from "./emitter.js";
import { runAll } from "./middlewares.js";
import type { Random } from "./random.js";
import { Recovery } from "./recovery.js";
import { Rooms } from "./rooms.js";
import { MockSocket } from "./socket.js";
import { Timers } from "./timers.js";
import type {
  Any,
  BroadcastArguments,
  FirstAnswer,
  Handshake,
  Next,
  PlainArguments,
} from "./types.js";

/** What all namespaces of a server share. */
export interface NamespaceSettings {
  readonly random: Random;
  readonly recovery: { readonly keepMs: number; readonly skipMiddlewares: boolean } | undefined;
}

/** Asks who may come in; a function may also be one of a library that knows socket.io. */
export type SocketMiddleware<Socket> = (socket: Socket, next: Next) => unknown;

/**
 * A namespace of a mock server.
 *
 * @example
 * server.of("/jobs").use((socket, next) => next(socket.handshake.auth.token ? undefined : new Error("no token")));
 */
export class MockNamespace<
  Listen extends object = DefaultEvents,
  Emit extends object = Listen,
  Data = Any,
> {
  /** Its name: `/`, `/jobs`. */
  readonly name: string;
  /** Who is connected, by id. */
  readonly sockets = new Map<string, MockSocket<Listen, Emit, Data>>();
  /** @internal */
  readonly rooms = new Rooms();
  /** @internal */
  readonly recovery: Recovery | undefined;
  /** @internal */
  readonly hall: Hall;
  readonly #settings: NamespaceSettings;
  readonly #emitter = new Emitter(this);
  /** Those whose names this one's pattern fits. */
  readonly #children: MockNamespace<Listen, Emit, Data>[] = [];
  #middlewares: SocketMiddleware<MockSocket<Listen, Emit, Data>>[] = [];
  readonly #timers = new Timers();
  #ackIds = 0;

  /** @internal */
  constructor(name: string, settings: NamespaceSettings) {
    this.name = name;
    this.#settings = settings;
    if (settings.recovery) this.recovery = new Recovery(settings.recovery.keepMs);
    this.hall = {
      select: (audience) => [
        ...[...this.rooms.select(audience)].flatMap((id) => this.sockets.get(id) ?? []),
        ...this.#children.flatMap(({ hall }) => hall.select(audience)),
      ],
      transmit: (audience, args, isVolatile) => this.#transmit(audience, args, isVolatile),
      nextAckId: () => this.#ackIds++,
      later: (timeoutMs, run) => this.#timers.set(timeoutMs, run),
    };
  }

  /** Asks a middleware about each client; an error that it goes on with is what the client is told. */
  use(middleware: SocketMiddleware<MockSocket<Listen, Emit, Data>>): this {
    this.#middlewares.push(middleware);
    return this;
  }

  /** Listens to the clients that connect. */
  on(
    event: "connection" | "connect",
    listener: (socket: MockSocket<Listen, Emit, Data>) => unknown,
  ): this {
    this.#emitter.add(event, listener);
    return this;
  }

  /** Listens to the next client that connects. */
  once(
    event: "connection" | "connect",
    listener: (socket: MockSocket<Listen, Emit, Data>) => unknown,
  ): this {
    this.#emitter.add(event, listener, { isOnce: true });
    return this;
  }

  /** Listens no longer. */
  off(
    event: "connection" | "connect",
    listener: (socket: MockSocket<Listen, Emit, Data>) => unknown,
  ): this {
    this.#emitter.remove(event, listener);
    return this;
  }

  /** Sends an event to everybody in the namespace. */
  emit<Name extends EventName<Emit>>(
    event: Name,
    ...args: BroadcastArguments<Emit, Name>
  ): boolean {
    return this.#everybody.emit(event, ...args);
  }

  /** Sends an event to everybody, and resolves with the answers. */
  emitWithAck<Name extends EventName<Emit>>(
    event: Name,
    ...args: PlainArguments<Emit, Name>
  ): Promise<FirstAnswer<Emit, Name>[]> {
    return this.#everybody.emitWithAck(event, ...args);
  }

  /** Who is in these rooms. */
  to(rooms: string | string[]): Broadcast<Emit, Listen, Data> {
    return this.#everybody.to(rooms);
  }

  /** Who is in these rooms, in another word. */
  in(rooms: string | string[]): Broadcast<Emit, Listen, Data> {
    return this.#everybody.to(rooms);
  }

  /** Who is not in these rooms. */
  except(rooms: string | string[]): Broadcast<Emit, Listen, Data> {
    return this.#everybody.except(rooms);
  }

  /** Everybody; what is sent is not kept for those who are away. */
  get volatile(): Broadcast<Emit, Listen, Data> {
    return this.#everybody.volatile;
  }

  /** Everybody: there is one server only. */
  get local(): Broadcast<Emit, Listen, Data> {
    return this.#everybody;
  }

  /** Everybody; acknowledgements have to come within this time, in milliseconds. */
  timeout(timeoutMs: number): Broadcast<Emit, Listen, Data> {
    return this.#everybody.timeout(timeoutMs);
  }

  /** Resolves with all sockets. */
  fetchSockets(): Promise<MockSocket<Listen, Emit, Data>[]> {
    return this.#everybody.fetchSockets();
  }

  /** Lets all sockets into rooms. */
  socketsJoin(rooms: string | string[]): void {
    this.#everybody.socketsJoin(rooms);
  }

  /** Takes all sockets out of rooms. */
  socketsLeave(rooms: string | string[]): void {
    this.#everybody.socketsLeave(rooms);
  }

  /** Disconnects all sockets; with `close` also their connections. */
  disconnectSockets(close = false): void {
    this.#everybody.disconnectSockets(close);
  }

  /** @internal Makes one whose name fits the pattern of this one. */
  makeChild(name: string): MockNamespace<Listen, Emit, Data> {
    const child = new MockNamespace<Listen, Emit, Data>(name, this.#settings);
    child.#middlewares = [...this.#middlewares];
    for (const event of ["connect", "connection"]) {
      for (const listener of this.#emitter.listeners(event)) child.#emitter.add(event, listener);
    }
    this.#children.push(child);
    return child;
  }

  /** @internal Leaves no timer behind. */
  stop(): void {
    this.#timers.stop();
  }

  /** @internal Forgets what a process has in its memory. */
  forget(alsoCode: boolean): void {
    this.recovery?.forget();
    if (!alsoCode) return;
    this.#middlewares = [];
    this.#emitter.removeAll();
  }

  /** @internal A client wants to come in. */
  async add(conn: Connection, handshake: Handshake): Promise<void> {
    const { random, recovery } = this.#settings;
    const ids = { id: random.id(), pid: recovery && random.id() };
    const { pid, offset } = handshake.auth;
    const recovered = this.recovery?.comeBack(pid, offset);
    const socket = new MockSocket<Listen, Emit, Data>(this, conn, handshake, { ...ids, recovered });
    await Promise.resolve();
    const isKnown = recovered !== undefined && recovery?.skipMiddlewares === true;
    runAll(isKnown ? [] : this.#middlewares, socket, (error) => {
      void Promise.resolve().then(() => this.#decide(socket, error));
    });
  }

  get #everybody(): Broadcast<Emit, Listen, Data> {
    return new Broadcast(this.hall);
  }

  #decide(socket: MockSocket<Listen, Emit, Data>, error: Parameters<Next>[0]): void {
    const { conn, id } = socket;
    if (error || conn.readyState !== "open") {
      socket.cleanUp();
      const data = { message: error?.message, data: error?.data };
      conn.send({ type: "connect_error", namespace: this.name, data });
      return;
    }
    this.sockets.set(id, socket);
    conn.sockets.set(this.name, socket);
    socket.handleConnected();
    this.#emitter.tell("connect", socket);
    this.#emitter.tell("connection", socket);
  }

  #transmit(
    audience: Parameters<Hall["transmit"]>[0],
    args: readonly unknown[],
    isVolatile: boolean,
  ): void {
    const kept = isVolatile ? undefined : this.recovery?.keep(audience, args);
    for (const id of this.rooms.select(audience)) this.sockets.get(id)?.sendEvent(kept ?? args);
    for (const { hall } of this.#children) hall.transmit(audience, args, isVolatile);
  }
}
