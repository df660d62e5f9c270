// A server in the page: the WebSockets that clients open are its own, and what they send is kept.

const handshake = '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}';
const hello =
  '42["sockeye:hello",{"v":1,"memory":"m","retentionMs":60000,"time":1,"since":false,"positions":[]}]';

class Server {
  sent = [];
  opened = [];
  #original = globalThis.WebSocket;

  constructor() {
    const opened = this.opened;
    const sent = this.sent;
    globalThis.WebSocket = class {
      constructor(url) {
        this.url = url;
        opened.push(this);
      }

      send(data) {
        sent.push(typeof data === "string" ? data : `bytes ${new Uint8Array(data.buffer ?? data)}`);
      }

      close() {
        sent.push("closed");
      }
    };
  }

  get socket() {
    return this.opened.at(-1);
  }

  get url() {
    return this.socket?.url ?? "";
  }

  get connections() {
    return this.opened.length;
  }

  /** Opens the connection, up to where the client names its namespace. */
  open() {
    this.socket.onopen();
    this.receive(handshake);
  }

  /** Opens it and accepts the root namespace. */
  accept() {
    this.open();
    this.receive('40{"sid":"x"}');
    this.takeSent();
  }

  /** The same, and says hello as a server with the helper does. */
  acceptAsHelper() {
    this.accept();
    this.receive(hello);
  }

  receive(data) {
    this.socket.onmessage({ data });
  }

  receiveBytes(bytes) {
    this.socket.onmessage({ data: bytes.slice().buffer });
  }

  cut() {
    this.socket.onclose({});
  }

  takeSent() {
    return this.sent.splice(0);
  }

  remove() {
    globalThis.WebSocket = this.#original;
  }
}

export const makeServer = () => new Server();

/** How many listeners of the page are there, by those that come and go. */
export function countListeners() {
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const counted = { listeners: 0 };
  EventTarget.prototype.addEventListener = function (...args) {
    counted.listeners += 1;
    return addEventListener.apply(this, args);
  };
  EventTarget.prototype.removeEventListener = function (...args) {
    counted.listeners -= 1;
    return removeEventListener.apply(this, args);
  };
  counted.restore = () =>
    Object.assign(EventTarget.prototype, { addEventListener, removeEventListener });
  return counted;
}
