/**
 * The packets of Socket.IO: texts with a header, JSON, and attachments.
 *
 * Source: Socket.IO protocol 5, "Packet encoding". What it refuses is what the reference server refuses.
 */
import { attachmentsOf, type Frame } from "./frames.js";

/** The packets, by their names in the specification. */
export type PacketType = "connect" | "disconnect" | "event" | "ack" | "connect_error";

/** A packet of a namespace. */
export interface Packet {
  readonly type: PacketType;
  readonly namespace: string;
  /** Of events that want an acknowledgement, and of acknowledgements. */
  readonly id?: number | undefined;
  readonly data?: unknown;
}

const numbers = { connect: 0, disconnect: 1, event: 2, ack: 3, connect_error: 4 } as const;
const types: readonly PacketType[] = [
  ...(["connect", "disconnect", "event", "ack", "connect_error", "event", "ack"] as const),
];
/** What is added to the number of a packet that has attachments. */
const withAttachments = 3;

/** The names of events that only socket.io itself emits. */
const reserved = [
  ...["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"],
];

/** Says whether an event of this name must not be sent. */
export const isReserved = (event: string): boolean => reserved.includes(event);

/** Returns the messages of a packet. */
export function encodePacket({ type, namespace, id, data }: Packet): Frame[] {
  const attachments: Uint8Array[] = [];
  const json = data === undefined ? "" : JSON.stringify(extract(data, attachments));
  const isBinary = attachments.length > 0;
  const number = numbers[type] + (isBinary ? withAttachments : 0);
  const count = isBinary ? `${attachments.length}-` : "";
  const place = namespace === "/" ? "" : `${namespace},`;
  return [`4${number}${count}${place}${id ?? ""}${json}`, ...attachments];
}

/** Puts placeholders in the places of what is binary, in a copy. `toJSON` counts as in `JSON.stringify`. */
function extract(value: unknown, attachments: Uint8Array[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  const bytes = bytesOf(value);
  if (bytes) return { _placeholder: true, num: attachments.push(bytes) - 1 };
  if (Array.isArray(value)) return value.map((item) => extract(item, attachments));
  if ("toJSON" in value && typeof value.toJSON === "function") {
    return extract((value.toJSON as () => unknown)(), attachments);
  }
  const entries = Object.entries(value) as [string, unknown][];
  return Object.fromEntries(entries.map(([key, item]) => [key, extract(item, attachments)]));
}

/** Returns a copy: what is sent does not change afterwards. The buffer may be of another realm. */
export function bytesOf(value: object): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
  }
  const isBuffer = Object.prototype.toString.call(value) === "[object ArrayBuffer]";
  return isBuffer ? new Uint8Array(value as ArrayBuffer).slice() : undefined;
}

/** Puts packets together from the messages of one connection. */
export class Decoder {
  #open: { packet: Packet; missing: number; attachments: Uint8Array[] } | undefined;

  /** Returns the packet that is complete with this message, which has no number of Engine.IO. Throws if it is none. */
  add(frame: Frame): Packet | undefined {
    if (typeof frame !== "string") return this.#addAttachment(frame);
    if (this.#open) throw new Error("got plaintext data when reconstructing a packet");
    const packet = decodeText(frame);
    const missing = attachmentsOf(`4${frame}`);
    if (missing === 0) return packet;
    this.#open = { packet, missing, attachments: [] };
    return undefined;
  }

  #addAttachment(bytes: Uint8Array): Packet | undefined {
    if (!this.#open) throw new Error("got binary data when not reconstructing a packet");
    const { packet, missing, attachments } = this.#open;
    attachments.push(bytes);
    if (attachments.length < missing) return undefined;
    this.#open = undefined;
    return { ...packet, data: fill(packet.data, attachments) };
  }
}

/** More attachments are no event of an honest client: the limit of the reference server. */
const mostAttachments = 10;

function decodeText(text: string): Packet {
  const [all, digit, count, namespace = "/", id] =
    /^(\d)(?:(\d*)-)?(?:(\/[^,]*)(?:,|$))?(\d+)?/.exec(text) ?? [];
  const type = types[Number(digit)];
  if (all === undefined || !type) throw new Error(`unknown packet type ${text[0] ?? ""}`);
  const isBinary = Number(digit) > numbers.connect_error;
  if (isBinary !== (count !== undefined) || count === "") throw new Error("Illegal attachments");
  if (isBinary && (Number(count) === 0 || Number(count) > mostAttachments)) {
    throw new Error("too many attachments");
  }
  const json = text.slice(all.length);
  const data = json === "" ? undefined : (JSON.parse(json) as unknown);
  if (!isValid(type, data)) throw new Error("invalid payload");
  return { type, namespace, data, ...(id !== undefined && { id: Number(id) }) };
}

function isValid(type: PacketType, data: unknown): boolean {
  switch (type) {
    case "connect":
      return data === undefined || isObject(data);
    case "disconnect":
      return data === undefined;
    case "connect_error":
      return typeof data === "string" || isObject(data);
    case "event":
      return data === undefined || (Array.isArray(data) && isEventName(data[0]));
    case "ack":
      return data === undefined || Array.isArray(data);
  }
}

const isObject = (data: unknown) =>
  typeof data === "object" && data !== null && !Array.isArray(data);

const isEventName = (name: unknown) =>
  typeof name === "number" || (typeof name === "string" && !isReserved(name));

function fill(value: unknown, attachments: readonly Uint8Array[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => fill(item, attachments));
  const { _placeholder, num } = value as { _placeholder?: unknown; num?: unknown };
  if (_placeholder === true) return attachmentAt(num, attachments);
  const entries = Object.entries(value) as [string, unknown][];
  return Object.fromEntries(entries.map(([key, item]) => [key, fill(item, attachments)]));
}

/** The reference server takes a fraction, and finds nothing there. */
function attachmentAt(num: unknown, attachments: readonly Uint8Array[]): Uint8Array | undefined {
  if (typeof num !== "number" || num < 0 || num >= attachments.length) {
    throw new Error("illegal attachments");
  }
  const bytes = attachments[num];
  return bytes && asBuffer(bytes);
}

/** A handler gets a `Buffer` where there is one, as from the reference server. */
export function asBuffer(bytes: Uint8Array): Uint8Array {
  const { Buffer } = globalThis as { Buffer?: { from(bytes: Uint8Array): Uint8Array } };
  return Buffer ? Buffer.from(bytes) : bytes;
}
