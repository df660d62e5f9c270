/** A server's socket and its namespace without a network: middlewares and handlers as in socket.io. */
import { EventEmitter } from "node:events";

export class FakeNamespace extends EventEmitter {
  name;
  local = { emit: (...event) => this.#broadcast(undefined, event) };
  sockets = new Map();
  #middlewares = [];

  constructor(name = "/") {
    super();
    this.name = name;
  }

  use(middleware) {
    this.#middlewares.push(middleware);
  }

  to(room) {
    return { emit: (...event) => this.#broadcast(room, event) };
  }

  emit(...event) {
    this.#broadcast(undefined, event);
  }

  /** Resolves with a socket that has passed the middlewares, or rejects as they say. */
  async connect({ recovered = false } = {}) {
    const socket = new FakeSocket(this);
    for (const middleware of recovered ? [] : this.#middlewares) {
      await new Promise((resolve, reject) => {
        middleware(socket, (error) => (error ? reject(error) : resolve()));
      });
    }
    this.sockets.set(socket.id, socket);
    socket.rooms.add(socket.id);
    super.emit("connection", socket);
    return socket;
  }

  #broadcast(room, event) {
    for (const socket of this.sockets.values()) {
      if (room === undefined || socket.rooms.has(room)) socket.emit(...event);
    }
  }
}

let sockets = 0;

export class FakeSocket extends EventEmitter {
  id = `socket ${(sockets += 1)}`;
  connected = true;
  rooms = new Set();
  nsp;
  /** What the client got: `[name, ...args]` each.
   * @type {[string, ...unknown[]][]} */
  sent = [];
  #middlewares = [];

  constructor(nsp) {
    super();
    this.nsp = nsp;
  }

  use(middleware) {
    this.#middlewares.push(middleware);
    return this;
  }

  emit(...event) {
    this.sent.push(event);
    return true;
  }

  join(room) {
    this.rooms.add(room);
  }

  /** An event comes: `[name, ...args]`, the last of which may be an acknowledgement. */
  receive(...event) {
    const run = ([first, ...rest]) => {
      if (!first) return process.nextTick(() => this.connected && super.emit(...event));
      first(event, (error) => (error ? super.emit("error", error) : run(rest)));
    };
    run([...this.#middlewares]);
  }

  /** The same; resolves with the arguments of the acknowledgement. */
  request(...event) {
    return new Promise((resolve) => {
      this.receive(...event, (...args) => resolve(args));
    });
  }

  /** Returns what the client got of one event. */
  got(name) {
    return this.sent.filter(([first]) => first === name).map(([, ...args]) => args);
  }
}
