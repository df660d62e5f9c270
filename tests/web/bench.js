// A manager on a bench: WebSockets, timers and the clock are the test's, and everything that the
// manager does is written into a log, in order.

import { callbacks } from "./parts.js";

const { setTimeout, clearTimeout } = globalThis;
const now = performance.now.bind(performance);

export const handshake = (interval, timeout) =>
  `0{"sid":"s","upgrades":[],"pingInterval":${interval},"pingTimeout":${timeout}}`;

export class Bench {
  /** The one whose clock is the page's. */
  static installed;
  log = [];
  names = Object.assign(new Map(), {
    sockets: new Map([
      ["/", 0],
      ["/x", 1],
    ]),
    addresses: ["", "/x,"],
  });
  sockets = [];
  /** What is called inside a callback, by the callback's name; once. */
  hooks = new Map();
  depth = 0;
  deepest = 0;
  armed = 0;
  timers = new Map();
  time = 1_000;

  constructor(webSocket = FakeWebSocket) {
    this.webSocket = reportingTo(this, webSocket);
    this.installClock();
  }

  options() {
    const { names, webSocket } = this;
    const times = { connectTimeoutMs: 20_000, minMs: 100, baseMs: 1_000, capMs: 30_000, seed: 1 };
    const engine = { transports: ["websocket"], upgrade: true, rememberUpgrade: false };
    const address = { webSocketUrl: "ws://bench/socket.io/" };
    return (this.made = { ...address, names, webSocket, ...engine, ...times });
  }

  /** Has the transport emit an event itself. Returns whether it has. */
  emit(socket, body, attachments) {
    return this.made.carrier?.emit(socket, body, attachments) ?? false;
  }

  /** The same for a request. */
  request(socket, request, body, attachments, timeoutMs) {
    return this.made.carrier?.request(socket, request, body, attachments, timeoutMs) ?? false;
  }

  events() {
    const told =
      (name) =>
      (...args) =>
        this.tell(name, args);
    const names = [
      "delivered",
      "settled",
      "authNeeded",
      "accepted",
      "refused",
      "dropped",
      "failed",
    ];
    const all = [...names, "status", "diagnose"];
    const heard = Object.fromEntries(all.map((name) => [name, told(name)]));
    const status = (...args) => told("status")(...withoutNormal(args));
    const answered = (request, args) => heard.settled(request, "", args);
    return { ...heard, ...this.eventsOfParts(), answered, status };
  }

  /** What is told of outbox, store, continuity and topics; only `parts.js` wants to know it. */
  eventsOfParts() {
    const told =
      (name) =>
      (...args) => {
        this.depth += 1;
        this.deepest = Math.max(this.deepest, this.depth);
        this.onPart(name, args);
        this.depth -= 1;
      };
    return Object.fromEntries(callbacks().map((name) => [name, told(name)]));
  }

  onPart() {}

  tell(name, args) {
    this.depth += 1;
    this.deepest = Math.max(this.deepest, this.depth);
    this.log.push([name, ...args.map(write)].join(" ").trimEnd());
    const hook = this.hooks.get(name);
    this.hooks.delete(name);
    hook?.();
    this.depth -= 1;
  }

  use(manager) {
    this.manager = manager;
    manager.reportTo(manager);
  }

  /** Returns what has been logged since the last call. */
  takeLog() {
    return this.log.splice(0);
  }

  socket() {
    return this.sockets.at(-1);
  }

  hook(name, call) {
    this.hooks.set(name, call);
  }

  // The clock: it stands still until it is advanced. A test that fails drops nothing, so the real clock
  // comes back with the next task all the same: the program that drives the browser needs it.

  installClock() {
    Bench.installed = this;
    setTimeout.call(globalThis, () => this.uninstallClock());
    let last = 0;
    globalThis.setTimeout = (callback, delay) => {
      this.armed += 1;
      this.timers.set((last += 1), { callback, at: this.time + delay });
      return last;
    };
    globalThis.clearTimeout = (id) => this.timers.delete(id);
    performance.now = () => this.time;
  }

  uninstallClock() {
    if (Bench.installed !== this) return;
    Bench.installed = undefined;
    Object.assign(globalThis, { setTimeout, clearTimeout });
    performance.now = now;
  }

  /** Lets time pass; timers fire at their moments. */
  advance(millis) {
    const end = this.time + millis;
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= end);
      if (due.length === 0) break;
      const [id, { callback, at }] = due.reduce((first, one) =>
        one[1].at < first[1].at ? one : first,
      );
      this.timers.delete(id);
      this.time = Math.max(this.time, at);
      callback();
    }
    this.time = end;
  }

  /** In how many milliseconds the only timer fires; −1 without one, −2 with several. */
  timer() {
    if (this.timers.size > 1) return -2;
    const [timer] = this.timers.values();
    return timer ? timer.at - this.time : -1;
  }
}

/** The manager makes WebSockets with an address alone. */
const reportingTo = (bench, webSocket) =>
  class extends webSocket {
    constructor(url) {
      super(url, bench);
    }
  };

/** A WebSocket that does what the test says, and remembers the listeners it had. */
export class FakeWebSocket {
  last = {};
  closed = false;

  constructor(url, bench) {
    this.bench = bench;
    bench.sockets.push(this);
    bench.log.push("open");
  }

  set onopen(listener) {
    this.keep("open", listener);
  }
  set onmessage(listener) {
    this.keep("message", listener);
  }
  set onerror(listener) {
    this.keep("error", listener);
  }
  set onclose(listener) {
    this.keep("close", listener);
  }

  keep(type, listener) {
    if (listener) this.last[type] ??= listener;
  }

  send(frame) {
    this.bench.log.push(`send ${write(frame)}`);
  }

  close() {
    this.closed = true;
    this.bench.log.push("close");
  }

  // What happens to it. It happens also after the manager has closed it and stopped listening.

  open() {
    this.last.open();
  }
  receive(data) {
    this.last.message({ data });
  }
  fail() {
    this.last.error();
  }
  end() {
    this.last.close();
  }
}

/** Cannot be made. */
export function ThrowingWebSocket() {
  throw new DOMException("an insecure address", "SecurityError");
}

/** Tells everything inside the calls of the manager, without a moment between. */
export class SynchronousWebSocket extends FakeWebSocket {
  keep(type, listener) {
    super.keep(type, listener);
    if (listener && type === "open") listener();
    if (listener && type === "message") listener({ data: handshake(25_000, 20_000) });
  }

  send(frame) {
    super.send(frame);
    if (frame === "40") this.receive('40{"sid":"x"}');
    const [, ackId] = /^42(\d+)/.exec(frame) ?? [];
    if (ackId) this.receive(`43${ackId}["at once"]`);
  }

  close() {
    super.close();
    this.end();
  }
}

/** Ends inside the assignment of its listener. */
export class StillbornWebSocket extends FakeWebSocket {
  keep(type, listener) {
    super.keep(type, listener);
    if (listener && type === "close") listener();
  }
}

export const fakes = {
  ordinary: FakeWebSocket,
  throwing: ThrowingWebSocket,
  synchronous: SynchronousWebSocket,
  stillborn: StillbornWebSocket,
};

export const makeBench = (kind) => new Bench(fakes[kind]);

/** Text as it is, everything else as JSON, with the lists of their bytes in the places of buffers. */
function write(value) {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value, withBytes) ?? "";
  } catch {
    return "too deep to be written";
  }
}

const withBytes = (_key, value) => {
  if (value instanceof ArrayBuffer) return [...new Uint8Array(value)];
  if (!ArrayBuffer.isView(value)) return value;
  return [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)];
};

/** Only a wait that is slow says so. */
const withoutNormal = (args) => (args.at(-1) === false ? args.slice(0, -1) : args);
