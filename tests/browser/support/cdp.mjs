/**
 * A client of the Chrome DevTools Protocol, for what Playwright does not let pages be: hidden, frozen,
 * kept in the back/forward cache, crashed.
 */
import { once } from "node:events";
import { WebSocket } from "ws";

const usualLimitMs = 30_000;

/** Resolves with a {@link Cdp} for a browser's WebSocket address. */
export async function connectCdp(url) {
  const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 256 * 1024 * 1024 });
  await once(socket, "open");
  return new Cdp(socket);
}

/** The connection to a browser, which all of its sessions share. */
export class Cdp {
  /** Resolves when the connection has ended, whoever ended it. */
  closed;
  #socket;
  #lastId = 0;
  #pending = new Map();
  #listeners = new Set();

  constructor(socket) {
    this.#socket = socket;
    socket.on("message", (data) => this.#take(JSON.parse(String(data))));
    socket.on("error", () => {}); // "close" follows
    this.closed = once(socket, "close").then(() => this.#fail("the browser ended"));
  }

  /** Sends a command to the browser, or to a session; resolves with its result. */
  send(method, params = {}, { sessionId, limitMs = usualLimitMs } = {}) {
    const id = (this.#lastId += 1);
    const answer = new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, method, sessionId });
    });
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return inTime(answer, `the answer to ${method}`, limitMs).finally(() =>
      this.#pending.delete(id),
    );
  }

  /** Calls `handle` with the parameters of each such event; returns what ends that. */
  on(method, handle, { sessionId } = {}) {
    const listener = { method, handle, sessionId };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves with the parameters of the next such event that `matches`. Call it before what causes the event. */
  next(method, { matches = () => true, sessionId, limitMs = usualLimitMs } = {}) {
    let leave;
    const event = new Promise((resolve, reject) => {
      leave = this.on(method, (params) => matches(params) && resolve(params), { sessionId });
      void this.closed.then(() => reject(new Error(`the browser ended before ${method}`)));
    });
    return inTime(event, method, limitMs).finally(leave);
  }

  /** Ends the connection; the browser goes on. */
  async close() {
    this.#socket.close();
    await this.closed;
  }

  #take({ id, result, error, method, params, sessionId }) {
    if (id === undefined) return this.#handle(method, params, sessionId);
    const command = this.#pending.get(id);
    if (error) command?.reject(new Error(`${command.method}: ${error.message}`));
    else command?.resolve(result);
  }

  #handle(method, params, sessionId) {
    if (method === "Inspector.targetCrashed") this.#fail("the page crashed", sessionId);
    if (method === "Target.detachedFromTarget") this.#fail("the page is gone", params.sessionId);
    this.#tell(method, params, sessionId);
  }

  #tell(method, params, sessionId) {
    for (const listener of [...this.#listeners]) {
      if (listener.method === method && listener.sessionId === sessionId) listener.handle(params);
    }
  }

  /** Nobody answers any more what was asked, in this session or in all. */
  #fail(why, sessionId) {
    for (const command of this.#pending.values()) {
      if (sessionId !== undefined && command.sessionId !== sessionId) continue;
      command.reject(new Error(`${why}, and had not answered ${command.method}`));
    }
  }
}

/** Rejects if `promise` has not settled after `limitMs`. */
function inTime(promise, what, limitMs) {
  let timer;
  const tooLate = new Promise((_, reject) => {
    const error = new Error(`waited ${limitMs} ms in vain for ${what}`);
    timer = setTimeout(() => reject(error), limitMs);
  });
  return Promise.race([promise, tooLate]).finally(() => clearTimeout(timer));
}
