/**
 * What the tests of the official client's defects share: a real server, the proxy that makes faults,
 * and both clients in Node.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { io as official } from "socket.io-client";
import { createClient } from "sockeye-client";
import { createServerHelper, memoryStore } from "sockeye-client/server";
import { WebSocket } from "ws";
import { endInReverse, startFaultProxy } from "./processes.mjs";

globalThis.WebSocket ??= WebSocket; // before Node 22 there is none

export const limit = { timeout: 30_000 };

/**
 * A server, with the proxy in front of it, and ways to make both clients for it.
 *
 * `serve(socket)` is called for each connection. With `helper`, its options, the server has the helper.
 */
export async function setUp(test, { serve = () => {}, options, helper } = {}) {
  const t = endInReverse(test);
  const http = createServer();
  const io = new Server(http, options);
  if (helper) createServerHelper({ store: memoryStore(), ...helper }).attach(io);
  io.on("connection", (socket) => serve(socket));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => new Promise((resolve) => void io.close(resolve)));
  const faults = new Faults(await startFaultProxy(t, http.address().port));
  return {
    io,
    faults,
    official: (options) => makeOfficial(t, faults.url, options),
    sockeye: (options) => makeSockeye(t, faults.url, options),
  };
}

/** The official client; it is connected unless it has `autoConnect: false`. */
function makeOfficial(t, url, options) {
  const delays = { reconnectionDelay: 10, reconnectionDelayMax: 50 };
  const socket = official(url, {
    forceNew: true,
    transports: ["websocket"],
    ...delays,
    ...options,
  });
  t.after(() => {
    socket.io.reconnection(false);
    socket.disconnect();
  });
  return socket;
}

/** Ours, not yet connected. */
function makeSockeye(t, url, options) {
  const reconnect = { minMs: 10, baseMs: 20, capMs: 50 };
  const client = createClient(url, { transports: ["websocket"], reconnect, ...options });
  t.after(() => client.destroy());
  return client;
}

/** The proxy: what it does, and what it has seen. */
class Faults {
  #control;
  /** Where clients connect. */
  url;

  constructor({ url, control }) {
    this.url = url;
    this.#control = control;
  }

  /** Adds a rule; resolves when it is in force. */
  rule(rule) {
    return this.#ask("POST", "/rules", rule);
  }

  /** Removes a rule. */
  remove(id) {
    return this.#ask("DELETE", `/rules/${id}`);
  }

  /** Resets all connections. */
  cut() {
    return this.#ask("POST", "/cut", {});
  }

  /** Lets nothing through any more, and tells nobody. */
  stall() {
    return this.#ask("POST", "/stall", {});
  }

  release() {
    return this.#ask("POST", "/release", {});
  }

  /** Resolves with the log when a rule has applied for the nth time. */
  async applied(rule, nth = 1) {
    return (await this.#ask("GET", `/log?wait=${rule}&hit=${nth}`)).entries;
  }

  /** What the proxy has logged so far. */
  async log() {
    return (await this.#ask("GET", "/log")).entries;
  }

  async #ask(method, path, body) {
    const response = await fetch(this.#control + path, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${answer.error}`);
    return answer;
  }
}

/** Resolves with the first status for which this is true; `observed` is a client or an action. */
export const until = (observed, matches) =>
  new Promise((resolve) => {
    const leave = new AbortController();
    const next = (status) => {
      if (!matches(status)) return;
      leave.abort();
      resolve(status);
    };
    observed.status.subscribe(next, { signal: leave.signal });
  });

/** Resolves with the error that a promise rejects with. */
export const failureOf = (promise) =>
  promise.then(
    (value) => Promise.reject(new Error(`resolved with ${value}`)),
    (error) => error,
  );

/** Collects what nobody catches, as a page's console would, until the test ends. */
export function collectUncaught(t) {
  const names = ["uncaughtException", "unhandledRejection"];
  const uncaught = [];
  for (const name of names) {
    const listeners = process.listeners(name);
    const collect = (error) => uncaught.push(error.message);
    process.removeAllListeners(name).on(name, collect);
    t.after(() => {
      process.off(name, collect);
      for (const listener of listeners) process.on(name, listener);
    });
  }
  return uncaught;
}
