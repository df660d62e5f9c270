/**
 * A WebSocket with a Socket.IO server in it that does no work of its own: what is timed is the client.
 *
 * Imported before anything else, because socket.io-client keeps the `WebSocket` that it finds when it is
 * loaded.
 */

const handshake = {
  sid: "bench",
  upgrades: [],
  pingInterval: 1e6,
  pingTimeout: 1e6,
  maxPayload: 1e9,
};

/** A CONNECT packet: its namespace, with the comma, unless it is the root. */
const connectPacket = /^40(\/[^,]+,)?/;

/** CONNECT and DISCONNECT. Who connects to a namespace that was not there before asks for a sign of life. */
const isAboutNamespaces = (frame) =>
  typeof frame === "string" && (frame.startsWith("40") || frame.startsWith("41"));

class FakeWebSocket extends EventTarget {
  static latest;
  /** How many frames were sent, but for those that connect and disconnect namespaces. */
  sent = 0;
  /** Takes what is sent once everything is connected; also then the client may ask whether the server is alive. */
  take = undefined;

  constructor() {
    super();
    FakeWebSocket.latest = this;
    this.readyState = 0;
    this.bufferedAmount = 0;
    queueMicrotask(() => {
      this.readyState = 1;
      this.onopen?.(new Event("open"));
      this.receive(`0${JSON.stringify(handshake)}`);
    });
  }

  send(frame) {
    if (!this.take || isAboutNamespaces(frame)) return this.#connect(frame);
    this.sent++;
    this.take(frame);
  }

  receive(data) {
    this.onmessage?.(new MessageEvent("message", { data }));
  }

  close() {
    this.readyState = 3;
  }

  #connect(frame) {
    const [, namespace = ""] = connectPacket.exec(frame) ?? [undefined, undefined];
    if (!connectPacket.test(frame)) return;
    queueMicrotask(() => this.receive(`40${namespace}{"sid":"bench-socket"}`));
  }
}

globalThis.WebSocket = FakeWebSocket;
export { FakeWebSocket };
