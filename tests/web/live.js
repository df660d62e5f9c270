// The application's side of a manager at a real server: a log that can be waited for.

const limitMs = 5_000;

class Live {
  names = Object.assign(new Map(), { sockets: new Map([["/", 0]]) });
  timers = 0;
  #log = [];
  #waiting = new Set();
  #original = { setTimeout, clearTimeout };

  constructor(mock, contract) {
    this.mock = mock;
    this.contract = contract;
  }

  options() {
    const { names, mock, contract } = this;
    const address = `${mock.replace("http", "ws")}/${contract}/socket.io/?EIO=4&transport=websocket`;
    const times = { connectTimeoutMs: 5_000, minMs: 10, baseMs: 50, capMs: 100, seed: 1 };
    const engine = { transports: ["websocket"], upgrade: true, rememberUpgrade: false };
    return { webSocketUrl: address, names, webSocket: WebSocket, ...engine, ...times };
  }

  events() {
    const names = [
      "delivered",
      "settled",
      "authNeeded",
      "accepted",
      "refused",
      "dropped",
      "failed",
    ];
    const tell =
      (name) =>
      (...args) =>
        this.#tell([name, ...args.map(write)].join(" ").trimEnd());
    const all = [...names, "status", "diagnose"];
    const heard = Object.fromEntries(all.map((name) => [name, tell(name)]));
    const status = (...args) => tell("status")(...withoutNormal(args));
    // What every connection continues is no news here.
    const answered = (request, args) => heard.settled(request, "", args);
    return { ...heard, answered, status, continuity() {} };
  }

  use(manager) {
    manager.reportTo(manager);
    this.#countTimers();
  }

  listen(name, number) {
    this.names.set(name, number);
  }

  /** Resolves with the first line of the log that starts so; it is taken away. */
  next(start) {
    return new Promise((resolve, reject) => {
      const { setTimeout, clearTimeout } = this.#original;
      const late = () => reject(new Error(`no "${start}" among ${this.#log.join("\n")}`));
      const timer = setTimeout.call(globalThis, late, limitMs);
      const look = () => {
        const index = this.#log.findIndex((line) => line.startsWith(start));
        if (index < 0) return;
        this.#waiting.delete(look);
        clearTimeout.call(globalThis, timer);
        resolve(this.#log.splice(index, 1)[0]);
      };
      this.#waiting.add(look);
      look();
    });
  }

  async post(path, body) {
    const headers = { "content-type": "application/json" };
    const response = await fetch(this.mock + path, { method: "POST", headers, body });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.text();
  }

  async connections() {
    return (await fetch(`${this.mock}/control/connections`)).text();
  }

  #tell(line) {
    this.#log.push(line);
    for (const look of this.#waiting) look();
  }

  /** The timers that are pending, of which a manager has one at most. */
  #countTimers() {
    const { setTimeout, clearTimeout } = this.#original;
    const pending = new Set();
    const count = () => (this.timers = pending.size);
    globalThis.setTimeout = (callback, ...args) => {
      const fire = () => {
        pending.delete(id);
        count();
        callback();
      };
      const id = setTimeout(fire, ...args);
      pending.add(id);
      count();
      return id;
    };
    globalThis.clearTimeout = (id) => {
      pending.delete(id);
      count();
      clearTimeout(id);
    };
  }

  restore() {
    Object.assign(globalThis, this.#original);
  }
}

export const makeLive = (mock, contract) => new Live(mock, contract);

const write = (value) => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));

/** Only a wait that is slow says so. */
const withoutNormal = (args) => (args.at(-1) === false ? args.slice(0, -1) : args);
