/** The helper: joins the stores, the actions and the streams to socket.io. */
import { Actions } from "./actions.js";
import { type EventLog, MemoryEventLog } from "./eventLog.js";
import { HelperNamespace } from "./namespace.js";
import { type ServerHelperOptions, type Settings, settingsOf } from "./options.js";
import { SocketActions } from "./socketActions.js";
import type { Next, ServerNamespace, ServerSocket } from "./socketio.js";
import { Streams, type WirePosition } from "./streams.js";

/** A socket.io server (its main namespace), or one of its namespaces. */
export type Attachable<Socket> =
  | { readonly sockets: ReadonlyMap<string, Socket> }
  | { readonly sockets: { readonly sockets: ReadonlyMap<string, Socket> } };

/** The helper for one process. */
export class ServerHelper<Tx> {
  readonly #settings: Settings<Tx>;
  readonly #log: EventLog;
  readonly #actions: Actions<Tx>;
  readonly #namespaces: { retry(afterMs: number): void }[] = [];

  /** @internal */
  constructor(settings: Settings<Tx>) {
    this.#settings = settings;
    this.#log = settings.store.eventLog?.(settings.log) ?? new MemoryEventLog(settings.log);
    this.#actions = new Actions(settings);
  }

  /**
   * Attaches the helper to a server's main namespace, or to a namespace.
   *
   * Call it before the application listens to `connection`: its middlewares and handlers must come
   * after the helper's.
   */
  attach<Socket extends object>(to: Attachable<Socket>): HelperNamespace<Tx, Socket> {
    const namespace = namespaceOf(to);
    const { report, maySince, retentionMs: keepMs, identify, store } = this.#settings;
    const streams = new Streams({ namespace, log: this.#log, maySince, report });
    const sockets = new WeakMap<object, SocketActions<Tx>>();
    const greeter = new Greeter(streams, this.#settings);
    namespace.use((socket, next) => void greeter.prepare(socket, next));
    namespace.on("connection", (socket) => {
      const { transaction } = store;
      const settings = { actions: this.#actions, transaction, keepMs, report, identify };
      sockets.set(socket, new SocketActions(socket, settings));
      answerSince(socket, streams, report);
      greeter.greet(socket);
    });
    const attached = new HelperNamespace<Tx, Socket>(namespace, streams, sockets);
    this.#namespaces.push(attached);
    return attached;
  }

  /** Tells the sockets of this process to come back no earlier than this: before a planned restart. */
  retry(afterMs: number): void {
    for (const namespace of this.#namespaces) namespace.retry(afterMs);
  }
}

/**
 * Makes the helper that a Node server needs so that its clients lose nothing.
 *
 * @throws {RangeError} if a number among the options is no whole number from 1.
 * @example
 * const helper = createServerHelper({ store: memoryStore(), identify: (socket) => socket.data.userId });
 * const main = helper.attach(io);
 * io.on("connection", (socket) => main.handle(socket, "save", (_context, note) => saveNote(note)));
 */
export const createServerHelper = <Tx = undefined>(
  options: ServerHelperOptions<Tx>,
): ServerHelper<Tx> => new ServerHelper(settingsOf(options));

/** What a hello says that has to be read from stores. */
interface Facts {
  readonly memory: string;
  readonly positions: readonly WirePosition[];
}

/** Says hello: at once when the socket is there, so everything is read before. */
class Greeter<Tx> {
  readonly #streams: Streams;
  readonly #settings: Settings<Tx>;
  readonly #read = new WeakMap<ServerSocket, Facts>();
  /** For sockets whose connection state was recovered: socket.io leaves middlewares out for them. */
  #latest: Facts | undefined;

  constructor(streams: Streams, settings: Settings<Tx>) {
    this.#streams = streams;
    this.#settings = settings;
  }

  /** Reads for one socket; with a store that fails it is let in with what was read before. */
  async prepare(socket: ServerSocket, next: Next): Promise<void> {
    try {
      this.#latest = await this.#readFacts();
    } catch (error) {
      this.#settings.report(error);
    }
    if (!this.#latest) {
      next(unavailable());
      return;
    }
    this.#read.set(socket, this.#latest);
    next();
  }

  greet(socket: ServerSocket): void {
    const facts = this.#read.get(socket) ?? this.#latest;
    if (facts) {
      this.#greet(socket, facts);
      return;
    }
    this.#readFacts().then((read) => this.#greet(socket, read), this.#settings.report);
  }

  #greet(socket: ServerSocket, { memory, positions }: Facts): void {
    const { retentionMs, report } = this.#settings;
    const hello = { v: 1, memory, retentionMs, time: Date.now(), since: true, positions };
    socket.emit("sockeye:hello", hello);
    this.#streams.catchUp(socket, positions).catch(report);
  }

  async #readFacts(): Promise<Facts> {
    const [memory, positions] = await Promise.all([
      this.#settings.store.memory(),
      this.#streams.positions(),
    ]);
    return { memory, positions };
  }
}

function answerSince(
  socket: ServerSocket,
  streams: Streams,
  report: (error: unknown) => void,
): void {
  socket.on("sockeye:since", (request, acknowledge) => {
    if (typeof acknowledge !== "function") return;
    const answer = (found: unknown): void => void Reflect.apply(acknowledge, undefined, [found]);
    streams.since(socket, request).then(answer, report);
  });
}

/** The client sees `data` with its CONNECT_ERROR, and waits. */
const unavailable = (): Error =>
  Object.assign(new Error("the server cannot read its memory"), { data: { retryAfterMs: 1_000 } });

/** `of` is what only a server has. */
function namespaceOf(to: object): ServerNamespace {
  const namespace =
    "of" in to && typeof to.of === "function" ? (Reflect.apply(to.of, to, ["/"]) as unknown) : to;
  return namespace as ServerNamespace;
}
