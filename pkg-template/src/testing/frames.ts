/**
 * What a message of a connection is, without decoding it: faults and the log go by it.
 *
 * Source: Engine.IO protocol 4, "Packet encoding"; Socket.IO protocol 5, "Packet encoding".
 */

/** A message of a connection: a text, or an attachment. */
export type Frame = string | Uint8Array;

/** Which way something goes. */
export type Direction = "clientToServer" | "serverToClient";

/** The packets of Engine.IO, and of Socket.IO in its messages, in the words of `sockeye-mock`. */
export type PacketName =
  | ("open" | "close" | "ping" | "pong" | "upgrade" | "noop")
  | ("connect" | "disconnect" | "event" | "ack" | "connectError" | "other");

/** A packet on its way. */
export interface Passage {
  readonly packet: PacketName;
  /** Of packets of Socket.IO. */
  readonly namespace?: string;
  /** Of events. */
  readonly event?: string;
}

/** What is sent as one: a text and the attachments that it announces; or the end of the connection. */
export interface Unit {
  readonly frames: readonly Frame[];
  /** Nothing follows: the sender has closed. */
  readonly isEnd?: boolean;
}

const engineNames: readonly PacketName[] = [
  ...(["open", "close", "ping", "pong", "other", "upgrade", "noop"] as const),
];
const socketNames: readonly PacketName[] = [
  ...(["connect", "disconnect", "event", "ack", "connectError", "event", "ack"] as const),
];

const header = /^4([0-6])(?:(\d+)-)?(?:(\/[^,]*)(?:,|$))?\d*(?:\[("(?:[^"\\]|\\.)*"))?/;

/** Tells what a text is. */
export function describeFrame(frame: Frame | undefined): Passage {
  if (typeof frame !== "string") return { packet: "other" };
  const [, type, , namespace = "/", name] = header.exec(frame) ?? [];
  if (type === undefined) return { packet: engineNames[Number(frame[0])] ?? "other" };
  const packet = socketNames[Number(type)] ?? "other";
  if (packet !== "event" || name === undefined) return { packet, namespace };
  return { packet, namespace, ...eventOf(name) };
}

/** A name in quotes is not always JSON: a peer may send anything. */
function eventOf(name: string): { event: string } | undefined {
  try {
    return { event: JSON.parse(name) as string };
  } catch {
    return undefined;
  }
}

/** Returns how many attachments a text announces. */
export function attachmentsOf(frame: Frame): number {
  if (typeof frame !== "string") return 0;
  const [, count = "0"] = /^4[56](\d+)-/.exec(frame) ?? [];
  return Number(count);
}

/** Returns the bytes of a message, a text in UTF-8. */
export function sizeOf(frame: Frame): number {
  let size = frame.length;
  if (typeof frame !== "string") return size;
  for (const character of frame) {
    const point = character.codePointAt(0) ?? 0;
    // Two units make four bytes, one makes up to three.
    if (point >= 0x80) size += point < 0x800 ? 1 : 2;
  }
  return size;
}

/** Puts texts and the attachments that follow them together, in one direction. */
export class UnitAssembler {
  #frames: Frame[] = [];
  #missing = 0;

  /** Returns what is complete with this frame. A text in the place of an attachment sets free what came before. */
  add(frame: Frame): Unit[] {
    const units: Unit[] = [];
    if (typeof frame === "string" && this.#missing > 0) units.push(...this.rest());
    this.#frames.push(frame);
    this.#missing =
      typeof frame === "string" ? attachmentsOf(frame) : Math.max(0, this.#missing - 1);
    if (this.#missing === 0) units.push(...this.rest());
    return units;
  }

  /** Returns what is left of one that nothing completes. */
  rest(): Unit[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#missing = 0;
    return frames.length > 0 ? [{ frames }] : [];
  }
}
