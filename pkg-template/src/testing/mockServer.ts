/** The server: connections, namespaces, faults and the log, joined. */
import type { DefaultEvents, EventName } from "../events.js";
import type { ClientOptions, WebSocketConstructor } from "../options.js";
import type { Broadcast } from "./broadcast.js";
import { Connection } from "./connection.js";
import type { Verdict } from "./faultRules.js";
import { Faults } from "./faults.js";
import { type LastRefusal, makeFetch } from "./http.js";
import type { Direction, Passage } from "./frames.js";
import { Link, type LinkHost } from "./link.js";
import { Log, type LogEntry, type LogMatch, type WaitOptions } from "./log.js";
import type { MockNamespace, SocketMiddleware } from "./namespace.js";
import { Namespaces } from "./namespaces.js";
import { type MockServerOptions, resolve, type Settings } from "./options.js";
import { Random } from "./random.js";
import { type Route, visitorOf } from "./route.js";
import type { MockSocket } from "./socket.js";
import type { Any, BroadcastArguments, FirstAnswer, Handshake, PlainArguments } from "./types.js";
import { makeWebSocketClass, type Passageway, toFrame, type Visitor } from "./webSocket.js";

/** The options with which a client talks to a mock server. */
export type MockClientOptions = Required<
  Pick<ClientOptions, "webSocket" | "fetch" | "transports">
> & { webSocket: WebSocketConstructor };

/**
 * A Socket.IO server without a port.
 *
 * @example
 * const server = createMockServer();
 * server.on("connection", (socket) => socket.emit("news", "welcome"));
 * const client = createClient("http://mock", server.clientOptions());
 */
export class MockServer<
  Listen extends object = DefaultEvents,
  Emit extends object = Listen,
  Data = Any,
> {
  /** The class whose WebSockets connect to this server, at whatever address. */
  readonly WebSocket: WebSocketConstructor;
  /** What answers to a client over HTTP: why no WebSocket opens. There is no polling. */
  readonly fetch: typeof fetch;
  /** What goes wrong. */
  readonly faults: Faults;
  /** The main namespace. */
  readonly sockets: MockNamespace<Listen, Emit, Data>;
  readonly #settings: Settings;
  readonly #random: Random;
  readonly #setUp: ((server: this) => void) | undefined;
  readonly #log = new Log();
  readonly #links = new Set<Link>();
  readonly #namespaces: Namespaces;
  #connections = 0;
  #isDown = false;
  #refusal: LastRefusal;
  #uninstall: (() => void) | undefined;

  /** @internal */
  constructor(options: MockServerOptions<MockServer<Listen, Emit, Data>>) {
    this.#settings = resolve(options);
    this.#random = new Random(this.#settings.seed);
    const { recovery } = this.#settings;
    this.#namespaces = new Namespaces({ random: this.#random, recovery });
    this.#setUp = options.setUp;
    this.faults = new Faults(this.#links, this.#random);
    this.WebSocket = makeWebSocketClass((visitor) => this.#admit(visitor));
    this.fetch = makeFetch(() => (this.#isDown ? {} : this.#refusal));
    this.sockets = this.of("/");
    this.#setUp?.(this);
  }

  /** What happened, the oldest first; the last 10,000 entries. */
  get log(): readonly LogEntry[] {
    return this.#log.entries;
  }

  /** How many clients are connected. */
  get engine(): { readonly clientsCount: number } {
    return { clientsCount: [...this.#links].filter(({ isServed }) => isServed).length };
  }

  /** What to give to `createClient`: `createClient("http://mock", { ...server.clientOptions(), auth })`. */
  clientOptions(): MockClientOptions {
    return { webSocket: this.WebSocket, fetch: this.fetch, transports: ["websocket"] };
  }

  /**
   * Puts this server's `WebSocket` into the place of the global one, for clients that cannot be given one;
   * returns a function that puts the other one back, as `close()` does.
   */
  install(): () => void {
    this.#uninstall ??= replaceWebSocket(this.WebSocket, () => (this.#uninstall = undefined));
    return () => this.#uninstall?.();
  }

  /** Takes a WebSocket that a page has opened: `page.routeWebSocket(/socket\.io/, (route) => server.accept(route))`. */
  accept(route: Route): void {
    const way = this.#admit(visitorOf(route));
    if (!way) {
      void route.close({ code: 1011 });
      return;
    }
    route.onMessage((data) => way.sendToServer(toFrame(data)));
    route.onClose(() => way.closeByClient());
  }

  /**
   * Resolves with an entry of the log: one that is there, or the next that comes.
   *
   * Rejects with `not_seen` when the time of the options is over, or the server is closed.
   */
  waitFor(match: LogMatch, options?: WaitOptions): Promise<LogEntry> {
    return this.#log.waitFor(match, options);
  }

  /** Forgets what the log has. */
  clearLog(): void {
    this.#log.clear();
  }

  /** Returns a namespace; one for all whose names fit, if the name is a pattern. */
  of<L extends object = Listen, E extends object = Emit, D = Data>(
    name: string | RegExp,
  ): MockNamespace<L, E, D> {
    // Whoever asks for it says what its events are.
    return this.#namespaces.of(name) as MockNamespace<L, E, D>;
  }

  /** Asks a middleware about each client of the main namespace. */
  use(middleware: SocketMiddleware<MockSocket<Listen, Emit, Data>>): this {
    this.sockets.use(middleware);
    return this;
  }

  /** Listens to the clients that connect to the main namespace. */
  on(
    event: "connection" | "connect",
    listener: (socket: MockSocket<Listen, Emit, Data>) => unknown,
  ): this {
    this.sockets.on(event, listener);
    return this;
  }

  /** Listens to the next client that connects to the main namespace. */
  once(
    event: "connection" | "connect",
    listener: (socket: MockSocket<Listen, Emit, Data>) => unknown,
  ): this {
    this.sockets.once(event, listener);
    return this;
  }

  /** Listens no longer. */
  off(
    event: "connection" | "connect",
    listener: (socket: MockSocket<Listen, Emit, Data>) => unknown,
  ): this {
    this.sockets.off(event, listener);
    return this;
  }

  /** Sends an event to everybody in the main namespace. */
  emit<Name extends EventName<Emit>>(
    event: Name,
    ...args: BroadcastArguments<Emit, Name>
  ): boolean {
    return this.sockets.emit(event, ...args);
  }

  /** Sends an event to everybody in the main namespace, and resolves with the answers. */
  emitWithAck<Name extends EventName<Emit>>(
    event: Name,
    ...args: PlainArguments<Emit, Name>
  ): Promise<FirstAnswer<Emit, Name>[]> {
    return this.sockets.emitWithAck(event, ...args);
  }

  /** Who is in these rooms of the main namespace. */
  to(rooms: string | string[]): Broadcast<Emit, Listen, Data> {
    return this.sockets.to(rooms);
  }

  /** Who is in these rooms of the main namespace, in another word. */
  in(rooms: string | string[]): Broadcast<Emit, Listen, Data> {
    return this.sockets.to(rooms);
  }

  /** Who is in the main namespace and not in these rooms. */
  except(rooms: string | string[]): Broadcast<Emit, Listen, Data> {
    return this.sockets.except(rooms);
  }

  /** Everybody in the main namespace; what is sent is not kept for those who are away. */
  get volatile(): Broadcast<Emit, Listen, Data> {
    return this.sockets.volatile;
  }

  /** Everybody in the main namespace: there is one server only. */
  get local(): Broadcast<Emit, Listen, Data> {
    return this.sockets.local;
  }

  /** Everybody in the main namespace; acknowledgements have to come within this time, in milliseconds. */
  timeout(timeoutMs: number): Broadcast<Emit, Listen, Data> {
    return this.sockets.timeout(timeoutMs);
  }

  /** Resolves with all sockets of the main namespace. */
  fetchSockets(): Promise<MockSocket<Listen, Emit, Data>[]> {
    return this.sockets.fetchSockets();
  }

  /** Lets all sockets of the main namespace into rooms. */
  socketsJoin(rooms: string | string[]): void {
    this.sockets.socketsJoin(rooms);
  }

  /** Takes all sockets of the main namespace out of rooms. */
  socketsLeave(rooms: string | string[]): void {
    this.sockets.socketsLeave(rooms);
  }

  /** Disconnects all sockets of the main namespace; with `close` also their connections. */
  disconnectSockets(close = false): void {
    this.sockets.disconnectSockets(close);
  }

  /** The server is gone: connections end, and nothing answers until {@link start}. */
  stop(): void {
    this.#isDown = true;
    this.faults.cut();
  }

  /** The server is there again. */
  start(): void {
    this.#isDown = false;
  }

  /**
   * Ends all connections; who comes back finds the server as it was.
   *
   * With `loseMemory` it has forgotten what connection state recovery kept; and with the option `setUp` all
   * middlewares and handlers, too, which that makes anew.
   */
  restart({ loseMemory = false }: { loseMemory?: boolean | undefined } = {}): void {
    this.faults.cut();
    this.#log.add({ connection: 0, kind: "restart" });
    if (!loseMemory) return;
    for (const namespace of this.#namespaces.all) namespace.forget(this.#setUp !== undefined);
    this.#setUp?.(this);
  }

  /** Ends everything: clients lose their connections, nothing answers any more, no timer is left. */
  async close(): Promise<void> {
    this.#isDown = true;
    this.#uninstall?.();
    await Promise.all([...this.#links].map((link) => link.finish()));
    for (const namespace of this.#namespaces.all) namespace.stop();
    this.#log.end();
  }

  #admit(visitor: Visitor): Passageway | undefined {
    this.#connections += 1;
    const number = this.#connections;
    this.#refusal = this.#judgeVisitor(number);
    if (this.#refusal) {
      const { status } = this.#refusal;
      const reason = status === undefined ? "refuse" : String(status);
      this.#log.add({ connection: number, kind: "refused", reason });
      return undefined;
    }
    const link = new Link(number, visitor.end, this.#linkHost);
    this.#links.add(link);
    this.faults.welcome(link);
    const { url, headers } = visitor;
    const connection = new Connection(this.#random.id(), { url, headers }, link, {
      host: { connect: (...client) => this.#connect(...client) },
      settings: this.#settings.connection,
    });
    this.#log.add({ connection: number, kind: "opened" });
    link.open(connection);
    connection.open();
    return link;
  }

  #judgeVisitor(connection: number): LastRefusal {
    if (this.#isDown) return {};
    const moment = { connection, direction: "clientToServer", passage: undefined } as const;
    const verdict = this.faults.judge(moment);
    if (!verdict) return undefined;
    this.#log.add({ connection, kind: "fault", rule: verdict.rule });
    const { fault, isForWebSockets } = verdict;
    if (fault === "refuse") return { isForWebSockets };
    return typeof fault === "object" && "respond" in fault
      ? { ...fault.respond, isForWebSockets }
      : undefined;
  }

  readonly #linkHost: LinkHost = {
    judge: (link, direction, passage): Verdict | undefined => {
      const verdict = this.faults.judge({ connection: link.number, direction, passage });
      if (verdict) {
        const { rule } = verdict;
        this.#log.add({ connection: link.number, kind: "fault", direction, ...passage, rule });
      }
      return verdict;
    },
    notePacket: (link, direction, passage, given) => {
      const args = this.#withoutOffset(direction, passage, given);
      this.#log.add({ connection: link.number, kind: "packet", direction, ...passage, args });
    },
    noteClosed: (link, reason) => {
      this.#log.add({ connection: link.number, kind: "closed", reason });
    },
    noteOver: (link) => void this.#links.delete(link),
    restart: (options) => this.restart(options),
  };

  /** What recovery adds to an event is not the application's, and tells the time. */
  #withoutOffset(
    direction: Direction,
    { event, namespace = "/" }: Passage,
    args: readonly unknown[],
  ) {
    if (event === undefined || direction === "clientToServer") return args;
    const isKept = this.#namespaces.find(namespace)?.recovery?.knows(args.at(-1)) === true;
    return isKept ? args.slice(0, -1) : args;
  }

  #connect(connection: Connection, name: string, auth: Record<string, unknown>): void {
    const namespace = this.#namespaces.open(name);
    if (namespace) void namespace.add(connection, handshakeOf(connection, auth));
    else {
      const data = { message: "Invalid namespace" };
      connection.send({ type: "connect_error", namespace: name, data });
    }
  }
}

/** Returns what puts the one before back. */
function replaceWebSocket(value: unknown, undone: () => void): () => void {
  const scope = globalThis as { WebSocket?: unknown };
  const before = Object.getOwnPropertyDescriptor(scope, "WebSocket");
  Object.defineProperty(scope, "WebSocket", { configurable: true, writable: true, value });
  return () => {
    undone();
    if (before) Object.defineProperty(scope, "WebSocket", before);
    else delete scope.WebSocket;
  };
}

function handshakeOf({ request }: Connection, auth: Record<string, unknown>): Handshake {
  const url = new URL(request.url);
  const entries = Object.entries(request.headers).map(([name, value]) => [
    name.toLowerCase(),
    value,
  ]);
  const headers = Object.fromEntries(entries) as Record<string, string>;
  const now = new Date();
  return {
    auth,
    query: Object.fromEntries(url.searchParams),
    headers,
    url: `${url.pathname}${url.search}`,
    time: String(now),
    issued: now.getTime(),
    address: "mock",
    secure: url.protocol === "wss:",
    xdomain: headers["origin"] !== undefined,
  };
}
