// The transports: a WebSocket, and HTTP long-polling by `fetch`. When to use which for what is decided
// in the core; here it is done, and what happens is reported to `owner`, the exported object, under
// the transport's number. No method throws: an exception must not pass through wasm.
//
// Those that are open stand in `openTransports` of the options, if there is such a set: whoever gives up
// the core abandons them.

import { byteLength, bytesLength, encodeBase64 } from "./base64.js";
import { now, recently, takeFrame } from "./shim.js";

/** What stands between two packets of a polling payload. */
const SEPARATOR = "\x1e";

/** How the frames of an event begin. */
const EVENT = "42";
const BINARY_EVENT = "45";

/** The packet that ends a session. */
const CLOSE = "1";

/** `fetch` sends no more than 64 KiB after the page has gone; a unit has up to three bytes. */
const MAX_KEEPALIVE_UNITS = 20_000;

/**
 * Opens a WebSocket, which is to take over the session `sid` if there is one. The last one stands in the `carrier` of
 * the options: what is sent may be given to it instead of the core, which it asks then.
 */
export const openWebSocket = (options, owner, id, sid) =>
  (options.carrier = noted(options, new WebSocketTransport(options, owner, id, sid)));

/** Makes a polling transport; it does nothing before it is told. */
export const openPolling = (options, owner, id) =>
  noted(options, new PollingTransport(options, owner, id));

function noted(options, transport) {
  options.openTransports?.add(transport);
  return transport;
}

class WebSocketTransport {
  #options;
  #owner;
  #id;
  #socket;
  #closed = false;
  /** What is still being read before it can be sent, so that what follows it waits. */
  #reading;

  constructor(options, owner, id, sid) {
    this.#options = options;
    this.#owner = owner;
    this.#id = id;
    try {
      this.#socket = construct(options, webSocketAddress(options, sid));
      this.#socket.binaryType = options.binaryType ?? "arraybuffer";
      listen(this.#socket, owner, id, options);
    } catch (error) {
      owner.handleClosed(id, "unavailable", 0, undefined, error);
    }
  }

  /** Sends an event if the core lets it, which sees the sizes only. Returns whether it was sent. */
  emit(socket, body, attachments) {
    const count = attachments ? attachments.length : 0;
    const bytes = attachments ? sum(attachments) : 0;
    const owner = this.#owner;
    const isSent = owner.emitByHost(this.#id, socket, body.length, count, bytes, recently());
    if (isSent) this.#sendEvent(socket, "", body, attachments);
    return isSent;
  }

  /** The same for an event that the server is to answer. */
  request(socket, request, body, attachments, timeoutMs) {
    const { length } = body;
    const count = attachments ? attachments.length : 0;
    const bytes = attachments ? sum(attachments) : 0;
    const owner = this.#owner;
    const id = this.#id;
    const ackId = owner.requestByHost(id, socket, request, length, count, bytes, timeoutMs, now());
    const isSent = ackId >= 0;
    if (isSent) this.#sendEvent(socket, ackId, body, attachments);
    return isSent;
  }

  #sendEvent(socket, ackId, body, attachments) {
    const address = this.#options.names.addresses[socket];
    if (!attachments) return this.#sendInOrder(EVENT + address + ackId + body);
    this.#sendInOrder(`${BINARY_EVENT}${attachments.length}-${address}${ackId}${body}`);
    for (const bytes of attachments) this.sendBinary(bytes);
  }

  /** Joins the pieces of a frame and sends it. `ackId` is negative, `body` undefined if there is none. */
  sendText(head, ackId, body) {
    const text = ackId < 0 ? head : head + ackId;
    this.#sendInOrder(body === undefined ? text : text + body);
  }

  sendBinary(bytes) {
    if (!this.#options.forceBase64) return this.#sendInOrder(bytes);
    let text;
    try {
      text = encodePacket(bytes);
    } catch (error) {
      return this.#fail(error);
    }
    this.#sendInOrder(text);
  }

  /** Closes as soon as everything is sent. */
  close() {
    const socket = this.#socket;
    this.#closed = true;
    this.#options.openTransports?.delete(this);
    if (this.#options.carrier === this) this.#options.carrier = undefined;
    if (!socket) return;
    silence(socket);
    const end = () => attempt(() => socket.close());
    if (this.#reading) void this.#reading.then(end);
    else end();
  }

  /** Closes although the core can say nothing any more. */
  abandon() {
    this.close();
  }

  #sendInOrder(frame) {
    if (!this.#reading && !(frame instanceof Promise)) return this.#send(frame);
    const reading = Promise.all([frame, this.#reading])
      .then(([data]) => this.#send(data), this.#fail)
      .then(() => {
        if (this.#reading === reading) this.#reading = undefined;
      });
    this.#reading = reading;
  }

  #send(data) {
    if (this.#options.traffic) this.#options.traffic.sent += sizeOf(data);
    try {
      this.#socket.send(data);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** What a transport refuses is lost, and so is the transport. */
  #fail = (error) => {
    if (!this.#closed) this.#owner.handleClosed(this.#id, "failed", 0, undefined, error);
  };
}

function webSocketAddress({ webSocketUrl, webSocketTimestampParam, forceBase64 }, sid) {
  const parameters = { sid, timestamp: webSocketTimestampParam, b64: forceBase64 };
  return withParameters(webSocketUrl, parameters);
}

/** Headers can be given to the WebSockets of servers only; in pages and workers they are left out. */
function construct({ webSocket, webSocketProtocols, extraHeaders }, url) {
  const hasHeaders =
    extraHeaders !== undefined && !("document" in globalThis || "importScripts" in globalThis);
  if (!hasHeaders) {
    // Some classes take `undefined` for a protocol's name.
    return webSocketProtocols === undefined
      ? new webSocket(url)
      : new webSocket(url, webSocketProtocols);
  }
  const headers = extraHeaders;
  // Node's own class takes an object in place of the protocols; all others a third argument.
  return webSocket === globalThis.WebSocket && globalThis.process?.versions?.node
    ? new webSocket(url, { protocols: webSocketProtocols ?? [], headers })
    : new webSocket(url, webSocketProtocols ?? [], { headers });
}

/** Each listener crosses the border once. Events go the short way if there are `names` to look up. */
function listen(socket, owner, id, options) {
  const { names } = options;
  let error;
  socket.onopen = () => owner.handleOpened(id);
  socket.onerror = (event) => (error = event ?? {});
  socket.onclose = (event) =>
    owner.handleClosed(id, error ? "failed" : "closed", 0, undefined, error ?? event);
  socket.onmessage = ({ data }) => {
    if (options.traffic) options.traffic.received += sizeOf(data);
    if (typeof data !== "string") owner.handleBinary(id, data);
    else if (!names || !takeFrame(owner, id, data, names)) owner.handleText(id, data);
  };
}

const sum = (attachments) => attachments.reduce((bytes, one) => bytes + bytesLength(one), 0);

/** The bytes of a frame, without what a transport puts around it. */
const sizeOf = (data) => (typeof data === "string" ? byteLength(data) : bytesLength(data));

function silence(socket) {
  attempt(() => {
    socket.onopen = socket.onmessage = socket.onclose = null;
    // A socket that is closed while it opens reports an error, and Node's `ws` throws it if nobody listens.
    socket.onerror = () => {};
  });
}

/** An application's class may throw where it should not; then it is closed, or nobody can close it. */
function attempt(call) {
  try {
    call();
  } catch {
    // See above.
  }
}

class PollingTransport {
  #options;
  /** Kept: the next attempt may have another address while this one still says goodbye. */
  #url;
  #owner;
  #id;
  #closed = false;
  /** Breaks the running GET off. */
  #get;
  /** The running POST; never rejects. */
  #posting;
  /** The session, when it is known. */
  #sid;

  constructor(options, owner, id) {
    this.#options = options;
    this.#url = options.pollingUrl;
    this.#owner = owner;
    this.#id = id;
  }

  /** Makes a GET; without `sid` it asks for the handshake. */
  async poll(sid) {
    if (!this.#options.fetch) return this.#end("unavailable", 0, undefined, undefined);
    this.#get = new AbortController();
    this.#sid = sid;
    const answer = await this.#exchange("GET", sid, { controller: this.#get });
    this.#get = undefined;
    if (this.#closed) return;
    if (answer.failed) this.#fail(answer);
    else this.#owner.handlePolled(this.#id, answer.text);
  }

  /** Makes a POST of packets: texts, and bytes in any form. */
  async post(sid, packets) {
    this.#posting = this.#exchange("POST", sid, { packets });
    const answer = await this.#posting;
    this.#posting = undefined;
    if (this.#closed) return;
    if (answer.failed) this.#fail(answer);
    else this.#owner.handlePosted(this.#id);
  }

  /** Sends the last packets, a POST for each payload, and stops listening. */
  close(sid, payloads) {
    this.#closed = true;
    this.#options.openTransports?.delete(this);
    void this.#sendLast(sid, payloads);
  }

  /** Closes although the core can say nothing any more, and tells the server. */
  abandon() {
    this.close(this.#sid, this.#sid === undefined ? [] : [[CLOSE]]);
  }

  /**
   * The first POST starts at once if none is under way: the page may be about to go.
   *
   * The GET is broken off only when they are there: a server takes a broken GET for the end of the
   * session, and would refuse them.
   */
  async #sendLast(sid, payloads) {
    if (this.#posting && payloads.length > 0) await this.#posting;
    for (const packets of payloads) {
      const { failed } = await this.#exchange("POST", sid, { packets, isLast: true });
      if (failed) break;
    }
    this.#get?.abort();
  }

  /** Makes a request and reads its answer. Never rejects; starts at once unless a Blob has to be read. */
  async #exchange(method, sid, { controller = new AbortController(), packets, isLast = false }) {
    const { fetch, requestTimeoutMs } = this.#options;
    const abort = () => controller.abort();
    const timer = requestTimeoutMs > 0 ? setTimeout(abort, requestTimeoutMs) : undefined;
    const answer = { method, status: 0, text: "", failed: true, cause: undefined };
    try {
      const payload = packets && encodePayload(packets);
      const body = payload instanceof Promise ? await payload : payload;
      const keepalive = isLast && body.length <= MAX_KEEPALIVE_UNITS;
      this.#count("sent", body);
      const init = { ...this.#request(method, body), keepalive, signal: controller.signal };
      const response = await fetch(this.#address(sid), init);
      answer.status = response.status;
      // An application may have replaced `fetch`; what is no text would throw inside the core.
      answer.text = String(await response.text());
      this.#count("received", answer.text);
      answer.failed = !response.ok || (method === "POST" && !isConfirmation(answer.text));
    } catch (cause) {
      answer.cause = cause;
    }
    clearTimeout(timer);
    return answer;
  }

  /** Somebody may want to know since the request was made. */
  #count(direction, text) {
    const { traffic } = this.#options;
    if (traffic && text !== undefined) traffic[direction] += byteLength(text);
  }

  #request(method, body) {
    const { extraHeaders, withCredentials } = this.#options;
    const headers = new Headers(extraHeaders);
    if (body !== undefined) headers.set("content-type", "text/plain;charset=UTF-8");
    // Cookies of the page's own origin always go along, as they do with a WebSocket: balancers that keep
    // a session on one server depend on them. The official client's `fetch` omits even those.
    const credentials = withCredentials ? "include" : "same-origin";
    return { method, headers, credentials, cache: "no-store", ...(body !== undefined && { body }) };
  }

  #address(sid) {
    const { timestampParam, forceBase64 } = this.#options;
    const b64 = forceBase64 && sid === undefined;
    return withParameters(this.#url, { sid, timestamp: timestampParam, b64 });
  }

  #fail({ method, status, text, cause }) {
    const detail = { method, status, responseText: text, cause };
    if (status === 0 || cause) this.#end("failed", status, undefined, detail);
    else this.#end("http", status, engineIoCode(text), detail);
  }

  #end(kind, status, code, detail) {
    this.#owner.handleClosed(this.#id, kind, status, code, detail);
  }
}

/** Servers say `ok`, some in capitals, some nothing; the page of a proxy between says something else. */
const isConfirmation = (text) => ["ok", ""].includes(text.trim().toLowerCase());

/** The code in the body with which an Engine.IO server refuses a request. */
function engineIoCode(text) {
  try {
    const code = JSON.parse(text)?.code;
    return Number.isInteger(code) && code >= 0 && code <= 255 ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Joins packets to a payload; a promise of it if a Blob has to be read first. */
function encodePayload(packets) {
  const texts = packets.map(encodePacket);
  const join = (all) => all.join(SEPARATOR);
  return texts.some((text) => text instanceof Promise)
    ? Promise.all(texts).then(join)
    : join(texts);
}

/** A text stays what it is, bytes become `b` and base64; a promise of that for a Blob. */
function encodePacket(packet) {
  if (typeof packet === "string") return packet;
  if (packet instanceof Blob) return packet.arrayBuffer().then(encodePacket);
  return `b${encodeBase64(packet)}`;
}

/** Adds to an address what only the request knows. `timestamp` is the name of its parameter. */
function withParameters(url, { sid, timestamp, b64 }) {
  const session = sid === undefined ? "" : `&sid=${encodeURIComponent(sid)}`;
  const time = timestamp ? `&${encodeURIComponent(timestamp)}=${randomText()}` : "";
  return `${url}${session}${time}${b64 ? "&b64=1" : ""}`;
}

/** Eight random characters, so that no cache knows the address. */
const randomText = () => Math.random().toString(36).slice(2, 10).padEnd(8, "0");
