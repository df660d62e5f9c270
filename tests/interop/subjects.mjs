/**
 * The clients of this repository and the official one behind one face, in Node, for tests that all
 * of them have to pass.
 */
import { io as official } from "socket.io-client";
import { createClient } from "sockeye-client";
import { io as compat } from "sockeye-client/compat";
import { WebSocket } from "ws";

globalThis.WebSocket ??= WebSocket; // before Node 22 there is none

const bothTransports = {
  "polling only": ["polling"],
  "websocket only": ["websocket"],
  "polling, then upgrade": ["polling", "websocket"],
};

/** Calls `body(name, start)` for each client; `start(t, url, options)` makes one. */
export function forEachSubject(body) {
  body("socket.io-client", starter(official, Compatible));
  body("sockeye-client/compat", starter(compat, Compatible));
  body("sockeye-client", starter(createClient, Native));
}

/** Calls `body(title, transports)` for each way to connect. */
export function forEachWay(body) {
  for (const [title, transports] of Object.entries(bothTransports)) body(title, transports);
}

const starter = (make, Subject) => (t, url, options) => {
  const subject = new Subject(make, url, options);
  t.after(() => subject.end());
  return subject;
};

/** What has the interface of `io()`. */
class Compatible {
  constructor(io, url, options) {
    const delays = { reconnectionDelay: 10, reconnectionDelayMax: 50 };
    this.socket = io(url, { ...delays, forceNew: true, ...options });
  }

  /** Resolves when it is connected; rejects with what refuses it. */
  connected() {
    if (this.socket.connected) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.socket.once("connect", resolve);
      this.socket.once("connect_error", reject);
    });
  }

  /** Resolves when it is no longer connected. */
  away() {
    return new Promise((resolve) => this.socket.once("disconnect", resolve));
  }

  /** The values of an event so far and to come, as lists of arguments. */
  heard(event) {
    const values = [];
    this.socket.on(event, (...args) => values.push(args));
    return values;
  }

  emit(...event) {
    this.socket.emit(...event);
  }

  request(...event) {
    return this.socket.timeout(5_000).emitWithAck(...event);
  }

  /** Answers an event with what `answer` makes of its arguments. */
  respond(event, answer) {
    this.socket.on(event, (...args) => args.pop()(answer(...args)));
  }

  /** Ends the connection as a network would, so that it comes back. */
  lose() {
    this.socket.io.engine.close();
  }

  get id() {
    return this.socket.id;
  }

  get recovered() {
    return Boolean(this.socket.recovered);
  }

  end() {
    this.socket.disconnect();
    this.socket.io.reconnection(false);
  }
}

/** What `createClient()` makes. */
class Native {
  constructor(create, url, options) {
    const reconnect = { minMs: 10, baseMs: 20, capMs: 50 };
    this.client = create(url, { reconnect, ...options });
  }

  connected() {
    return this.client.connect();
  }

  away() {
    return new Promise((resolve) => {
      const leave = new AbortController();
      const next = ({ state }) => {
        if (state === "connected") return;
        leave.abort();
        resolve();
      };
      this.client.status.subscribe(next, { signal: leave.signal });
    });
  }

  /** The client gives one argument as such, several as a tuple. */
  heard(event) {
    const values = [];
    this.client.on(event).subscribe((value) => values.push([value].flat()));
    return values;
  }

  emit(...event) {
    this.client.emit(...event);
  }

  request(...event) {
    return this.client.request(...event);
  }

  respond(event, answer) {
    this.client.respond(event, (...args) => answer(...args));
  }

  get id() {
    return this.client.id;
  }

  get recovered() {
    return this.client.status.value.recovered === true;
  }

  end() {
    return this.client.destroy();
  }
}
