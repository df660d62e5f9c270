/** A server that says, frame by frame, what a test tells it to say. */
import { createRequire } from "node:module";
import { listen, urlOf } from "./listen.mjs";

// The library under socket.io, from where socket.io finds it.
const require = createRequire(import.meta.url);
const fromSocketIo = createRequire(require.resolve("socket.io"));
const { WebSocketServer } = createRequire(fromSocketIo.resolve("engine.io"))("ws");

/** An OPEN packet with these fields changed. */
export const handshake = (changes) => `0${JSON.stringify({ ...usual, ...changes })}`;

const usual = {
  sid: "engine-id",
  upgrades: [],
  pingInterval: 25_000,
  pingTimeout: 20_000,
  maxPayload: 1_000_000,
};

/**
 * Starts a server; `script(peer)` runs for each WebSocket.
 *
 * `http` answers everything else, `refuse` refuses WebSockets. `peers` are all connections so far.
 */
export async function startScripted({
  script = (peer) => accept(peer),
  http,
  refuse = false,
  port,
} = {}) {
  const site = await listen(http ?? ((_, response) => response.writeHead(404).end()), port);
  const sockets = new WebSocketServer({ noServer: true });
  const peers = [];
  site.server.on("upgrade", (request, socket, head) => {
    if (refuse) return socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const peer = new Peer(webSocket, request);
      peers.push(peer);
      void script(peer, peers.length - 1);
    });
  });
  return { ...site, url: urlOf(site.port), peers };
}

/** Opens the session and accepts its first namespace; `changes` are made to the handshake. */
export async function accept(peer, changes) {
  peer.send(handshake(changes));
  const [, namespace = ""] = /^40(\/[^,]*,)?/.exec(await peer.next());
  peer.send(`40${namespace}{"sid":"socket-id"}`);
}

/** One WebSocket: what came on it, and what can be done with it. */
class Peer {
  frames = [];
  closed = false;
  #unread = [];
  #waiting = [];
  #socket;

  constructor(socket, request) {
    this.#socket = socket;
    this.request = request;
    socket.on("message", (data) => this.#take(String(data)));
    socket.on("close", () => (this.closed = true));
    socket.on("error", () => {});
  }

  /** Sends text or, given a buffer, a binary frame. */
  send(frame) {
    this.#socket.send(frame);
  }

  /** Resolves with the next frame that nobody has asked for yet. */
  next() {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#serve();
    });
  }

  /** Sends it, and resolves when the system has taken it, or the connection has ended. */
  sendSlowly(frame) {
    // What goes to a connection that ends is answered before anybody hears of the end.
    return new Promise((resolve) => this.#socket.send(frame, () => setImmediate(resolve)));
  }

  close() {
    this.#socket.close();
  }

  /** Ends the TCP connection without a word. */
  terminate() {
    this.#socket.terminate();
  }

  #take(frame) {
    this.frames.push(frame);
    this.#unread.push(frame);
    this.#serve();
  }

  #serve() {
    while (this.#waiting.length > 0 && this.#unread.length > 0) {
      this.#waiting.shift()(this.#unread.shift());
    }
  }
}
