/** The Engine.IO format: the core's engine on transports of this file, and `engine.io-parser`. */
import assert from "node:assert/strict";
import { encodePacket, encodePayload } from "engine.io-parser";

export const SEPARATOR = "\x1e";
const handshake = { sid: "s", upgrades: [], pingInterval: 1e6, pingTimeout: 1e6, maxPayload: 200 };
export const openPacket = `0${JSON.stringify(handshake)}`;

/** How an engine of the core is set up; each test says how its transports answer. */
const options = {
  webSocketUrl: "ws://test/engine.io/?EIO=4&transport=websocket",
  pollingUrl: "http://test/engine.io/?EIO=4&transport=polling",
  withCredentials: false,
  requestTimeoutMs: 0,
  timestampParam: "",
  webSocketTimestampParam: "",
  forceBase64: false,
  binaryType: "arraybuffer",
  upgrade: false,
  tryAllTransports: false,
  connectTimeoutMs: 0,
  startWithWebSocket: false,
};

/** Opens an engine; returns it, what it is told, and its end if it ends. */
export function open(core, transports) {
  const seen = { messages: [], drained: 0, closed: undefined, onDrained: () => {} };
  const engine = new core.Engine(
    { ...options, ...transports },
    {
      ...{
        opened() {},
        pinged() {},
        upgrading() {},
        upgraded() {},
        upgradeFailed() {},
        flushed() {},
      },
      message: (data) => seen.messages.push(data),
      drained(count) {
        seen.drained += count;
        seen.onDrained();
      },
      closed: (code) => (seen.closed = code),
    },
  );
  engine.reportTo(engine);
  engine.open();
  const close = () => {
    engine.destroy();
    engine.free();
  };
  return { engine, seen, close };
}

/** The server's half of polling: answers GETs when there is something, POSTs at once. */
export class PollingServer {
  bodies = [];
  #answer;
  #waiting;

  fetch = (_url, { method, body }) => {
    if (method === "GET") return new Promise((resolve) => this.#onGet(resolve));
    this.bodies.push(body);
    return Promise.resolve(response("ok"));
  };

  /** Answers the next GET, and waits for the one after it, by which all has been read. */
  async send(payload) {
    await this.sendLast(payload);
    await this.#getIsThere();
  }

  /** Answers the next GET; perhaps there is none after it. */
  async sendLast(payload) {
    await this.#getIsThere();
    this.#answer(response(payload));
    this.#answer = undefined;
  }

  #onGet(resolve) {
    this.#answer = resolve;
    this.#waiting?.();
  }

  #getIsThere() {
    return this.#answer ? undefined : new Promise((resolve) => (this.#waiting = resolve));
  }
}

const response = (text) => ({ ok: true, status: 200, text: () => Promise.resolve(text) });

/** A WebSocket that keeps what is sent. */
function webSocketClass() {
  return class FakeWebSocket {
    static latest;
    sent = [];
    constructor() {
      FakeWebSocket.latest = this;
    }
    send(data) {
      this.sent.push(data);
    }
    close() {}
    /** Takes a frame of the server. */
    take(data) {
      this.onmessage({ data });
    }
  };
}

/** A message: text or binary in one of its forms. */
export function randomData(random) {
  if (random.oneIn(3)) return randomBinary(random);
  return random.text(random.oneIn(10) ? 150 : 20);
}

/** Bytes in one of their forms, some of them parts of larger buffers. */
export function randomBinary(random) {
  const bytes = random.bytes(random.oneIn(10) ? 120 : 12);
  const inner = new Uint8Array(bytes.length + 3);
  inner.set(bytes, 2);
  return random.pick([
    () => bytes,
    () => bytes.buffer,
    () => inner.subarray(2, bytes.length + 2),
    () => new DataView(inner.buffer, 2, bytes.length),
    () => Buffer.from(bytes),
  ])();
}

const toBytes = (data) =>
  data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Binary has many forms, but only its bytes count. */
export const toComparable = (data) => (typeof data === "string" ? data : toBytes(data));

const messagePackets = (messages) => messages.map((data) => ({ type: "message", data }));

export const officialPayload = (messages) => {
  let payload;
  encodePayload(messagePackets(messages), (encoded) => (payload = encoded));
  return payload;
};

const officialFrames = (messages, supportsBinary) => {
  const frames = [];
  const keep = (frame) => frames.push(frame);
  for (const packet of messagePackets(messages)) encodePacket(packet, supportsBinary, keep);
  return frames;
};

/** Messages that the official server encodes arrive as they were. */
export async function receiveOverPolling(core, random, count) {
  const server = new PollingServer();
  const { seen, close } = open(core, { transports: ["polling"], fetch: server.fetch });
  await server.send(openPacket);
  for (let done = 0; done < count;) {
    const messages = [randomData(random), ...random.list(9, () => randomData(random))];
    await server.send(officialPayload(messages));
    assert.deepEqual(seen.messages.map(toComparable), messages.map(toComparable));
    seen.messages.length = 0;
    done += messages.length;
  }
  close();
}

/** What is sent makes the bodies that the official client makes, cut at the same places. */
export async function sendOverPolling(core, random, count) {
  const server = new PollingServer();
  const { engine, seen, close } = open(core, { transports: ["polling"], fetch: server.fetch });
  await server.send(openPacket);
  for (let done = 0; done < count;) {
    const messages = [randomData(random), ...random.list(9, () => randomData(random))];
    const all = new Promise((resolve) => {
      seen.onDrained = () => seen.drained === messages.length && resolve();
    });
    messages.forEach((data) => send(engine, data));
    await all;
    assert.deepEqual(server.bodies, officialBodies(messages));
    server.bodies.length = 0;
    seen.drained = 0;
    done += messages.length;
  }
  close();
}

function send(engine, data) {
  if (typeof data === "string") engine.sendText(data);
  else engine.sendBinary(data);
}

/**
 * The official client posts the first message when it is written, the others in as few posts as
 * possible. It counts binary as 1.33 times its length, which is sometimes too little; here bytes count.
 */
function officialBodies(messages) {
  const [first, ...rest] = officialPayload(messages).split(SEPARATOR);
  const bodies = [first];
  let body;
  for (const packet of rest) {
    const longer = body === undefined ? packet : body + SEPARATOR + packet;
    const fits = body === undefined || Buffer.byteLength(longer) <= handshake.maxPayload;
    if (!fits) bodies.push(body);
    body = fits ? longer : packet;
  }
  return body === undefined ? bodies : [...bodies, body];
}

/** Frames of the official server arrive as they were; what is sent makes the same frames. */
export function exchangeOverWebSocket(core, random, count, forceBase64) {
  const webSocket = webSocketClass();
  const transports = { transports: ["websocket"], webSocket, forceBase64 };
  const { engine, seen, close } = open(core, transports);
  const socket = webSocket.latest;
  socket.onopen();
  socket.take(openPacket);
  for (let done = 0; done < count; done += 1) {
    const data = randomData(random);
    const [frame] = officialFrames([data], !forceBase64);
    send(engine, data);
    assert.deepEqual(toComparable(socket.sent.pop()), toComparable(frame));
    socket.take(typeof frame === "string" ? frame : toBytes(frame).slice().buffer);
    assert.deepEqual(toComparable(seen.messages.pop()), toComparable(data));
  }
  close();
}
