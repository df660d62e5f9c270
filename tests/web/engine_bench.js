// An engine on a bench: besides the WebSockets, timers and the clock of `bench.js`, the HTTP requests
// are the test's, too.

import { Bench, fakes } from "./bench.js";

export class EngineBench extends Bench {
  /** The requests that have been made, in order. */
  requests = [];

  constructor(kind, options) {
    super(fakes[kind]);
    this.given = options;
  }

  options() {
    return {
      webSocketUrl: "ws://bench/engine.io/?EIO=4&transport=websocket",
      pollingUrl: "http://bench/engine.io/?EIO=4&transport=polling",
      webSocket: this.webSocket,
      fetch: this.fetch,
      withCredentials: false,
      requestTimeoutMs: 0,
      timestampParam: "",
      webSocketTimestampParam: "",
      forceBase64: false,
      binaryType: "arraybuffer",
      transports: ["polling", "websocket"],
      upgrade: true,
      tryAllTransports: false,
      connectTimeoutMs: 0,
      startWithWebSocket: false,
      ...this.given,
    };
  }

  events() {
    const names = ["opened", "pinged", "message", "upgrading", "upgraded", "upgradeFailed"];
    const all = [...names, "flushed", "drained", "closed"];
    return Object.fromEntries(all.map((name) => [name, (...args) => this.tell(name, args)]));
  }

  /** How often a transport has reported something. */
  reports = 0;

  use(engine) {
    const report = (method, args) => {
      this.reports += 1;
      return engine[method](...args);
    };
    const counting = {
      get:
        (_engine, method) =>
        (...args) =>
          report(method, args),
    };
    engine.reportTo(new Proxy(engine, counting));
  }

  tell(name, args) {
    super.tell(name, args.map(show));
  }

  fetch = (url, init) =>
    new Promise((resolve, reject) => {
      const { method, body = "", signal } = init;
      const query = url.split("EIO=4&transport=polling")[1];
      const number = this.requests.length;
      this.log.push([method, query, body.replaceAll("\x1e", "|")].filter(Boolean).join(" "));
      const answer = (status, text) =>
        resolve({ status, ok: status >= 200 && status < 300, text: () => Promise.resolve(text) });
      signal.addEventListener("abort", () => {
        this.log.push(`abort ${number}`);
        reject(new DOMException("The request was aborted.", "AbortError"));
      });
      const headers = Object.fromEntries(init.headers);
      this.requests.push({
        ...init,
        headers,
        url,
        answer,
        fail: () => reject(new TypeError("Failed to fetch")),
      });
    });

  request(number) {
    return this.requests.at(number);
  }

  /**
   * Resolves when every promise that can be resolved has been. Without a task between: the clock is not
   * the real one, and the program that drives the browser needs it.
   */
  async settle() {
    for (let turn = 0; turn < 100; turn++) await null;
  }
}

/** Bytes as numbers, what a transport says of its end in short. */
function show(value) {
  if (value instanceof ArrayBuffer) return `<${new Uint8Array(value).join(" ")}>`;
  if (value instanceof Blob) return `Blob(${value.size})`;
  if (value instanceof Error) return value.name;
  if (value?.method)
    return `${value.method} ${value.status} ${value.responseText} ${value.cause?.name ?? ""}`;
  return value;
}

export const makeEngineBench = (kind, options) => new EngineBench(kind, JSON.parse(options));

/** Calls `call` where base64 is not built in. */
export function withoutBuiltInBase64(call) {
  const { fromBase64 } = Uint8Array;
  const { toBase64 } = Uint8Array.prototype;
  delete Uint8Array.fromBase64;
  delete Uint8Array.prototype.toBase64;
  try {
    call();
  } finally {
    if (fromBase64) Uint8Array.fromBase64 = fromBase64;
    if (toBase64) Uint8Array.prototype.toBase64 = toBase64;
  }
}

/** Bytes that count up, and other forms of the same. */
export const countUp = (length) => Uint8Array.from({ length }, (_, index) => index).buffer;
export const viewOf = (buffer, offset, length) => new DataView(buffer, offset, length);
/** A Blob that is read within a task. */
export const blobOf = (buffer) =>
  Object.assign(new Blob([buffer]), { arrayBuffer: () => Promise.resolve(buffer) });

/** Bytes that cannot be read any more, because they were transferred to somebody else. */
export function detachedBytes() {
  const buffer = new ArrayBuffer(8);
  const all = [buffer, new Uint8Array(buffer), new DataView(buffer)];
  structuredClone(buffer, { transfer: [buffer] });
  return all;
}
