/**
 * The socket.io server of the cases. What it is told, and what it tells, is plain data, so that a
 * page can have one, too.
 */
import { Server } from "socket.io";
import msgpack from "socket.io-msgpack-parser";
import { listen, urlOf } from "../browser/support/listen.mjs";

const parsers = { msgpack };
const everyNamespaceButUnknown = /^\/(?!unknown).+/;

/** The ports that clients have seen: they keep a Manager, with its options, for each address for ever. */
const seenPorts = new Set();

/** Starts a server with these options of socket.io; `call(operation, args)` does one thing with it. */
export async function startServer(options = {}) {
  const server = new CaseServer(options);
  await server.start();
  return server;
}

/** One server; it may be stopped and started again on its port. */
export class CaseServer {
  #options;
  #site;
  #io;
  #port = 0;
  #held;
  #refusals = new Map();
  #blocked = false;
  #status;
  #instead;
  #sockets = new Set();
  #kept;
  #heard = [];
  #handshakes = [];
  #frames = [];
  #requests = [];

  constructor(options) {
    this.#options = options;
  }

  /** Does one of the operations below. */
  call(operation, args) {
    return this[operation](...args);
  }

  /** Where it listens. */
  get url() {
    return urlOf(this.#port);
  }

  /** Listens, by the second time on the port of the first. */
  async start() {
    this.#site = this.#port ? await listen(undefined, this.#port) : await listenOnUnseenPort();
    this.#port = this.#site.port;
    this.#site.server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    const allowRequest = (_, answer) => this.#admit(answer);
    const parser = parsers[this.#options.parser];
    const options = { cors: { origin: "*" }, ...this.#options, ...(parser && { parser }) };
    this.#io = new Server({ ...options, allowRequest });
    this.#io.attach(this.#site.server);
    this.#guard();
    this.#io.engine.on("connection", (socket) => this.#watch(socket));
    for (const namespace of [this.#io.of("/"), this.#io.of(everyNamespaceButUnknown)]) {
      namespace.use((socket, next) => this.#judge(socket, next));
      namespace.on("connection", (socket) => this.#serve(socket));
    }
  }

  /** Ends all TCP connections without a word, and listens no more. */
  async stop() {
    await this.#site.stop();
    // Without a GET a client on polling would be waited for.
    for (const client of this.#clients()) client.close(true);
    await new Promise((resolve) => void this.#io.close(resolve));
  }

  /** Lets no request in until `release()`. */
  hold() {
    this.#held = [];
  }

  release() {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const answer of held) answer(null, true);
  }

  /** Refuses a namespace with this error; without a message it lets everybody in again. */
  refuse(namespace, message, data) {
    if (message === undefined) this.#refusals.delete(namespace);
    else this.#refusals.set(namespace, Object.assign(new Error(message), { data }));
  }

  /** Answers every HTTP request with this status, as a gateway may; without one, no more. */
  answerWith(status) {
    this.#status = status;
  }

  /** Answers the next GET with this body: the handshake's, or else one of a session. */
  answerGet(body, { handshake = false } = {}) {
    this.#instead = { body, handshake };
  }

  /** Sends this over every WebSocket as it is. */
  sendRaw(...frames) {
    for (const client of this.#clients()) {
      for (const frame of frames) client.transport.socket.send(frame);
    }
  }

  /** Whether WebSockets are cut before they open, as some proxies do. */
  blockWebSockets(blocked) {
    this.#blocked = blocked;
  }

  /** Emits to all sockets of a namespace. */
  emit(namespace, ...event) {
    this.#io.of(namespace).emit(...event);
  }

  /** Emits an event with so many binary arguments, the bytes 0, 1, 2, … */
  emitBytes(namespace, event, count) {
    const bytes = Array.from({ length: count }, (_, index) => Buffer.of(index));
    this.#io.of(namespace).emit(event, ...bytes);
  }

  /** Emits with an acknowledgement to the one socket of a namespace; resolves with the answer. */
  ask(namespace, ...event) {
    const [socket] = this.#io.of(namespace).sockets.values();
    return socket.emitWithAck(...event);
  }

  /** Answers the last event "keep". */
  async answerKept(...args) {
    while (!this.#kept) await new Promise(setImmediate);
    this.#kept(...args);
  }

  /** Sends a raw Socket.IO packet to everybody. */
  inject(...frames) {
    for (const client of this.#clients()) for (const frame of frames) client.send(frame);
  }

  /** Disconnects the sockets of a namespace; with `close` the connections below, too. */
  disconnect(namespace, close) {
    this.#io.of(namespace).disconnectSockets(close);
  }

  /** Closes all Engine.IO connections in order. */
  closeEngines() {
    for (const client of this.#clients()) client.close();
  }

  /** Cuts all TCP connections. */
  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Sends no more pings. */
  keepSilent() {
    for (const client of this.#clients()) clearTimeout(client.pingIntervalTimer);
  }

  /** Forgets those who may come back. */
  forget() {
    this.#io.of("/").adapter.sessions.clear();
  }

  /** What came: `[namespace, event, ...args]`; acknowledgements are "[ack]", bytes `{ bytes }`. */
  heard() {
    return this.#heard;
  }

  /** The handshakes of the sockets that came, with their query and auth. */
  handshakes() {
    return this.#handshakes;
  }

  /** The Engine.IO packets that came: `[transport, type, data]`. */
  frames() {
    return this.#frames;
  }

  /** The HTTP requests that came: `{ method, url, headers }`. */
  requests() {
    return this.#requests;
  }

  /** The transports of those who are connected. */
  transports() {
    return this.#clients().map((client) => client.transport.name);
  }

  /** The ids of a namespace's sockets. */
  ids(namespace) {
    return [...this.#io.of(namespace).sockets.keys()];
  }

  #clients() {
    return Object.values(this.#io.engine.clients);
  }

  #admit(answer) {
    if (this.#held) this.#held.push(answer);
    else answer(null, true);
  }

  #judge(socket, next) {
    next(this.#refusals.get(socket.nsp.name));
  }

  /** Stands between the HTTP server and the engine. */
  #guard() {
    const { server } = this.#site;
    for (const [event, reject] of [
      ["request", (request, response) => this.#answerItself(request, response)],
      ["upgrade", (_, socket) => this.#blocked && socket.destroy()],
    ]) {
      const listeners = server.listeners(event);
      server.removeAllListeners(event);
      server.on(event, (request, ...rest) => {
        this.#note(request);
        if (reject(request, ...rest)) return;
        for (const listener of listeners) listener.call(server, request, ...rest);
      });
    }
  }

  #note({ method, url, headers }) {
    if (method !== "OPTIONS") this.#requests.push({ method, url, headers });
  }

  #answerItself(request, response) {
    const headers = { "access-control-allow-origin": "*" };
    if (this.#status !== undefined) {
      response.writeHead(this.#status, headers).end("the gateway says no");
      return true;
    }
    const isHandshake = !/[?&]sid=/.test(request.url);
    if (request.method !== "GET" || this.#instead?.handshake !== isHandshake) return false;
    response.writeHead(200, headers).end(this.#instead.body);
    this.#instead = undefined;
    return true;
  }

  #watch(socket) {
    // For a client that asks no more the engine would wait for half a minute.
    if (socket.transport.name === "polling") socket.transport.closeTimeout = 200;
    socket.on("packet", ({ type, data }) => {
      this.#frames.push([socket.transport.name, type, describe(data)]);
    });
  }

  #serve(socket) {
    const { query, auth } = socket.handshake;
    this.#handshakes.push({ namespace: socket.nsp.name, query, auth, id: socket.id });
    socket.onAny((...args) => this.#heard.push([socket.nsp.name, ...args.map(describe)]));
    socket.on("echo", (...args) => args.pop()(...args));
    socket.on("bounce", (...args) => socket.emit("bounced", ...args));
    socket.on("say", (...args) => socket.emit(...args));
    socket.on("say volatile", (...args) => socket.volatile.emit(...args));
    socket.on("ask me", (...args) => {
      socket.emit(...args, (...answers) => socket.emit("answered", ...answers));
    });
    socket.on("keep", (answer) => (this.#kept = answer));
    socket.on("date", (answer) => answer(new Date(0)));
    socket.on("leave", (close) => socket.disconnect(close));
    socket.on("close engine", () => socket.conn.close());
  }
}

/** Plain data that shows what kind of value this was. */
function describe(value) {
  if (typeof value === "function") return "[ack]";
  if (Buffer.isBuffer(value)) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(describe);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, describe(inner)]));
}

async function listenOnUnseenPort() {
  const site = await listen();
  if (seenPorts.has(site.port)) {
    await site.stop();
    return listenOnUnseenPort();
  }
  seenPorts.add(site.port);
  return site;
}
