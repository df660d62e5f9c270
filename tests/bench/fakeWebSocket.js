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
  maxPayload: 1e6,
};

class FakeWebSocket extends EventTarget {
  static latest;

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
    if (frame === "40") queueMicrotask(() => this.receive('40{"sid":"bench-socket"}'));
  }

  receive(data) {
    this.onmessage?.(new MessageEvent("message", { data }));
  }

  close() {
    this.readyState = 3;
  }
}

globalThis.WebSocket = FakeWebSocket;
export { FakeWebSocket };
