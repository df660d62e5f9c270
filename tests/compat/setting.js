/** What a case has at hand, in Node and in a page: the client, servers of its own, checks. */
import { differences } from "./differences.js";

/**
 * Runs one case.
 *
 * @param body the case
 * @param client the client's module, its `name` and `environment` ("node" or "browser")
 * @param start starts a server, by its options; resolves with `{ url, call(operation, args) }`
 * @param signal aborts when the case has taken too long
 */
export async function runCase(body, client, start, signal) {
  const setting = new Setting(client, start);
  signal?.addEventListener("abort", () => setting.end());
  try {
    await body(setting);
    setting.checkComplaints();
  } finally {
    setting.end();
  }
}

/** The setting of one case; it ends with it. */
class Setting {
  #start;
  #managers = new Set();
  #complaints = [];

  constructor(client, start) {
    this.client = client.module;
    this.name = client.name;
    this.environment = client.environment;
    this.#start = start;
  }

  /** Starts a server; its operations are those of `CaseServer`. */
  serve = async (options = {}) => {
    const { url, call } = await this.#start(options);
    const does = (name) => [name, (...args) => call(name, args)];
    return { url, ...Object.fromEntries(operations.map(does)) };
  };

  /** The client's `io()`, whose connections end with the case. */
  io = (...args) => {
    const socket = this.client.io(...args);
    this.#managers.add(socket.io);
    return socket;
  };

  /** A Manager that ends with the case. */
  manager = (...args) => {
    const manager = new this.client.Manager(...args);
    this.#managers.add(manager);
    return manager;
  };

  /** A fresh server and a socket that is connected to it. */
  connected = async ({ server: serverOptions, namespace = "", ...options } = {}) => {
    const server = await this.serve(serverOptions);
    const socket = this.io(server.url + namespace, { ...quick, ...options });
    await this.event(socket, "connect");
    return { server, socket };
  };

  /** Whether this client is meant to differ here from the official one; see `differences.js`. */
  differs = (difference) => {
    if (!(difference in differences)) throw new Error(`no such difference: ${difference}`);
    return this.name !== "socket.io-client";
  };

  /** Resolves with the arguments of the next such event. */
  event = (emitter, name) =>
    new Promise((resolve) => emitter.once(name, (...args) => resolve(args)));

  /** Returns the events of this name so far and to come, as lists of their arguments. */
  events = (emitter, name) => {
    const list = [];
    emitter.on(name, (...args) => list.push(args));
    return list;
  };

  /** Returns the list of the names of these events, in the order in which they come. */
  trace = (sources) => {
    const names = [];
    for (const [emitter, ...events] of sources) {
      for (const event of events) emitter.on(event, () => names.push(event));
    }
    return names;
  };

  /** Resolves when `probe` gives something. */
  until = async (probe) => {
    for (;;) {
      const result = await probe();
      if (result) return result;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  /** Resolves when everything that the server has sent to this socket so far has come. */
  settled = (socket) => socket.emitWithAck("echo", "done");

  /** Returns a listener whose call is a failure, told when the case ends. */
  never = (what) => () => this.#complaints.push(`${what} should not happen`);

  equal = (actual, expected, what = "") => {
    if (!Object.is(actual, expected)) throw unequal(actual, expected, what);
  };

  deepEqual = (actual, expected, what = "") => {
    if (canonical(actual) !== canonical(expected)) throw unequal(actual, expected, what);
  };

  ok = (value, what = "it") => {
    if (!value) throw new Error(`${what} is ${show(value)}`);
  };

  match = (text, pattern) => {
    if (!pattern.test(text)) throw new Error(`${show(text)} does not match ${pattern}`);
  };

  throws = (action, pattern) => {
    try {
      action();
    } catch (error) {
      return this.match(error.message ?? error, pattern);
    }
    throw new Error("nothing was thrown");
  };

  rejects = async (promise, pattern) => {
    const message = await promise.then(
      () => undefined,
      (error) => error.message,
    );
    this.match(String(message), pattern);
  };

  checkComplaints() {
    if (this.#complaints.length > 0) throw new Error(this.#complaints.join("; "));
  }

  end() {
    for (const manager of this.#managers) {
      manager.reconnection(false);
      manager._close();
    }
  }
}

/** Reconnects without a long wait. */
export const quick = { reconnectionDelay: 10, reconnectionDelayMax: 20 };

/** The bytes of whatever holds bytes. */
export function bytesOf(value) {
  if (value instanceof ArrayBuffer) return [...new Uint8Array(value)];
  if (ArrayBuffer.isView(value)) {
    return [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)];
  }
  throw new Error(`${show(value)} holds no bytes`);
}

const operations = [
  "start",
  "stop",
  "hold",
  "release",
  "refuse",
  "answerWith",
  "blockWebSockets",
  "emit",
  "emitBytes",
  "ask",
  "answerKept",
  "inject",
  "disconnect",
  "closeEngines",
  "cut",
  "keepSilent",
  "forget",
  "heard",
  "handshakes",
  "frames",
  "requests",
  "transports",
  "ids",
];

const unequal = (actual, expected, what) =>
  new Error(`${what}${what && ": "}got ${show(actual)}, not ${show(expected)}`);

const show = (value) => {
  if (value instanceof Error) return String(value);
  return typeof value === "function" ? "a function" : (JSON.stringify(value) ?? String(value));
};

/** Text that is the same for equal values: names in order, `undefined` and bytes told apart. */
function canonical(value) {
  return JSON.stringify(value, (_, inner) => {
    if (inner === undefined) return "[undefined]";
    if (typeof inner === "number" && !Number.isFinite(inner)) return `[${inner}]`;
    if (inner instanceof ArrayBuffer || ArrayBuffer.isView(inner)) return { bytes: bytesOf(inner) };
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
