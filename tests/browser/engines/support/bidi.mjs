/** A client of WebDriver BiDi (https://w3c.github.io/webdriver-bidi/), as far as these tests need it. */
import { once } from "node:events";
import { WebSocket } from "ws";
import { inTime } from "./remote.mjs";

/** Resolves with a connection to a browser in which a session is open. */
export async function connectBidi(url) {
  const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 64 * 1024 * 1024 });
  await once(socket, "open");
  const bidi = new Bidi(socket);
  const { capabilities } = await bidi.send("session.new", { capabilities: {} });
  bidi.version = capabilities.browserVersion;
  return bidi;
}

class Bidi {
  /** The browser's. */
  version;
  #socket;
  #lastId = 0;
  #pending = new Map();

  constructor(socket) {
    this.#socket = socket;
    socket.on("message", (data) => this.#take(JSON.parse(String(data))));
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => this.#fail());
  }

  /** Sends a command; resolves with its result. */
  send(method, params) {
    const id = (this.#lastId += 1);
    const answer = new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, method });
    });
    this.#socket.send(JSON.stringify({ id, method, params }));
    return inTime(answer, `the answer to ${method}`).finally(() => this.#pending.delete(id));
  }

  #take({ id, result, error, message }) {
    const command = this.#pending.get(id);
    if (error) command?.reject(new Error(`${command.method}: ${error}: ${message}`));
    else command?.resolve(result);
  }

  #fail() {
    for (const { reject, method } of this.#pending.values()) {
      reject(new Error(`the browser ended, and had not answered ${method}`));
    }
  }
}
