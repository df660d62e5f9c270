/** A namespace with the helper. */
import type { Position } from "./eventLog.js";
import type { SocketActions, Work } from "./socketActions.js";
import type { ServerNamespace, ServerSocket, Target } from "./socketio.js";
import { everybodys, isEverybodys, type Streams } from "./streams.js";

/** Sends the events of one stream. */
export interface Channel {
  /**
   * Numbers an event, logs it, and sends it.
   *
   * Resolves with its position when it has been given to socket.io. Rejects if the log cannot be
   * written; the event was not sent then.
   */
  emit(event: string, ...args: unknown[]): Promise<Position>;
}

/**
 * A namespace with the helper: what `attach` returns.
 *
 * @example
 * const jobs = helper.attach(io.of("/jobs"));
 * io.of("/jobs").on("connection", (socket) => {
 *   jobs.handle(socket, "cancel", ({ tx }, id) => cancelJob(tx, id));
 *   socket.on("follow", (id, done) => jobs.join(socket, `job ${id}`).then(done));
 * });
 * await jobs.to("job 42").emit("progress", { percent: 50 });
 */
export class HelperNamespace<Tx, Socket extends object> implements Channel {
  readonly #namespace: ServerNamespace;
  readonly #streams: Streams;
  readonly #sockets: WeakMap<object, SocketActions<Tx>>;

  /** @internal */
  constructor(
    namespace: ServerNamespace,
    streams: Streams,
    sockets: WeakMap<object, SocketActions<Tx>>,
  ) {
    this.#namespace = namespace;
    this.#streams = streams;
    this.#sockets = sockets;
  }

  /**
   * Does `work` for each event of that name, in one transaction with the decision and the outcome.
   *
   * What `work` returns is the acknowledgement's argument. If it throws, everything is rolled back and
   * the client asks again; an `ActionRejected` rolls the work back and is stored as the outcome. Events
   * of clients that know nothing of keys are done in a transaction, too; if their work throws they get
   * no acknowledgement. Other listeners to the event do not see enqueued actions.
   *
   * @throws {Error} if the socket came before `attach`, or has a handler for the event.
   */
  handle<Args extends unknown[]>(socket: Socket, event: string, work: Work<Tx, Args>): void {
    const actions = this.#sockets.get(socket);
    if (!actions) throw new Error("the socket connected before attach was called");
    actions.handle(event, work as Work<Tx>);
  }

  /** Sends to every socket of the namespace, as the stream `*`. */
  emit(event: string, ...args: unknown[]): Promise<Position> {
    return this.#streams.emit(this.#namespace, everybodys, event, args);
  }

  /**
   * Returns another stream that every socket gets, named `*` and `name`.
   *
   * Call it once at the start: sockets are told where a stream stands if it is known when they connect.
   */
  stream(name: string): Channel {
    const stream = `${everybodys}${name}`;
    this.#streams.announce(stream);
    return this.#channel(this.#namespace, stream);
  }

  /**
   * Returns the stream of a room, which has the room's name.
   *
   * @throws {TypeError} if the name begins with `*`.
   */
  to(room: string): Channel {
    return this.#channel(this.#namespace.to(checkedRoom(room)), room);
  }

  /**
   * Lets a socket into a room, and tells it first where the room's stream stands.
   *
   * @throws {TypeError} if the name begins with `*`.
   */
  async join(socket: Socket, room: string): Promise<void> {
    await this.#streams.join(socket as unknown as ServerSocket, checkedRoom(room));
  }

  /** Tells the sockets of this process to come back no earlier than this: before a planned restart. */
  retry(afterMs: number): void {
    this.#namespace.local.emit("sockeye:retry", { afterMs });
  }

  #channel = (target: Target, stream: string): Channel => ({
    emit: (event, ...args) => this.#streams.emit(target, stream, event, args),
  });
}

function checkedRoom(room: string): string {
  if (!isEverybodys(room)) return room;
  throw new TypeError(`"${room}" cannot be a room: streams of all sockets begin with "*"`);
}
